"""Starts `syft-notify` as a user would: a process of its own with a HOME of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO


def environment(home: Path) -> dict[str, str]:
    """A small, clean environment; coverage and the interpreter's own settings stay."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PYTHON", "COVERAGE", "COV_")) or k == "PATH"}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8"}


def syft_notify(
    *args: object,
    home: Path,
    timeout: float = 60,
    stdout: IO[str] | int = subprocess.PIPE,
    preexec_fn: Callable[[], None] | None = None,
    prefix: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, after `preexec_fn` in its process or inside the command `prefix`."""
    return subprocess.run(
        [*prefix, sys.executable, "-m", "syft_notify", *map(str, args)],
        preexec_fn=preexec_fn,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=False,
        cwd=home,
        env=env or environment(home),
    )


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
