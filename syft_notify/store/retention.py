"""Lets go of what the store keeps about things that left Drive and disk long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from syft_notify.domain.model import Inventory
from syft_notify.store.database import Database, moment

# So long a job may be gone and come back, from a backup say, without being told again.
GRACE = timedelta(days=30)
PAUSE = timedelta(days=1)
KEPT_DELIVERIES = 50_000
_PRUNED_AT = "pruned_at"


def is_due(database: Database, now: datetime) -> bool:
    """Whether the last time was long enough ago, or is still to come by a clock that was wrong."""
    last = moment(database.get(_PRUNED_AT))
    return last is None or not last <= now < last + PAUSE


def prune(database: Database, present: Inventory, now: datetime) -> None:
    """Forget files that are gone, subjects that are gone for `GRACE` with all about them, and old deliveries.

    Peers stay, and so do notifications that wait or were given up: only a person takes those out of the outbox. Proofs
    stay: who sent a job is asked again when it comes back.
    """
    with database.transaction():
        database.put(_PRUNED_AT, now)
        database.run("CREATE TEMP TABLE there (id TEXT PRIMARY KEY)")
        database.run("CREATE TEMP TABLE jobs_there (folder, name, mark, PRIMARY KEY (name, mark, folder))")
        for file in present.files:
            database.run("INSERT INTO there VALUES (?)", file)
        for job in present.jobs:
            row = (job.job.folder, job.job.name, job.mark)
            database.run("INSERT INTO jobs_there VALUES (?, ?, ?) ON CONFLICT DO NOTHING", *row)
        database.run("DELETE FROM files WHERE id NOT IN (SELECT id FROM there)")
        database.run(
            """CREATE TEMP VIEW alive AS SELECT s.id FROM subjects s WHERE type NOT IN ('submission', 'message')
            OR EXISTS (SELECT 1 FROM jobs_there j WHERE j.name = s.name AND j.mark = s.mark AND j.folder = s.folder
                AND type = 'submission')
            OR EXISTS (SELECT 1 FROM events e WHERE e.subject = s.id AND (e.file IN (SELECT id FROM there)
                OR EXISTS (SELECT 1 FROM outbox o WHERE o.event = e.id)))"""
        )
        database.run("CREATE TEMP TABLE living AS SELECT id FROM alive")
        database.run(
            "UPDATE subjects SET gone_since = NULL WHERE gone_since IS NOT NULL AND id IN (SELECT id FROM living)"
        )
        database.run(
            """UPDATE subjects SET gone_since = ?1 WHERE (gone_since IS NULL OR gone_since > ?1)
            AND id NOT IN (SELECT id FROM living)""",
            now,
        )
        database.run("DELETE FROM subjects WHERE gone_since <= ?", now - GRACE)
        database.run("DELETE FROM deliveries WHERE id <= (SELECT max(id) FROM deliveries) - ?", KEPT_DELIVERIES)
        database.rows("PRAGMA incremental_vacuum")
        database.run("DROP VIEW alive")
        for table in ("there", "jobs_there", "living"):
            database.run(f"DROP TABLE temp.{table}")
