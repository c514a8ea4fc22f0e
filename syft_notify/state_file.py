"""The state file: the original system's half, our own beside it, every other key kept; and its backup."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from syft_notify.atomic import write_atomically
from syft_notify.errors import ConfigError
from syft_notify.model import Decision, Pause, Pending
from syft_notify.paths import Files

log = logging.getLogger(__name__)

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
    `job` is the submission that it is about, if any; `gone_since`: nothing of that is left on Drive or on disk.
    """

    at: datetime
    decision: Decision
    ds: str = ""
    file: str = ""
    marks: list[Mark] = field(default_factory=list)
    reopened: bool = False
    opaque_since: datetime | None = None
    job: str = ""
    gone_since: datetime | None = None


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

    notified: dict[str, list[str]] = field(default_factory=dict)
    peers: list[str] | None = None
    own: State = field(default_factory=State)
    rest: dict[str, Any] = field(default_factory=dict)
    fresh: bool = True


_NOTIFIED = TypeAdapter(dict[str, list[str]])
_PEERS = TypeAdapter(list[str])
_STATE = TypeAdapter(State)
_DOCUMENT = TypeAdapter(dict[str, Any])


class UntrustedStateError(ConfigError):
    """The file is there, but what it says cannot be what was written."""


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
    document = _read_document(path)
    if document is None:
        return Contents()
    contents = Contents(
        notified=_validated(_NOTIFIED, document, NOTIFIED_KEY, path) or {},
        peers=_validated(_PEERS, document, PEERS_KEY, path),
        own=_validated(_STATE, document, OWN_KEY, path) or State(),
        rest={key: value for key, value in document.items() if key not in (NOTIFIED_KEY, PEERS_KEY, OWN_KEY)},
        fresh=OWN_KEY not in document,
    )
    if contents.own.version > FORMAT:
        raise UntrustedStateError(f"The state file {path} was written by a newer syft-notify", "Update syft-notify")
    return contents


def write_contents(files: Files, contents: Contents) -> None:
    """Replace the file atomically, then its backup. Raises `UserError` when the disk refuses."""
    document = {**contents.rest, NOTIFIED_KEY: contents.notified}
    if contents.peers is not None:
        document[PEERS_KEY] = sorted(contents.peers)
    document[OWN_KEY] = contents.own
    written = _DOCUMENT.dump_json(document, indent=2)
    write_atomically(files.state, written)
    write_atomically(files.backup, written)


def _read_document(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "Check who owns it") from error
    except (ValueError, RecursionError) as error:
        raise UntrustedStateError(f"The state file {path} is not valid JSON") from error
    if not isinstance(document, dict):
        raise UntrustedStateError(f"The state file {path} is not a JSON object")
    return document


def _validated(adapter: TypeAdapter[T], document: Mapping[str, Any], key: str, path: Path) -> T | None:
    if key not in document:
        return None
    try:
        return adapter.validate_python(document[key])
    except ValidationError as error:
        raise UntrustedStateError(f"The state file {path} has an unexpected {key!r}") from error
