"""Lets the system calls of a program answer as those of another file system; Python loads it at its start.

FOLDER_FSYNC and FLOCK name the errors, such as EINVAL; FLOCK_ON names the one file that has no lock. With NO_MODES
new folders are open to all, as on a mount that keeps no modes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from typing import Any

_fsync, _flock = os.fsync, fcntl.flock


def _answer(variable: str) -> None:
    if name := os.environ.get(variable):
        number = int(name) if name.isdigit() else getattr(errno, name)
        raise OSError(number, os.strerror(number))


def fsync(descriptor: int) -> None:
    """As the system's, save for folders."""
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        _answer("FOLDER_FSYNC")
    _fsync(descriptor)


def flock(descriptor: int, operation: int) -> None:
    """As the system's, save for that file."""
    if os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")) == os.environ.get("FLOCK_ON"):
        _answer("FLOCK")
    _flock(descriptor, operation)


os.fsync, fcntl.flock = fsync, flock

if os.environ.get("NO_MODES"):
    _mkdtemp = tempfile.mkdtemp

    def mkdtemp(*args: Any, **options: Any) -> str:
        """As on a mount where every mode is 0777."""
        made: str = _mkdtemp(*args, **options)
        os.chmod(made, 0o777)  # noqa: S103 - that is what it plays
        return made

    tempfile.mkdtemp = mkdtemp
