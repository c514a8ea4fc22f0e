"""Keeps the state on disk: one file replaced once a poll, two journals between, all read again when others wrote."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syft_notify.config.atomic_file import sweep
from syft_notify.config.paths import Files
from syft_notify.domain.errors import UserError
from syft_notify.store.history import Delivery, History
from syft_notify.store.journal import Journal
from syft_notify.store.state_file import Contents, recover_contents, write_contents

log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Attempt:
    """A send that began: after a crash nobody knows whether it arrived."""

    number: int
    id: str
    attempts: int


@dataclass(frozen=True)
class Loaded:
    """The state as the file has it, what the journals add to it, and what was wrong, in words.

    `rebuilt`: only the history could be trusted.
    """

    contents: Contents
    attempts: Sequence[Attempt]
    deliveries: Sequence[Delivery]
    notice: str = ""
    rebuilt: bool = False


class StateStore:
    """The files of one state. The caller holds its lock while it loads, notes and saves."""

    def __init__(self, files: Files, *, dry_run: bool = False) -> None:
        self._files = files
        self._dry_run = dry_run
        self._history = History(files.history)
        self._attempts = Journal(files.attempts)
        self._unwritten: list[Delivery] = []
        self._known: tuple[_Stamp | None, ...] | None = None

    def changed(self) -> bool:
        """Whether the files are not as we last read or wrote them, or could not be written."""
        return self._known is None or self._known != self._stamps()

    def load(self, now: datetime) -> Loaded:
        """Read everything; a spoilt state is set aside for its backup or the history.

        Raises `ConfigError` when the state, and `UserError` when a journal cannot be read.
        """
        if not self._dry_run:
            for path in (self._files.state, self._files.backup):
                sweep(path)
        stamps = self._stamps()
        recovered = recover_contents(self._files, now, dry_run=self._dry_run)
        contents = recovered.contents
        written = list(self._history.deliveries(older=recovered.rebuilt or contents.fresh))
        if contents.fresh and not recovered.rebuilt:
            contents.own.number = max((delivery.number for delivery in written), default=0)
        number = contents.own.number
        loaded = Loaded(
            contents,
            [attempt for attempt in self._begun() if attempt.number > number],
            [delivery for delivery in (*written, *self._unwritten) if delivery.number > number],
            recovered.notice,
            recovered.rebuilt,
        )
        self._known = stamps
        return loaded

    def delivered_since(self, moment: datetime) -> list[tuple[str, datetime]]:
        """Channel and time of the deliveries after `moment`, oldest first, as far as the newest two files go back."""
        return [
            (delivery.channel, delivery.time)
            for delivery in self._history.deliveries(older=True)
            if delivery.time > moment
        ]

    def note_attempt(self, attempt: Attempt) -> None:
        """Write down that a send begins. Raises `UserError`; then it must not begin."""
        self._flush()
        self._attempts.append({"number": attempt.number, "id": attempt.id, "attempts": attempt.attempts})
        self._known = self._stamps()

    def note_delivery(self, delivery: Delivery) -> None:
        """Write down that a channel accepted. Raises `UserError`; then it is kept in memory and tried again."""
        self._unwritten.append(delivery)
        self._flush()

    def save(self, contents: Contents) -> None:
        """Replace the state by one that has everything the journals say.

        Raises `UserError` when the disk refuses, or when a person edited the file since it was read: then it must be
        loaded again.
        """
        if self._dry_run:
            return
        known, self._known = self._known, None
        if known is not None and known[0] != _stamp(self._files.state):
            raise UserError(f"{self._files.state} was edited just now", "It is read again at the next poll")
        self._flush()
        write_contents(self._files, contents)
        self._attempts.clear()
        self._history.rotate()
        self._known = self._stamps()

    def _begun(self) -> list[Attempt]:
        found = []
        for entry in self._attempts.entries():
            number, name, attempts = entry.get("number"), entry.get("id"), entry.get("attempts")
            if isinstance(number, int) and isinstance(name, str) and isinstance(attempts, int):
                found.append(Attempt(number, name, attempts))
        return found

    def _flush(self) -> None:
        while self._unwritten:
            self._history.append(self._unwritten[0])
            del self._unwritten[0]
            if self._known is not None:
                self._known = self._stamps()

    def _stamps(self) -> tuple[_Stamp | None, ...]:
        return tuple(map(_stamp, (self._files.state, self._files.attempts, self._files.history)))


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be seen: {error.strerror}", "Check who owns its folder") from error
    return status.st_mtime_ns, status.st_size, status.st_ino
