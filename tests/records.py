"""What the store of a home says, while a service works on it or after its death."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path

from syft_notify.config.paths import Files
from syft_notify.store.database import opened_to_read
from syft_notify.store.reading import Reader

_ALL = 1_000_000


def records(home: Path) -> dict[str, list[str]]:
    """How the history marks each notification, by its id. One that was recorded and went again stands there twice."""
    found: dict[str, list[str]] = defaultdict(list)
    for delivery in _reader(home).history(_ALL):
        found[delivery.id].append("ambiguous" if delivery.ambiguous else "certain")
    return found


def ambiguous_ids(home: Path) -> set[str]:
    """The notifications that may have gone out twice."""
    return {notification for notification, marks in records(home).items() if "ambiguous" in marks}


def waiting(home: Path) -> list[str]:
    """The notifications in the outbox."""
    return [queued.id for queued in _reader(home).outbox()]


def is_sending(home: Path) -> bool:
    """Whether it is written down that a send begins."""
    with opened_to_read(_files(home).database, nullcontext) as database:
        return database is not None and database.row("SELECT 1 FROM outbox WHERE in_flight") is not None


def _reader(home: Path) -> Reader:
    return Reader(_files(home).database, nullcontext)


def _files(home: Path) -> Files:
    return Files(home / "notification_state.json")
