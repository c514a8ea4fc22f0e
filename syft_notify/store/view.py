"""`notification_state.json`: what the database says was told, in the original system's format, and what people edit."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.regular_files import open_to_read
from syft_notify.domain.addresses import account_of
from syft_notify.domain.errors import ConfigError
from syft_notify.domain.kinds import Kind
from syft_notify.store.database import Database
from syft_notify.store.reset import forget_requests, grow_revision

log = logging.getLogger(__name__)

PEERS_PART = "peers"
NOTIFIED_KEY, PEERS_KEY = "notified_jobs", "peer_snapshot"
_OLD_KEY = "syft_notify"  # of versions that were never released
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Document:
    """What the file says. `peers` is None where the key is not there; `rest` are keys of others."""

    notified: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    peers: tuple[str, ...] | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> set[tuple[str, str]]:
        """The entries of `notified_jobs`, one for each type."""
        return {(key, kind) for key, kinds in self.notified.items() for kind in kinds}


def parse(content: bytes) -> Document:
    """Raises `ValueError` for everything else."""
    try:
        document = json.loads(content.decode("utf-8-sig", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except ValueError as error:
        raise ValueError("is not valid JSON") from error
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")
    notified, peers = document.pop(NOTIFIED_KEY, {}), document.pop(PEERS_KEY, None)
    document.pop(_OLD_KEY, None)
    if not isinstance(notified, dict) or not all(map(_is_texts, notified.values())):
        raise ValueError(f"has an unexpected {NOTIFIED_KEY!r}")
    if peers is not None and not _is_texts(peers):
        raise ValueError(f"has an unexpected {PEERS_KEY!r}")
    kinds = {key: tuple(found) for key, found in notified.items()}
    return Document(kinds, None if peers is None else tuple(peers), document)


def import_view(database: Database, document: Document, digest: str) -> None:
    """Believe what the file says was told: it holds such notifications back, or takes them out of the outbox."""
    number = database.value("SELECT number FROM view")
    for key, kind in sorted(document.marks):
        if database.row("SELECT 1 FROM notified WHERE view_key = ? AND type = ?", key, kind):
            continue
        waits = "SELECT id, event FROM outbox WHERE view_key = ? AND type = ? AND event > 0 ORDER BY place"
        name, event = database.row(waits, key, kind) or ("", 0)
        database.run("INSERT INTO notified VALUES (?, ?, ?, ?, ?)", event, key, kind, number, event == 0)
        database.run("DELETE FROM outbox WHERE id = ?", name)
    holds = not database.row("SELECT 1 FROM first_looks WHERE part = ?", PEERS_PART)
    _add_peers(database, document.peers or (), number, holds=holds)
    database.run("UPDATE view SET last = ?, rest = ?, changes = changes + 1", digest, json.dumps(document.rest))
    database.run("UPDATE view SET showed_peers = ?", document.peers is not None)


class View:
    """The file of one store; the caller holds the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._digest = ""
        self._half_written = False

    def read(self) -> bytes | None:
        """What is in the file; None when it is not there. Raises `ConfigError` when it cannot be read."""
        try:
            self._stamp = stamp(self._path)
            with open_to_read(self._path) as file:
                content = file.read()
        except FileNotFoundError:
            self._stamp, self._digest = None, ""
            return None
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be read: {error.strerror}", "Check who owns it") from error
        self._digest = digest_of_view(content)
        return content

    def take_edits(self, database: Database) -> str:
        """Honour what a person changed in the file since it was written; returns what is wrong with it, in words.

        A file that is no JSON may be half written: it is left alone until it was found so twice, then written again.
        """
        if self._stamp is not None and self._stamp == stamp(self._path) and not self._half_written:
            return ""
        try:
            return self._take_edits(database)
        except BaseException:
            self._stamp = None  # it was not honoured: it is read again
            raise

    def _take_edits(self, database: Database) -> str:
        self._half_written = False
        content = self.read()
        last, intended, unreadable = database.row("SELECT last, intended, unreadable FROM view")
        if content is None or self._digest == last:
            return ""
        if self._digest == intended:
            _complete(database, self._digest)
            return ""
        try:
            document = parse(content)
        except ValueError as error:
            self._half_written = self._digest != unreadable
            database.run("UPDATE view SET unreadable = ?", self._digest)
            return f"{self._path} {error}: it is {'read again later' if self._half_written else 'written again'}"
        with database.transaction():
            _apply(database, document)
            database.run("UPDATE view SET last = ?, unreadable = '', changes = changes + 1", self._digest)
        return ""

    def write(self, database: Database) -> None:
        """Replace the file if the database says something else. Raises `UserError` when the disk refuses.

        What a person wrote into it since it was read stays, and is read at the next poll.
        """
        changes, written, last = database.row("SELECT changes, written, last FROM view")
        if self._half_written or (changes == written and self._digest == last):
            return
        if stamp(self._path) != self._stamp:
            log.info("%s was edited just now: it is read again at the next poll", self._path)
            return
        content = b"".join(_lines(database))
        digest = digest_of_view(content)
        if digest != self._digest:
            database.run("UPDATE view SET intended = ?", digest)
            write_atomically(self._path, content)
            self._stamp, self._digest = stamp(self._path), digest
        _complete(database, digest)


def digest_of_view(content: bytes) -> str:
    """Tells one content of the file from another."""
    return hashlib.sha256(content).hexdigest()


def _complete(database: Database, digest: str) -> None:
    """The file says all that the database says."""
    peers = "EXISTS (SELECT 1 FROM peers) OR EXISTS (SELECT 1 FROM first_looks WHERE part = ?)"
    database.run(
        f"UPDATE view SET number = number + 1, written = changes, last = ?, intended = '', showed_peers = {peers}",  # noqa: S608 - a constant
        digest,
        PEERS_PART,
    )


def _lines(database: Database) -> Iterator[bytes]:
    """The file, one entry a line."""
    rest = json.loads(database.value("SELECT rest FROM view"))
    yield b"{\n"
    for key, value in rest.items():
        yield b"%b: %b,\n" % (_json(key), _json(value))
    yield b"%b: {" % _json(NOTIFIED_KEY)
    between = b"\n"
    marks = database.each("SELECT view_key, type FROM notified ORDER BY view_key, event, type")
    for key, group in groupby(marks, key=lambda mark: mark[0]):
        kinds = b",".join(map(_json, dict.fromkeys(kind for _, kind in group)))
        yield b"%b%b: [%b]" % (between, _json(key), kinds)
        between = b",\n"
    yield b"\n}"
    peers = [address for (address,) in database.rows("SELECT address FROM peers ORDER BY address")]
    if peers or database.row("SELECT 1 FROM first_looks WHERE part = ?", PEERS_PART):
        yield b",\n%b: %b" % (_json(PEERS_KEY), _json(peers))
    yield b"\n}\n"


def _apply(database: Database, document: Document) -> None:
    """Only what a completed view showed can have been removed from it."""
    number, showed_peers = database.row("SELECT number, showed_peers FROM view")
    marks, known = document.marks, set()
    for event, key, kind, since in database.rows("SELECT event, view_key, type, since FROM notified"):
        known.add((key, kind))
        if (key, kind) in marks or since > number:
            continue
        log.info("%r was removed from %r: it is told again", kind, key)
        database.run("DELETE FROM notified WHERE event = ? AND view_key = ? AND type = ?", event, key, kind)
        granted = Kind.PEER_GRANTED
        if database.run("UPDATE events SET reopened = 1 WHERE id = ? AND kind <> ?", event, granted):
            database.run("DELETE FROM files WHERE id = (SELECT file FROM events WHERE id = ?)", event)
    for key, kind in sorted(marks - known):
        database.run("INSERT INTO notified VALUES (0, ?, ?, ?, 1)", key, kind, number)
    if document.peers is None and showed_peers:
        log.info("%s was removed: open peer requests are announced again", PEERS_KEY)
        forget_requests(database)
    for address, since in database.rows("SELECT address, since FROM peers"):
        if since <= number and address not in (document.peers or ()):
            database.run("DELETE FROM peers WHERE address = ?", address)
    _add_peers(database, document.peers or (), number, holds=False)
    database.run("UPDATE view SET rest = ?", json.dumps(document.rest))
    grow_revision(database)


def _add_peers(database: Database, addresses: tuple[str, ...], since: int, *, holds: bool) -> None:
    for address in addresses:
        row = (address, account_of(address), since, holds)
        database.run("INSERT INTO peers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", *row)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a name from a disk or from JSON that is no Unicode
        return json.dumps(value).encode()


def stamp(path: Path) -> Stamp | None:
    """Changes with every change of a file; None when it is not there. Raises `ConfigError` when it cannot be seen."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be seen: {error.strerror}", "Check who owns its folder") from error
    return status.st_mtime_ns, status.st_size, status.st_ino
