"""Replaces a file so that no reader and no crash ever sees a part of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from syft_notify.errors import UserError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, mode 0600: a reader sees the old file or the new one, never a part.

    What a symbolic link points to is replaced, not the link. Raises `UserError` when the disk refuses.
    """
    path = path.resolve()
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "Make room and check who owns the folder"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
