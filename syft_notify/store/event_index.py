"""Answers what would otherwise need a look at every event that was ever admitted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.store.state_file import EventRecord


class EventIndex:
    """Which of `events` have a key that begins in some way, and which wait for their name."""

    def __init__(self, events: Mapping[str, EventRecord]) -> None:
        """Of events that come later it must be told; when some are gone, a new one is needed."""
        self._events = events
        self._keys = sorted(events)
        self._opaque = [key for key, record in events.items() if record.unidentified_since is not None]

    def add(self, key: str) -> None:
        """An event came, or its record is another one."""
        at = bisect_left(self._keys, key)
        if self._keys[at : at + 1] != [key]:
            self._keys.insert(at, key)
        if self._events[key].unidentified_since is not None and key not in self._opaque:
            self._opaque.append(key)

    def beginning_with(self, beginning: str) -> Iterator[str]:
        """The keys that begin so."""
        at = bisect_left(self._keys, beginning)
        while at < len(self._keys) and self._keys[at].startswith(beginning):
            yield self._keys[at]
            at += 1

    def unidentified(self) -> Sequence[UnidentifiedRecord]:
        """The events that were told without their name and that nothing completed yet, in the order of admission."""
        waiting = [(key, self._events[key]) for key in self._opaque]
        return [
            UnidentifiedRecord(key, record.ds, since) for key, record in waiting if (since := record.unidentified_since)
        ]
