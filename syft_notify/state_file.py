"""The format of the state file: the original system's half, our own beside it, and every other key kept as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from syft_notify.atomic import write_atomically
from syft_notify.errors import ConfigError
from syft_notify.model import Decision, Pending

FORMAT = 1
NOTIFIED_KEY = "notified_jobs"
PEERS_KEY = "peer_snapshot"
OWN_KEY = "syft_notify"

Mark = tuple[str, str]
T = TypeVar("T")


@dataclass
class EventRecord:
    """What the ledger keeps of an event. `marks` are the entries of `notified_jobs` that stand for it.

    `reopened`: a person removed some of these marks, so the event is told again (for the removed ones only).
    `file`: the remote file that told it, to be read again then.
    `opaque_since`: sent at this time and announced without its name, waiting for a job to complete it.
    """

    at: datetime
    decision: Decision
    ds: str = ""
    file: str = ""
    marks: list[Mark] = field(default_factory=list)
    reopened: bool = False
    opaque_since: datetime | None = None


@dataclass
class ThreadRecord:
    """A conversation that has begun; `remote_id` is the channel's own id of it."""

    remote_id: str = ""


@dataclass
class State:
    """Our own part of the state file. `closed_channels` says until when a channel is left alone."""

    version: int = FORMAT
    started: dict[str, datetime] = field(default_factory=dict)
    events: dict[str, EventRecord] = field(default_factory=dict)
    files: dict[str, datetime] = field(default_factory=dict)
    outbox: dict[str, Pending] = field(default_factory=dict)
    threads: dict[str, ThreadRecord] = field(default_factory=dict)
    closed_channels: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Contents:
    """The whole file. `peers` is None where a file without `peer_snapshot` is meant; `rest` are keys of others."""

    notified: dict[str, list[str]]
    peers: list[str] | None
    own: State
    rest: dict[str, Any]


_NOTIFIED = TypeAdapter(dict[str, list[str]])
_PEERS = TypeAdapter(list[str])
_STATE = TypeAdapter(State)
_DOCUMENT = TypeAdapter(dict[str, Any])


def read_contents(path: Path) -> Contents:
    """Read the file; an absent one is empty. Raises `ConfigError` when it cannot be trusted."""
    document = _read_document(path)
    contents = Contents(
        notified=_validated(_NOTIFIED, document, NOTIFIED_KEY, path) or {},
        peers=_validated(_PEERS, document, PEERS_KEY, path),
        own=_validated(_STATE, document, OWN_KEY, path) or State(),
        rest={key: value for key, value in document.items() if key not in (NOTIFIED_KEY, PEERS_KEY, OWN_KEY)},
    )
    if contents.own.version > FORMAT:
        raise ConfigError(f"{path} was written by a newer syft-notify", "Update this one")
    return contents


def write_contents(path: Path, contents: Contents) -> None:
    """Replace the file atomically. Raises `UserError` when the disk refuses."""
    document = {**contents.rest, NOTIFIED_KEY: contents.notified}
    if contents.peers is not None:
        document[PEERS_KEY] = sorted(contents.peers)
    document[OWN_KEY] = contents.own
    write_atomically(path, _DOCUMENT.dump_json(document, indent=2))


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "Check who owns it") from error
    except (ValueError, RecursionError) as error:
        raise _untrusted(path, "is not valid JSON") from error
    if not isinstance(document, dict):
        raise _untrusted(path, "is not a JSON object")
    return document


def _validated(adapter: TypeAdapter[T], document: Mapping[str, Any], key: str, path: Path) -> T | None:
    if key not in document:
        return None
    try:
        return adapter.validate_python(document[key])
    except ValidationError as error:
        raise _untrusted(path, f"has an unexpected {key!r}") from error


def _untrusted(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"The state file {path} {why}",
        "Restore it from a backup, or move it away to start afresh (what still waits is announced again)",
    )
