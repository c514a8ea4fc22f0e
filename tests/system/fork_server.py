"""A process that has loaded the program and forks a copy of itself for each command: a start costs milliseconds."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# What no command of the program needs, but for the demo and the notebook.
_LEFT_OUT = ("syft_notify.demo", "syft_notify.sandbox", "syft_notify.__main__", "syft_notify.notebook")
_LARGEST_REQUEST = 1 << 18


class ForkServer:
    """Runs commands of the program in processes of their own, each forked from one that has loaded everything."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._requests, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", __file__, str(served.fileno())]
        # A session of its own: a Ctrl+C that is meant for the tests must not end it.
        self._process = subprocess.Popen(command, pass_fds=[served.fileno()], env=environ, start_new_session=True)
        served.close()

    def run(
        self,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        stdout: int,
        stderr: int,
        timeout: float,
    ) -> int:
        """The exit code of a command in this folder, as `subprocess` gives it; a negative one is a signal's.

        Raises `subprocess.TimeoutExpired` after `timeout` seconds; then the command was killed.
        """
        answers, answering = os.pipe()
        request = json.dumps({"arguments": arguments, "environ": dict(environ), "folder": str(folder)}).encode()
        socket.send_fds(self._requests, [request], [stdout, stderr, answering])
        os.close(answering)
        with open(answers, "rb", buffering=0) as answer:
            (pid,) = struct.unpack("i", answer.read(4))
            if not select.select([answer], [], [], timeout)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), timeout)
            (status,) = struct.unpack("i", answer.read(4))
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """End the server; what it forked goes on."""
        self._requests.close()
        self._process.wait(10)


def _load() -> None:
    package = importlib.import_module("syft_notify")
    for module in pkgutil.walk_packages(package.__path__, "syft_notify."):
        if not module.name.startswith(_LEFT_OUT):
            importlib.import_module(module.name)
    for module_name in (
        "daemon.daemon",
        "lockfile.pidlockfile",
        "googleapiclient.discovery",
        "rich.live",
        "rich.table",
    ):
        importlib.import_module(module_name)
    gc.freeze()


def _serve(requests: socket.socket) -> bool:
    """Fork for each request; returns True in a process that is to run the program, False when there are no more."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, _LARGEST_REQUEST, 3)
        if not request:
            return False
        if os.fork() == 0 and _attend(json.loads(request), *descriptors):
            requests.close()
            return True
        for descriptor in descriptors:
            os.close(descriptor)


def _attend(request: dict[str, object], stdout: int, stderr: int, answering: int) -> bool:
    """Fork the program's process and tell how it ended; returns, with True, in that process alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(answering)
        _become(request, stdout, stderr)
        return True
    for descriptor in (stdout, stderr):
        os.close(descriptor)
    os.write(answering, struct.pack("i", pid))
    os.write(answering, struct.pack("i", os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(request: dict[str, object], stdout: int, stderr: int) -> None:
    """Take on the streams, the folder, the environment and the arguments of the command."""
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (stdout, 1), (stderr, 2)):
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environ"])  # type: ignore[call-overload]
    sys.argv[1:] = request["arguments"]  # type: ignore[call-overload]


if __name__ == "__main__":
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the attendants are not waited for
    if _serve(socket.socket(fileno=int(sys.argv[1]))):
        runpy.run_module("syft_notify", run_name="__main__", alter_sys=True)
