"""Replaces a file so that no reader and no crash ever sees a part of it."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from syft_notify.config.regular_files import check_regular
from syft_notify.domain.errors import UserError

_OLD_SECONDS = 3600
# CIFS, vboxsf and some FUSE say EINVAL, which is Linux's own answer for a file system that has no such call; other
# systems say EBADF (Dovecot and PostgreSQL ignore both), and what lies between may say that it has none.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_RANDOM_LETTERS = 8  # what `tempfile` adds to a name


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, as `write_pieces_atomically`."""
    write_pieces_atomically(path, [content])


def write_pieces_atomically(path: Path, pieces: Iterable[bytes]) -> None:
    """Replace `path` by the pieces, mode 0600: a reader sees the old file or the new one, never a part.

    What a symbolic link points to is replaced, not the link. Raises `UserError` when the disk refuses, `ConfigError`
    for what is no regular file.
    """
    path = Path(os.path.realpath(path))
    check_regular(path)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "Make room and check who owns the folder"
        ) from error


def sweep(path: Path) -> None:
    """Remove what a crash left of earlier writes of `path`; what another process writes just now is too young."""
    path = Path(os.path.realpath(path))
    with contextlib.suppress(OSError):
        for leftover in path.parent.glob(f".{glob.escape(path.name)}.{'?' * _RANDOM_LETTERS}"):
            if leftover.stat().st_mtime < time.time() - _OLD_SECONDS:
                leftover.unlink()


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder, where its file system can say so.

    Elsewhere the names are as safe as that file system makes them, and the file is already in its place: no failure.
    Raises `OSError` for what a disk says that cannot keep them, such as EIO and ENOSPC.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # a folder may be written but not read
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)
