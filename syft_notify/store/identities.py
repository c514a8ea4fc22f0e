"""Finds the rows of identities. A submission that was told as unproven and is proven later stays the same row."""

from __future__ import annotations

from collections.abc import Sequence

from syft_notify.domain.addresses import account_of
from syft_notify.domain.ids import EventId, JobId, MessageId, PeerId, Subject, SubmissionId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event
from syft_notify.store.database import Database

_Columns = tuple[str, str, str, str, str]

# `?5` is a sender: their own row or, before there is one, the unproven one that names them.
_SUBJECT = """SELECT id FROM subjects WHERE type = ?1 AND folder = ?2 AND name = ?3 AND mark = ?4
    AND (sender = ?5 OR sender = '' AND claimed = ?5 AND type = 'submission') ORDER BY sender DESC LIMIT 1"""
_EVENT = f"SELECT id, reopened FROM events WHERE kind = ?6 AND run = ?7 AND subject = ({_SUBJECT})"  # noqa: S608 - constants
_RUNS = f"SELECT run FROM events WHERE NOT reopened AND kind = ?6 AND subject = ({_SUBJECT})"  # noqa: S608 - constants

_CANDIDATES = """SELECT sender FROM proofs WHERE name = ?1 AND mark = ?2 AND folder = ?3
    UNION SELECT sender FROM subjects WHERE name = ?1 AND mark = ?2 AND folder = ?3 AND type = 'submission'
    AND sender != '' AND EXISTS (SELECT 1 FROM events WHERE subject = subjects.id) ORDER BY sender DESC"""
_TOLD = """SELECT mark, sender FROM subjects JOIN events ON subject = subjects.id
    WHERE name = ?1 AND folder = ?2 AND type = 'submission' AND kind = ?3 ORDER BY events.id"""
_CONTENTS = f"SELECT code FROM events WHERE code != '' AND kind IN (?6, ?7) AND subject = ({_SUBJECT})"  # noqa: S608
_APPROVED = """SELECT 1 FROM subjects JOIN events ON subject = subjects.id
    WHERE type = 'submission' AND sender = ?1 AND kind = ?2 LIMIT 1"""


def event_row(database: Database, event: EventId) -> tuple[int, bool] | None:
    """The event's number, and whether a person wants to be told of it again; None for one that never was."""
    row = database.row(_EVENT, *_columns(event.about), event.kind, event.run)
    return (row[0], bool(row[1])) if row else None


def runs(database: Database, about: SubmissionId, kind: Kind) -> Sequence[str]:
    """The finished runs of a submission that were told."""
    return [run for (run,) in database.rows(_RUNS, *_columns(about), kind)]


def candidates(database: Database, job: JobId, mark: str) -> Sequence[str]:
    """Who was proven to have sent a message with this job and mark, or was told of as its sender.

    '' stands for those of whom Drive says nothing.
    """
    rows = database.rows(_CANDIDATES, job.name, mark, job.folder)
    return [sender for (sender,) in rows]


def submissions(database: Database, job: JobId) -> Sequence[SubmissionId]:
    """The submissions of a job that were told, the newest last."""
    rows = database.rows(_TOLD, job.name, job.folder, Kind.JOB_SUBMITTED)
    return [SubmissionId(job, mark, sender) for mark, sender in rows]


def contents(database: Database, about: SubmissionId) -> Sequence[str]:
    """Digests of the code with which a submission was told, and of every change of it."""
    rows = database.rows(_CONTENTS, *_columns(about), Kind.JOB_SUBMITTED, Kind.JOB_CHANGED)
    return [code for (code,) in rows]


def approved(database: Database, account: str) -> bool:
    """Whether the owner was seen to approve a job of this account."""
    return database.row(_APPROVED, account, Kind.JOB_APPROVED) is not None


def granted(database: Database) -> frozenset[str]:
    """The accounts of those whose request was seen to be granted."""
    peers = "SELECT name FROM subjects JOIN events ON subject = subjects.id WHERE type = 'peer' AND kind = ?"
    return frozenset(account for (account,) in database.rows(peers, Kind.PEER_GRANTED))


def subject_row(database: Database, about: Subject) -> int | None:
    """The number of what was once told about; None for what never was."""
    number: int | None = database.value(_SUBJECT, *_columns(about))
    return number


def keep_subject(database: Database, event: Event) -> int:
    """The number of what an event is about, from now on; a proof updates the row of the unproven submission."""
    about = event.id.about
    found = subject_row(database, about)
    if isinstance(about, SubmissionId) and event.file and event.kind is Kind.JOB_SUBMITTED:  # nothing else proves
        if about.sender:
            found = _prove(database, about, event.file, found)
        row = (about.job.name, about.mark, about.job.folder, about.sender, event.file)
        database.run("INSERT INTO proofs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", *row)
    if found is not None:
        return found
    return database.insert(
        "INSERT INTO subjects (type, folder, name, mark, sender, claimed) VALUES (?, ?, ?, ?, ?, ?)",
        *_columns(about),
        _claimed(event),
    )


def _prove(database: Database, about: SubmissionId, file: str, found: int | None) -> int | None:
    """The row that is the sender's now: their own, the one that names them, or the one that the same file told."""
    job = (about.job.name, about.mark, about.job.folder)
    same_file = "name = ? AND mark = ? AND folder = ? AND sender = '' AND file = ?"
    if database.run(f"DELETE FROM proofs WHERE {same_file}", *job, file) and found is None:  # noqa: S608 - a constant
        found = database.value(
            """SELECT id FROM subjects
            WHERE name = ? AND mark = ? AND folder = ? AND sender = '' AND type = 'submission'""",
            *job,
        )
    if found is not None:
        database.run("UPDATE subjects SET sender = ? WHERE id = ? AND sender = ''", about.sender, found)
    return found


def _claimed(event: Event) -> str:
    """Whom the path of an unproven job on disk names; of a message whose job nobody knows, its proven sender.

    An unproven message names nobody: whoever is proven to have sent another one with this job and mark is told of it.
    """
    about, facts = event.id.about, event.facts
    names = isinstance(about, SubmissionId) and not about.sender and not event.file
    return account_of(facts.ds) if names or (isinstance(about, MessageId) and facts.verified) else ""


def _columns(about: Subject) -> _Columns:
    if isinstance(about, SubmissionId):
        return "submission", about.job.folder, about.job.name, about.mark, about.sender
    if isinstance(about, MessageId):
        return "message", "", about.file, "", ""
    return _peer_type(about), "", about.account, "", ""


def _peer_type(peer: PeerId) -> str:
    return "peer" if peer.proven else "unproven peer"
