"""One process at a time on one state: a lock of the kernel, which no crash can leave behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syft_notify.errors import UserError


@contextmanager
def state_lock(path: Path) -> Iterator[None]:
    """Hold the lock at `path`. Raises `UserError` naming the process that holds it already."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserError(f"{path} cannot be opened: {error.strerror}", "Check who owns its folder") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise UserError(
                f"Another syft-notify (PID {holder}) works on {path.with_suffix('.json').name} in {path.parent}",
                "Stop it first, or use another config",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
