"""The state file: the original system's half, our own beside it, every other key kept; and its backup."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from syft_notify.config.atomic_file import write_atomically, write_pieces_atomically
from syft_notify.config.paths import Files
from syft_notify.config.regular_files import open_to_read
from syft_notify.domain.errors import ConfigError
from syft_notify.domain.model import Decision, Pause, Pending
from syft_notify.store.large_json import JsonReader, NoObjectError

log = logging.getLogger(__name__)

FORMAT = 1
NOTIFIED_KEY = "notified_jobs"
PEERS_KEY = "peer_snapshot"
OWN_KEY = "syft_notify"

Mark = tuple[str, str]
T = TypeVar("T")
_MARKS = TypeAdapter(tuple[Mark, ...])


def _flat(marks: object) -> tuple[str, ...]:
    """Raises `ValueError` for what are no marks."""
    return tuple(chain.from_iterable(_MARKS.validate_python(marks)))


def _pairs(texts: tuple[str, ...]) -> tuple[Mark, ...]:
    return tuple(zip(texts[::2], texts[1::2], strict=True))


# In memory the keys and kinds stand in one row: pairs would need twice as much, and there are many.
_Flat = Annotated[tuple[str, ...], BeforeValidator(_flat), PlainSerializer(_pairs)]


@dataclass(slots=True)
class EventRecord:
    """What the ledger keeps of an event. The entries of `notified_jobs` that stand for it are its `marks`; see `told`.

    `reopened`: a person removed some of these, so the event is told again (for the removed ones only).
    `file`: the remote file that told it, to be read again then.
    `unidentified_since`: sent at this time and announced without its name, waiting for a job to complete it.
    `job` is the submission that it is about, if any; `gone_since`: nothing of that is left on Drive or on disk.
    """

    at: datetime
    decision: Decision
    ds: str = ""
    file: str = ""
    marks: _Flat = ()
    reopened: bool = False
    unidentified_since: datetime | None = None
    job: str = ""
    gone_since: datetime | None = None

    @property
    def told(self) -> tuple[Mark, ...]:
        """The entries of `notified_jobs` that stand for it."""
        return _pairs(self.marks)

    @told.setter
    def told(self, marks: Iterable[Mark]) -> None:
        self.marks = tuple(chain.from_iterable(marks))


@dataclass
class ThreadRecord:
    """A conversation that has begun; `remote_id` is the channel's own id of it."""

    remote_id: str = ""


@dataclass
class ConsentRecord:
    """A person's consent, by the fingerprint of its token, and since when it is in use."""

    fingerprint: str
    since: datetime


@dataclass
class State:
    """Our own part of the state file.

    `owner` is whose state it is. `number` is that of the last line of the journals that is contained.
    `closed_channels` says how long a channel is left alone; `pruned_at` when old records were last looked for.
    `consents` says of each token file since when the consent in it is in use.
    """

    version: int = FORMAT
    owner: str = ""
    number: int = 0
    started: dict[str, datetime] = field(default_factory=dict)
    events: dict[str, EventRecord] = field(default_factory=dict)
    files: dict[str, datetime] = field(default_factory=dict)
    outbox: dict[str, Pending] = field(default_factory=dict)
    threads: dict[str, ThreadRecord] = field(default_factory=dict)
    closed_channels: dict[str, Pause] = field(default_factory=dict)
    pruned_at: datetime | None = None
    consents: dict[str, ConsentRecord] = field(default_factory=dict)


@dataclass
class Contents:
    """The whole file. `peers` is None where a file without `peer_snapshot` is meant; `rest` are keys of others.

    `fresh`: nothing of our own was there, because it is the first start, the original's file, or somebody wants that.
    """

    notified: dict[str, tuple[str, ...]] = field(default_factory=dict)
    peers: list[str] | None = None
    own: State = field(default_factory=State)
    rest: dict[str, Any] = field(default_factory=dict)
    fresh: bool = True


# What may be large is read and written entry by entry: the adapters are of one value.
_KINDS = TypeAdapter(tuple[str, ...])
_PEERS = TypeAdapter(list[str])
_STATE = TypeAdapter(State)
_ENTRIES: Mapping[str, TypeAdapter[Any]] = {
    "events": TypeAdapter(EventRecord),
    "files": TypeAdapter(datetime),
    "outbox": TypeAdapter(Pending),
    "threads": TypeAdapter(ThreadRecord),
}


class UntrustedStateError(ConfigError):
    """The file is there, but what it says cannot be what was written."""


class _UnexpectedError(ValueError):
    """This key has another value than what is written there."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Recovered:
    """The contents, and what went wrong with the file. `rebuilt`: no file could be trusted, so the history must do."""

    contents: Contents
    notice: str = ""
    rebuilt: bool = False


def recover_contents(files: Files, now: datetime, *, dry_run: bool = False) -> Recovered:
    """Read the state, or its backup if the state is spoilt; a spoilt file is kept aside, except in a dry run.

    It also stays where it is until it is replaced: were it gone after a crash, everything would begin afresh.
    An absent file is an empty state: somebody wants to start afresh. Raises `ConfigError` when it cannot be read.
    """
    try:
        return Recovered(read_contents(files.state))
    except UntrustedStateError as error:
        log.error("%s", error.title)
        kept = "" if dry_run else f". It was set aside as {_set_aside(files.state, now)}"
        notice = f"{error.title}{kept}"
    try:
        if files.backup.exists():
            return Recovered(read_contents(files.backup), f"{notice}, and its backup is used")
    except UntrustedStateError as error:
        log.error("%s", error.title)
    return Recovered(Contents(), f"{notice}, and the history is used", rebuilt=True)


def _set_aside(path: Path, now: datetime) -> str:
    """Copy a spoilt file once; returns the name of the copy. Raises `UserError` when the disk refuses."""
    content = path.read_bytes()
    for former in path.parent.glob(f"{path.name}.spoilt-*"):
        if former.read_bytes() == content:
            return former.name
    aside = path.with_name(f"{path.name}.spoilt-{now:%Y%m%d-%H%M%S}")
    write_atomically(aside, content)
    return aside.name


def read_contents(path: Path) -> Contents:
    """Read the file; an absent one is empty.

    Raises `UntrustedStateError` when it cannot be trusted, `ConfigError` when it cannot be read.
    """
    try:
        with TextIOWrapper(open_to_read(path), encoding="utf-8-sig", errors="surrogatepass") as file:
            contents = _contents(JsonReader(file))
    except FileNotFoundError:
        return Contents()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "Check who owns it") from error
    except _UnexpectedError as error:
        raise UntrustedStateError(f"The state file {path} has an unexpected {error.key!r}") from error
    except NoObjectError as error:
        raise UntrustedStateError(f"The state file {path} is not a JSON object") from error
    except (ValueError, RecursionError) as error:
        raise UntrustedStateError(f"The state file {path} is not valid JSON") from error
    if contents.own.version > FORMAT:
        raise UntrustedStateError(f"The state file {path} was written by a newer syft-notify", "Update syft-notify")
    return contents


def _contents(reader: JsonReader) -> Contents:
    """Raises `ValueError` and `RecursionError`."""
    contents, only = Contents(), _Only()
    for key in reader.members():
        try:
            _take(key, reader, contents, only)
        except (ValidationError, NoObjectError) as error:
            raise _UnexpectedError(key) from error
    reader.end()
    return contents


def _take(key: str, reader: JsonReader, contents: Contents, only: _Only) -> None:
    if key == NOTIFIED_KEY:
        contents.notified = dict(_entries(reader, _KINDS, only.told))
    elif key == PEERS_KEY:
        contents.peers = _PEERS.validate_python(reader.value())
    elif key == OWN_KEY:
        contents.own, contents.fresh = _state(reader, only), False
    else:
        contents.rest[key] = reader.value()


def _state(reader: JsonReader, only: _Only) -> State:
    entries, small = {}, {}
    for key in reader.members():
        if key in _ENTRIES:
            entries[key] = dict(_entries(reader, _ENTRIES[key], only.ways.get(key)))
        else:
            small[key] = reader.value()
    state = _STATE.validate_python(small)
    for key, found in entries.items():
        setattr(state, key, found)
    return state


class _Only:
    """Lets what is equal be one object: of most texts in a state there are several."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}
        self.ways: Mapping[str, Callable[[str, Any], tuple[str, Any]]] = {"events": self.event, "files": self.file}

    def _of(self, value: T) -> T:
        known: T = self._known.setdefault(value, value)
        return known

    def told(self, key: str, kinds: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """An entry of `notified_jobs`."""
        return self._of(key), self._of(tuple(map(self._of, kinds)))

    def file(self, key: str, at: datetime) -> tuple[str, datetime]:
        """A file that was dealt with."""
        return self._of(key), self._of(at)

    def event(self, key: str, record: EventRecord) -> tuple[str, EventRecord]:
        """An event and its key."""
        record.at, record.ds, record.job = self._of(record.at), self._of(record.ds), self._of(record.job)
        record.marks = tuple(map(self._of, record.marks))
        return key, record


def _entries(
    reader: JsonReader, adapter: TypeAdapter[Any], shared: Callable[[str, Any], tuple[str, Any]] | None = None
) -> Iterator[tuple[str, Any]]:
    for key in reader.members():
        value = adapter.validate_python(reader.value())
        yield shared(key, value) if shared else (key, value)


def write_contents(files: Files, contents: Contents) -> None:
    """Replace the file atomically, then its backup. Raises `UserError` when the disk refuses."""
    write_pieces_atomically(files.state, _pieces(contents))
    write_pieces_atomically(files.backup, _pieces(contents))


def _pieces(contents: Contents) -> Iterator[bytes]:
    """The file, one entry a line."""
    yield b"{\n"
    for key, value in contents.rest.items():
        yield b"%b: %b,\n" % (_json(key), _json(value))
    yield b"%b: " % _json(NOTIFIED_KEY)
    yield from _entry_lines(contents.notified, _KINDS)
    if contents.peers is not None:
        yield b",\n%b: %b" % (_json(PEERS_KEY), _json(sorted(contents.peers)))
    own = _STATE.dump_python(contents.own, mode="json", exclude={*_ENTRIES})
    yield b",\n%b: {\n" % _json(OWN_KEY)
    for key, value in own.items():
        yield b"%b: %b,\n" % (_json(key), _json(value))
    for number, (key, adapter) in enumerate(_ENTRIES.items()):
        yield b"%b%b: " % (b",\n" if number else b"", _json(key))
        yield from _entry_lines(getattr(contents.own, key), adapter)
    yield b"\n}\n}\n"


def _entry_lines(entries: Mapping[str, Any], adapter: TypeAdapter[Any]) -> Iterator[bytes]:
    """An object with one entry a line, each without what is as usual."""
    yield b"{"
    between = b"\n"
    for key, value in entries.items():
        yield between + _json(key) + b": " + adapter.dump_json(value, exclude_defaults=True)
        between = b",\n"
    yield b"\n}"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
