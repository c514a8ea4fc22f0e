"""A file of JSON lines that only grows: each line is on disk before the next step; one torn by a crash never was."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from syft_notify.config.atomic_file import sync_folder
from syft_notify.config.regular_files import open_regular
from syft_notify.domain.errors import UserError

LARGEST_LINE = 1_000_000


class Journal:
    """One such file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one line and wait until the disk has it. Raises `UserError` when it refuses; then nothing changed.

        Raises `ConfigError` for what is no regular file.
        """
        line = json.dumps(entry, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"
        try:
            descriptor = open_regular(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            try:
                self._write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be written: {error.strerror}", "Make room and check who owns the folder"
            ) from error

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """All whole lines, oldest first. Raises `UserError` when the file cannot be read.

        Raises `ConfigError` for what is no regular file.
        """
        try:
            with open(open_regular(self.path, os.O_RDONLY), "rb") as file:
                while line := file.readline(LARGEST_LINE):
                    with contextlib.suppress(ValueError, RecursionError):
                        entry = json.loads(line)
                        if isinstance(entry, dict):
                            yield entry
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error.strerror}", "Check who owns it") from error

    def clear(self) -> None:
        """Forget all lines. One that stays because the disk refuses must do no harm to the reader."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _write(self, descriptor: int, line: bytes) -> None:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        try:
            written = os.write(descriptor, line)
            if written < len(line):
                raise OSError(0, "the disk took only a part")
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        if not size:
            sync_folder(self.path.parent)
