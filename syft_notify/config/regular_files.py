"""Regular files only: says what stands at a path, and opens files without following links or waiting for pipes."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from syft_notify.domain.errors import ConfigError

NOTHING = ""
REGULAR_FILE = "a regular file"
FOLDER = "a folder"
LINK = "a symbolic link"
DEVICE = "a device"
_KINDS = {
    stat.S_IFREG: REGULAR_FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFCHR: DEVICE,
    stat.S_IFBLK: DEVICE,
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def kind_of(path: Path) -> str:
    """What stands at `path`, in words; `NOTHING` also where that cannot be seen. A link is not followed."""
    try:
        return _KINDS.get(stat.S_IFMT(os.lstat(path).st_mode), "no file")
    except OSError:
        return NOTHING


def check_regular(path: Path) -> None:
    """Raise `ConfigError` for anything but a regular file or nothing: root could replace a device."""
    kind = kind_of(path)
    if kind not in (REGULAR_FILE, NOTHING):
        raise ConfigError(f"{path} is {kind}, not a regular file", "It is left as it is: move it away")


def open_regular(path: Path, flags: int) -> int:
    """Open a file of ours, a new one with mode 0600, and return its descriptor.

    A symbolic link is not followed: whoever made it could have us write to any file. A pipe is not waited for.
    Raises `ConfigError` for what is no regular file, `OSError` as `os.open`.
    """
    check_regular(path)
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)


def remove_file(path: Path) -> None:
    """Remove a file of ours, or a symbolic link in its place; what else stands there stays. Raises `OSError`."""
    if kind_of(path) in (REGULAR_FILE, LINK):
        path.unlink(missing_ok=True)


def open_to_read(path: Path) -> BinaryIO:
    """Open a file that a person named or may have replaced. A symbolic link is followed; a pipe is not waited for.

    Raises `OSError` as `open`, and for what is no regular file.
    """
    return open(path, "rb", opener=_open_without_waiting)


def _open_without_waiting(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    kind = _KINDS.get(stat.S_IFMT(os.fstat(descriptor).st_mode), "no file")
    if kind not in (REGULAR_FILE, FOLDER):  # `open` itself refuses a folder
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"Is {kind}, not a regular file", path)
    return descriptor
