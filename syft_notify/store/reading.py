"""What commands show. Each takes all it needs and closes the database before anything is printed.

A command that prints into a pager with the database open would keep the service from committing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syft_notify.domain.ids import JobId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision
from syft_notify.domain.notifications import PendingState, Queued
from syft_notify.store.database import Exclusive, copy_of, opened_to_read
from syft_notify.store.queue import queued
from syft_notify.store.recovery import OWNER

_VERDICTS = (Kind.JOB_APPROVED, Kind.JOB_EXECUTED, Kind.JOB_FAILED, Kind.JOB_REJECTED)


@dataclass(frozen=True)
class Delivery:
    """One notification that a channel accepted; `marks` are the entries of the view of which it told.

    `ambiguous`: an earlier attempt may have arrived too.
    """

    time: datetime
    kind: str
    to: str
    channel: str
    id: str
    marks: tuple[tuple[str, str], ...]
    ambiguous: bool = False
    message_id: str = ""
    thread_id: str = ""


@dataclass(frozen=True)
class WaitingJob:
    """A submission of which the owner was told and that they did not decide yet; `sender` is empty where unproven."""

    job: JobId
    sender: str
    since: datetime


@dataclass(frozen=True)
class Counts:
    """How many notifications wait, were tried in vain, may have gone out twice, or were given up."""

    pending: int = 0
    undelivered: int = 0
    ambiguous: int = 0
    dead: int = 0


class Reader:
    """Answers from the database at `path`; without one there is nothing. It never makes, migrates or keeps it open.

    `exclusive` takes the store's lock, and is used only where the file system has no locks of SQLite's kind. Each
    method raises `ConfigError` and `UserError` as opening does.
    """

    def __init__(self, path: Path, exclusive: Exclusive) -> None:
        self._path = path
        self._exclusive = exclusive

    def history(self, count: int) -> Sequence[Delivery]:
        """The last deliveries, the newest last."""
        with opened_to_read(self._path, self._exclusive) as database:
            rows = database.rows(
                """SELECT at, kind, recipient, channel, notification, marks, ambiguous, message_id, thread_id
                FROM deliveries ORDER BY id DESC LIMIT ?""",
                count,
            ) if database else []  # fmt: skip
        return [_delivery(*row) for row in reversed(rows)]

    def outbox(self) -> Sequence[Queued]:
        """What waits or was given up, in the order of admission."""
        with opened_to_read(self._path, self._exclusive) as database:
            return list(queued(database)) if database else []

    def waiting(self) -> Sequence[WaitingJob]:
        """The submissions that wait for the owner's decision and are still there, the oldest first."""
        with opened_to_read(self._path, self._exclusive) as database:
            rows = database.rows(
                f"""SELECT folder, name, sender, at FROM events JOIN subjects ON subjects.id = subject
                WHERE kind = ? AND decision IN (?, ?) AND type = 'submission' AND gone_since IS NULL AND NOT EXISTS (
                    SELECT 1 FROM events later WHERE later.subject = events.subject
                    AND later.kind IN ({','.join('?' * len(_VERDICTS))}))
                ORDER BY events.id""",  # noqa: S608 - a constant
                *(Kind.JOB_SUBMITTED, Decision.SEND, Decision.COMPLETED, *_VERDICTS),
            ) if database else []  # fmt: skip
        return [
            WaitingJob(JobId(folder, name), sender, datetime.fromisoformat(at)) for folder, name, sender, at in rows
        ]

    def counts(self) -> Counts:
        """For the status."""
        with opened_to_read(self._path, self._exclusive) as database:
            if database is None:
                return Counts()
            rows = database.rows("SELECT state, last_fault <> '' FROM outbox WHERE digest IS NULL")
        waiting = [(state, tried) for state, tried in rows if PendingState(state).is_open]
        ambiguous = sum(state == PendingState.AMBIGUOUS for state, _ in waiting)
        dead = sum(state == PendingState.DEAD for state, _ in rows)
        return Counts(len(waiting), sum(tried for _, tried in waiting), ambiguous, dead)

    def checked_owner(self) -> str:
        """Whose memory it is, when all of it was read; empty without one. Raises `DamagedError`."""
        with opened_to_read(self._path, self._exclusive) as database:
            if database is None:
                return ""
            database.check()
            return str(database.get(OWNER) or "")

    def copy_to(self, path: Path) -> bool:
        """Replace `path` by a whole copy, also while a service runs; returns whether there was anything to copy."""
        with opened_to_read(self._path, self._exclusive) as database:
            if database is not None:
                copy_of(database, path)
        return database is not None


def _delivery(
    at: str, kind: str, to: str, channel: str, name: str, marks: str, ambiguous: int, message: str, thread: str
) -> Delivery:
    told = tuple((key, kind) for key, kind in json.loads(marks))
    return Delivery(datetime.fromisoformat(at), kind, to, channel, name, told, bool(ambiguous), message, thread)
