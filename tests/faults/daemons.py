"""Starts many services fast: one process that has loaded the program forks each of them, to be killed at will."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.program import environment

# Loads all that a service needs, then forks one for each line it reads: `run`, in the foreground, as an own process.
NURSERY = """
import os, signal, sys
import syft_notify.channels.gmail, syft_notify.daemon.service, syft_notify.cli.watch
from syft_notify.cli import main
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0); os.dup2(log, 1); os.dup2(log, 2)
        sys.stdout = open(1, "w", closefd=False)
        sys.stderr = open(2, "w", closefd=False)
        code = 70
        # Gmail's limit of a minute would make minutes of this.
        syft_notify.channels.gmail.LARGEST_MINUTE = 1_000_000
        try:
            sys.argv[1:] = ["run", "-c", sys.argv[1], "--interval", "1"]
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            os._exit(code or 0)
    print(pid, flush=True)
"""


class Daemons:
    """One nursery and at most one living service."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        """Start a service; returns its PID."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    @contextmanager
    def running(self) -> Iterator[int]:
        """A service that is killed at the end, at whatever it does just then."""
        pid = self.start()
        try:
            yield pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def nursery(config: Path, log: Path) -> Iterator[Daemons]:
    """Services of one config, which write what they print into `log`."""
    command = [sys.executable, "-c", NURSERY, str(config), str(log)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(config.parent)
    ) as process:
        yield Daemons(process)
