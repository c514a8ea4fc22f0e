"""What waits, without its texts: commands that list it need not load what reads those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import Pause, PendingState, Queued
from syft_notify.store.database import Database, moment

_PORTION = 500
SMALL = """id, channel, recipient, role, kind, template, cause, subject, admitted_at, state, attempts, pause_since,
    pause_until, last_fault, view_key, type"""


def queued(database: Database) -> Iterator[Queued]:
    """What waits or was given up, in the order of admission; between two of them anything may be changed."""
    after, portion = (-1, ""), _PORTION
    while portion == _PORTION:
        rows = database.rows(
            f"SELECT place, {SMALL} FROM outbox WHERE digest IS NULL AND (place, id) > (?, ?)"  # noqa: S608 - a constant
            f" ORDER BY place, id LIMIT {_PORTION}",
            *after,
        )
        for row in rows:
            after = row[0], row[1]
            yield queued_of(database, row[1:])
        portion = len(rows)


def queued_of(database: Database, row: Sequence[Any]) -> Queued:
    """A row of the columns `SMALL`."""
    name, channel, recipient, role, kind, template, cause, subject, admitted, state, attempts, since, until, *rest = row
    fault, key, mark = rest
    subjects = [(recipient, subject)]
    if subject is None:
        subjects = database.rows("SELECT recipient, subject FROM outbox WHERE digest = ?", name)
    begun, end = moment(since), moment(until)
    return Queued(
        id=name,
        channel=channel,
        recipient=recipient,
        role=Role(role),
        kind=Kind(kind),
        template=template,
        cause=cause,
        conversations=frozenset(f"{about} {to}" for to, about in subjects),
        admitted_at=datetime.fromisoformat(admitted),
        state=PendingState(state),
        attempts=attempts,
        pause=Pause(begun, end) if begun and end else None,
        last_fault=fault,
        mark=(key, mark),
        members=0 if subject is not None else len(subjects),
    )
