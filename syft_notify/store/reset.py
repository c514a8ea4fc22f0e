"""What a person wants to hear again is forgotten: events go, proofs of who sent what stay."""

from __future__ import annotations

from collections.abc import Iterable

from syft_notify.domain.kinds import Kind
from syft_notify.store.database import Database

DRIVE_PART, LOCAL_PART = "drive", "local"
REVISION = "revision"


def forget_job(database: Database, name: str) -> int:
    """Let everything about the jobs of this name, or with this key of the view, be told again.

    Returns how many events.
    """
    events = database.rows(
        """SELECT events.id FROM events JOIN subjects ON subjects.id = subject
        WHERE type = 'submission' AND (name = ?1 OR folder || '/' || name = ?1)
        OR type = 'message' AND 'message:' || name = ?1""",
        name,
    )
    with database.transaction():
        database.run("DELETE FROM notified WHERE event = 0 AND view_key = ?", name)
        return _forget(database, events)


def forget_jobs(database: Database) -> int:
    """Forget all jobs, as before the first look: what still waits is told again, what is settled stays quiet."""
    with database.transaction():
        database.run("DELETE FROM files")
        database.run("DELETE FROM first_looks WHERE part IN (?, ?)", DRIVE_PART, LOCAL_PART)
        database.run("DELETE FROM first_looks WHERE substr(part, 1, 6) = 'local '")
        jobs = "SELECT id FROM subjects WHERE type IN ('submission', 'message')"
        return _forget(database, database.rows(f"SELECT id FROM events WHERE subject IN ({jobs})"))  # noqa: S608


def forget_requests(database: Database) -> int:
    """Let open peer requests be told again; returns how many were forgotten.

    Peers who were granted stay so: nobody who works here for long is told that they were accepted.
    """
    return _forget(database, database.rows("SELECT id FROM events WHERE kind = ?", Kind.PEER_REQUESTED))


def grow_revision(database: Database, *, beyond: int = 0) -> None:
    """Something may be forgotten: all must be compared again."""
    database.put(REVISION, max(database.get(REVISION) or 0, beyond) + 1)


def _forget(database: Database, events: Iterable[tuple[int]]) -> int:
    """With an event go its marks, what waits of it, and that its message was dealt with."""
    count = 0
    with database.transaction():
        for (event,) in events:
            database.run("DELETE FROM files WHERE id = (SELECT file FROM events WHERE id = ?)", event)
            count += database.run("DELETE FROM events WHERE id = ?", event)
        grow_revision(database)
    return count
