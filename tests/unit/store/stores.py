"""Short ways to open a store as a process that begins a poll, and to play what a poll does with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from syft_notify.config.paths import Files
from syft_notify.domain.digest import digest
from syft_notify.domain.model import Event
from syft_notify.domain.notifications import Queued
from syft_notify.store.reading import Reader
from syft_notify.store.store import Store
from tests.unit.makers import DO, NOW, looked, routed, sent


@contextmanager
def opened(path: Path, now: datetime = NOW, **options: Any) -> Iterator[Store]:
    """As a process that polls, which writes the view at the end."""
    store = Store(Files(path), DO, **options)
    store.refresh(now)
    try:
        yield store
        store.write_view()
    finally:
        store.close()


def admit(store: Store, *events: Event, parts: Iterable[str] = (), files: tuple[str, ...] = ()) -> list[Any]:
    """The decisions about these events."""
    observation = looked(*parts, files=files)
    return [admission.decision for admission in store.admit(observation, map(routed, events), NOW)]


def deliver(store: Store) -> list[str]:
    """Send all that waits; returns the types that went out."""
    types = []
    for queued in store.pending():
        store.attempt(queued.id)
        store.settle(queued.id, sent())
        types.append(queued.mark[1])
    return types


def waiting(store: Store) -> list[Queued]:
    return list(store.pending())


def reader(path: Path) -> Reader:
    return Reader(Files(path).database, nullcontext)


def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """A person edits the file."""
    content = document(path)
    change(content)
    path.write_text(json.dumps(content))


def fold(store: Store, count: int) -> str:
    """Let a digest stand for the first notifications that wait; returns its id."""
    ids = [queued.id for queued in waiting(store)[:count]]
    made = digest(ids, [store.load(name).notification for name in ids])
    store.fold(made, ids, NOW)
    return made.id
