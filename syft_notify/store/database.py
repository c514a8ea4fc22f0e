"""The SQLite file: opened, asked, changed, copied. The only module that imports sqlite3.

The journal is truncated, not deleted: nothing syncs the folder after a deletion, so that a power loss could bring back
what was already sent. It is no WAL: the shared memory of that does not work on network and FUSE file systems.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from syft_notify.config.atomic_file import sync_folder
from syft_notify.config.regular_files import NOTHING, check_regular, kind_of
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.store import schema

Value = str | bytes | int | datetime | None
Exclusive = Callable[[], AbstractContextManager[object]]

# A job then changes a few KB, not a few times ten: each page is written twice.
_PAGE_BYTES = 1024
# Another process commits within milliseconds, unless its disk is slow.
_BUSY_SECONDS = 15.0
# What file systems without POSIX locks say. 524 is Linux's own ENOTSUPP, which some let through to programs.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, 524}
_ESCAPED = re.compile(r"\\(?:\\|u(d[89a-f][0-9a-f]{2}))")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REFUSED = {
    sqlite3.SQLITE_FULL: "No space left on device",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PERM: "Permission denied",
    sqlite3.SQLITE_IOERR: "Input/output error",
}


class DamagedError(UserError):
    """The file is there, but is no database, or not all of it can be read."""


class Database:
    """One connection, for one thread at a time, closed before the process forks.

    Nothing else in the process may open the file: closing it elsewhere would drop SQLite's locks. Each method raises
    `DamagedError`, and `UserError` for the disk's no.
    """

    def __init__(self, name: str, path: Path) -> None:
        """`name` is what SQLite opens, `path` what people know."""
        self.path = path
        self.damaged = False
        with self._translated():
            self._connection = sqlite3.connect(
                name, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        self._connection.text_factory = _original

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """What was not committed is undone."""
        self._connection.close()

    def rows(self, sql: str, *values: Value) -> list[Any]:
        """All rows of the answer."""
        with self._translated():
            return self._executed(sql, values).fetchall()

    def each(self, sql: str, *values: Value) -> Iterator[Any]:
        """The rows of the answer one by one; until the last one was taken, nothing may be changed."""
        with self._translated():
            yield from self._executed(sql, values)

    def row(self, sql: str, *values: Value) -> Any:
        """The first row of the answer, or None."""
        with self._translated():
            return self._executed(sql, values).fetchone()

    def value(self, sql: str, *values: Value) -> Any:
        """The first value of the answer, or None."""
        row = self.row(sql, *values)
        return row[0] if row else None

    def run(self, sql: str, *values: Value) -> int:
        """Change something; returns how many rows."""
        with self._translated():
            return self._executed(sql, values).rowcount

    def insert(self, sql: str, *values: Value) -> int:
        """Add a row; returns its number."""
        with self._translated():
            return self._executed(sql, values).lastrowid or 0

    def _executed(self, sql: str, values: Sequence[Value]) -> sqlite3.Cursor:
        """`?1` is a name for Python: from 3.14 on it takes no value of a sequence."""
        stored = list(map(_stored, values))
        if "?1" in sql:
            return self._connection.execute(sql, {str(number): value for number, value in enumerate(stored, 1)})
        return self._connection.execute(sql, stored)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is on disk at its end, or, when anything is raised, nothing of it. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have done it already
                self._connection.execute("ROLLBACK")
            raise

    @property
    def changes(self) -> int:
        """How many rows were changed by this connection."""
        return self._connection.total_changes

    def get(self, key: str) -> Any:
        """A single value that is kept under a name; None when it never was."""
        return self.value("SELECT value FROM meta WHERE key = ?", key)

    def put(self, key: str, value: Value) -> None:
        """Keep a single value under a name."""
        self.run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", key, value)

    def check(self) -> None:
        """Read all of it once. Raises `DamagedError`."""
        found = self.value("PRAGMA integrity_check(1)")
        if found != "ok":
            self.damaged = True
            raise DamagedError(f"{self.path} is damaged: {found.splitlines()[-1]}")

    def copy_into(self, other: Database) -> None:
        """Make the other one equal to this one, whatever it holds."""
        with self._translated(), other._translated():
            self._connection.backup(other._connection)

    def migrate(self) -> None:
        """Bring the tables to what this version knows; each step is whole or not there."""
        for number in range(self.value("PRAGMA user_version"), len(schema.MIGRATIONS)):
            with self.transaction():
                for statement in schema.MIGRATIONS[number]:
                    self.run(statement)
                self.run(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                self.run(f"PRAGMA user_version = {number + 1}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLite's errors become ours; mistakes in our statements stay what they are."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED:
                self.damaged = True
                raise DamagedError(f"{self.path} is damaged: {error}") from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise UserError(
                    f"{self.path} is in use by another process", "Try again; if it stays, look for what has it open"
                ) from error
            if code in _REFUSED:
                raise UserError(
                    f"{self.path} cannot be written: {_REFUSED[code]}", "Make room and check who owns the folder"
                ) from error
            raise


def moment(text: str | None) -> datetime | None:
    """A time as the database keeps it."""
    return datetime.fromisoformat(text) if text else None


@cache
def has_locks(folder: Path) -> bool:
    """Whether the file system of a folder has the locks by which processes keep out of each other's transactions.

    It is asked once: an idle poll leaves the disk alone.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True


def open_existing(path: Path, *, migrate: bool = False) -> Database:
    """Open our database; an older one is migrated or refused.

    Where there are no POSIX locks, the caller must hold a lock of its own until it is closed. Raises `DamagedError`,
    `ConfigError` for what another program or a newer version made, `UserError` for an older one.
    """
    check_regular(path)
    locks = "" if has_locks(path.parent) else "&nolock=1"
    database = Database(f"file:{quote(os.fsencode(path.absolute()))}?mode=rw{locks}", path)
    try:
        for pragma in ("foreign_keys = ON", "temp_store = MEMORY", "journal_mode = TRUNCATE", "synchronous = FULL"):
            database.rows(f"PRAGMA {pragma}")
        _check_version(database, migrate=migrate)
        if migrate:
            database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def in_memory(path: Path) -> Database:
    """An empty database that is gone when it is closed."""
    database = Database("file::memory:", path)
    database.run("PRAGMA foreign_keys = ON")
    return database


def open_copy(path: Path) -> Database:
    """Open a copy that nobody changes, for reading. Raises as `open_existing`."""
    check_regular(path)
    database = Database(f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1", path)
    try:
        database.check()
        _check_version(database, migrate=True)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def opened_to_read(path: Path, exclusive: Exclusive) -> Iterator[Database | None]:
    """The database as it is, also after a crash; None when there is none. Take all from it before anything is printed.

    `exclusive` gives our own lock, which is held only where there are no others. Raises as `open_existing`.
    """
    if kind_of(path) == NOTHING:
        yield None
        return
    with nullcontext() if has_locks(path.parent) else exclusive(), open_existing(path) as database:
        yield database


@contextmanager
def replacing(path: Path) -> Iterator[Database]:
    """An empty database that takes the place of the one at `path` at the end of the block, whole and checked.

    Nobody may have that one open. Raises `UserError`; then the old one stays.
    """
    check_regular(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
        try:
            # Nobody else knows it yet, and some file systems have no locks.
            with Database(f"file:{quote(os.fsencode(name))}?mode=rw&nolock=1", path) as database:
                for pragma in (f"page_size = {_PAGE_BYTES}", "auto_vacuum = INCREMENTAL", "journal_mode = MEMORY"):
                    database.rows(f"PRAGMA {pragma}")
                database.run("PRAGMA foreign_keys = ON")
                yield database
                database.check()
            _put_in_place(Path(name), path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "Make room and check who owns the folder"
        ) from error


def copy_of(database: Database, path: Path) -> None:
    """Replace `path` by a whole copy of the database as it is now. Raises `UserError`; then the old one stays."""
    with replacing(path) as copy:
        database.copy_into(copy)


def journal_of(path: Path) -> Path:
    """Where SQLite keeps what a transaction changed until it is committed."""
    return path.with_name(f"{path.name}-journal")


def _put_in_place(temporary: Path, path: Path) -> None:
    """A journal that is still there belongs to another database, and would be played back into this one."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    journal_of(path).unlink(missing_ok=True)
    os.replace(temporary, path)
    sync_folder(path.parent)


def _check_version(database: Database, *, migrate: bool) -> None:
    found, newest = database.value("PRAGMA user_version"), len(schema.MIGRATIONS)
    if database.value("PRAGMA application_id") != schema.APPLICATION_ID:
        if database.value("SELECT count(*) FROM sqlite_master") == 0:
            raise DamagedError(f"{database.path} is empty")
        raise ConfigError(f"{database.path} is a database of another program", "Set another state_path")
    if found > newest:
        raise ConfigError(f"{database.path} was written by a newer syft-notify", "Update syft-notify")
    if found < newest and not migrate:
        raise UserError(f"{database.path} was written by an older syft-notify", "Run `syft-notify restart`")


def _stored(value: Value) -> Value:
    """Texts from outside may hold what is no Unicode: it is escaped, and so is the backslash, so that none is lost."""
    if isinstance(value, str):
        return value.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode()
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC).isoformat()
        except OverflowError:  # in the first or the last hours that there are
            return value.replace(tzinfo=UTC).isoformat()
    return value


def _original(stored: bytes) -> str:
    text = stored.decode(errors="replace")
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text) if "\\" in text else text
