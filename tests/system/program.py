"""Starts `syft-notify` as a user would: a process of its own with a HOME of its own."""

from __future__ import annotations

import atexit
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from tests.system.fork_server import ForkServer


def environment(home: Path) -> dict[str, str]:
    """A small, clean environment; coverage and the interpreter's own settings stay."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PYTHON", "COVERAGE", "COV_")) or k == "PATH"}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8"}


def syft_notify(
    *args: object,
    home: Path,
    timeout: float = 60,
    stdout: IO[str] | None = None,
    preexec_fn: Callable[[], None] | None = None,
    prefix: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, after `preexec_fn` in its process or inside the command `prefix`.

    Without these two and with the usual environment it is forked from a process that has loaded it, which is faster.
    """
    words = [str(arg) for arg in args]
    if not (preexec_fn or prefix or env):
        return _forked(words, home, timeout, stdout)
    return subprocess.run(
        [*prefix, sys.executable, "-m", "syft_notify", *words],
        preexec_fn=preexec_fn,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=False,
        cwd=home,
        env=env or environment(home),
    )


@functools.cache
def _fork_server() -> ForkServer:
    server = ForkServer(environment(Path("/nonexistent")))
    atexit.register(server.close)
    return server


def _forked(words: list[str], home: Path, timeout: float, stdout: IO[str] | None) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run`: also waits until nobody holds the pipes of the outputs any more."""
    server = _fork_server()
    pipes = [os.pipe(), os.pipe()]
    with ThreadPoolExecutor(len(pipes)) as threads:
        outputs = [threads.submit(_text, reading) for reading, _ in pipes]
        writing = [stdout.fileno() if stdout else pipes[0][1], pipes[1][1]]
        try:
            code = server.run(words, environment(home), home, *writing, timeout)
        finally:
            for _, end in pipes:
                os.close(end)
        said, errors = (output.result(timeout) for output in outputs)
    return subprocess.CompletedProcess(words, code, None if stdout else said, errors)


def _text(reading: int) -> str:
    with open(reading) as pipe:
        return pipe.read()


def started(*args: object, home: Path) -> subprocess.Popen[str]:
    """Start the program and let it run; its two outputs come together."""
    return subprocess.Popen(
        [sys.executable, "-m", "syft_notify", *map(str, args)],
        preexec_fn=heed_interrupts,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=home,
        env=environment(home),
    )


def heed_interrupts() -> None:
    """A shell that starts the tests in the background lets them, and all that they start, ignore Ctrl+C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that the program does. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not happen within {seconds} s")
        time.sleep(0.01)
