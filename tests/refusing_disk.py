"""A disk that takes so many writes of our program in this process, and then none."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from typing import Any

import pytest

_READS = ("SELECT", "PRAGMA", "BEGIN", "ROLLBACK")


class Disk:
    """Takes `room` more writes and then none; None is room enough. Counts those that it `refused`."""

    def __init__(self) -> None:
        self.room: int | None = None
        self.refused = 0

    def takes(self) -> bool:
        """Whether one more write is taken."""
        if self.room == 0:
            self.refused += 1
            return False
        if self.room is not None:
            self.room -= 1
        return True

    def attach(self, patches: pytest.MonkeyPatch) -> None:
        """From now on our files lie on this disk: those that are replaced, and the database."""
        calls = _WithDisk(os, self, "write", "fsync", "replace", "ftruncate", "unlink")
        files = _WithDisk(tempfile, self, "mkstemp")
        for module in ("config.atomic_file", "store.database", "store.recovery"):
            patches.setattr(f"syft_notify.{module}.os", calls)
        for module in ("config.atomic_file", "store.database"):
            patches.setattr(f"syft_notify.{module}.tempfile", files)
        self._attach_database(patches)

    def _attach_database(self, patches: pytest.MonkeyPatch) -> None:
        """SQLite writes when it commits, and after each statement outside of a transaction."""
        disk, connect = self, sqlite3.connect

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
                writes = sql == "COMMIT" or not (self.in_transaction or sql.startswith(_READS))
                if writes and not disk.takes():
                    error = sqlite3.OperationalError("database or disk is full")
                    error.sqlite_errorcode = sqlite3.SQLITE_FULL
                    raise error
                return super().execute(sql, *more)

        def connected(*args: Any, **options: Any) -> sqlite3.Connection:
            return connect(*args, **options, factory=Connection)

        patches.setattr("syft_notify.store.database.sqlite3.connect", connected)


class _WithDisk:
    """A module whose writing functions meet the disk."""

    def __init__(self, module: Any, disk: Disk, *names: str) -> None:
        self._module = module
        for name in names:
            setattr(self, name, self._metered(disk, getattr(module, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    @staticmethod
    def _metered(disk: Disk, call: Any) -> Any:
        def metered(*args: Any, **options: Any) -> Any:
            if not disk.takes():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*args, **options)

        return metered
