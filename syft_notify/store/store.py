"""What the pipeline asks of its memory and says to it: what was seen, what waits, what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syft_notify.config.paths import Files
from syft_notify.domain.addresses import account_of
from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.ids import EventId, JobId, MessageId, SubmissionId
from syft_notify.domain.jobs import Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, JobFacts, Observation, PeerFacts
from syft_notify.domain.notifications import Notification
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.store import identities, recovery, reset
from syft_notify.store.database import DamagedError
from syft_notify.store.outbox import ADD_MARK, Outbox
from syft_notify.store.payload import dump_preview
from syft_notify.store.reset import DRIVE_PART, LOCAL_PART, REVISION
from syft_notify.store.retention import is_due, prune
from syft_notify.store.view import PEERS_PART, Stamp, View, stamp

_PEER_TYPES = tuple(row.type for kind, entry in CATALOGUE.items() if kind.is_about_peer for row in entry.rows)
_OF_PEERS = f"type IN ({','.join('?' * len(_PEER_TYPES))})"
_EVENT = "SELECT id, reopened FROM events WHERE subject = ? AND kind = ? AND run = ?"
_HELD = "event = 0 AND view_key = ? AND type = ? AND holds"


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of one event that was offered: the decision and the notifications that went to the outbox."""

    event: Event
    decision: Decision
    notifications: tuple[Notification, ...] = ()


class Store(Outbox):
    """The memory of one owner. `refresh` opens it, `release` closes it; between the two the caller holds its lock.

    Every step is one transaction, and each method raises `UserError` when the disk refuses: then nothing changed.
    Nothing else in the process opens the database meanwhile, and the process does not fork.
    """

    def __init__(self, files: Files, owner: str, *, migrate: bool = True, dry_run: bool = False) -> None:
        """`owner` is the DO whose memory it is. `migrate`: what polls brings older tables up to date, a command never.

        A dry run works on a copy in memory.
        """
        super().__init__()
        self._files = files
        self._owner = owner
        self._migrate = migrate
        self._dry_run = dry_run
        self._view = View(files.state)
        self._checked = False
        self._left: Stamp | None = None
        self._changed = True
        self._copied_changes = 0
        self.revision = 0
        """Grows when something that was remembered may be forgotten: then all must be compared again."""

    # The files.

    def refresh(self, now: datetime) -> str:
        """Open the database as it is now, replace it if it is gone or damaged, and honour what a person edited.

        Returns what was wrong, in words. Raises `ConfigError` when it belongs to another owner or another program.
        """
        if self._dry_run and self._open is not None:
            return ""
        self.close()
        try:
            return self._refreshed(now)
        except DamagedError:  # found in a part that opening does not read: now all of it is read
            self.close()
            return self._refreshed(now)

    def _refreshed(self, now: datetime) -> str:
        opening = recovery.Opening(self._files, self._owner, self._view, self.revision, self._migrate, self._dry_run)
        self._open, notice = opening.open(now, check=not self._checked)
        self._checked = True
        try:
            self._compare_anew()
            self._settle_late()
            self._doubt()
            edited = self._view.take_edits(self.database)
            self.revision = self.database.get(REVISION)
        except BaseException:
            self.close()
            raise
        return " ".join(filter(None, (notice, edited)))

    def _compare_anew(self) -> None:
        """What another process wrote meanwhile may be an older copy that somebody restored, which knows less."""
        if self._left is not None and self._left != stamp(self._files.database):
            reset.grow_revision(self.database, beyond=self.revision)

    def release(self) -> None:
        """Let others have it until the next `refresh`; what a dry run found stays known."""
        if not self._dry_run:
            self.close()

    def close(self) -> None:
        """Let go of it."""
        database, self._open = self._open, None
        if database is not None:
            self._changed = self._changed or database.changes > self._copied_changes
            self._copied_changes = 0
            self._checked = self._checked and not database.damaged
            with database:
                self._left = stamp(self._files.database)

    def write_view(self) -> None:
        """Write the file that people read, if it says something else. Raises `UserError`; then it is written later."""
        if not self._dry_run:
            self._view.write(self.database)

    def copy(self, now: datetime, *, at_once: bool = False) -> None:
        """Keep a copy should the database be damaged, at most once an hour unless `at_once`, if anything changed."""
        changed = self._changed or self.database.changes > self._copied_changes
        if self._dry_run or not changed:
            return
        if recovery.copy_if_due(self.database, self._files.copy, now, at_once=at_once):
            self._changed, self._copied_changes = False, self.database.changes

    # The questions of the sources.

    def seen(self, event: EventId) -> bool:
        """Whether this event was admitted before, however it was decided."""
        row = identities.event_row(self.database, event)
        return row is not None and not row[1]

    def runs(self, about: SubmissionId, kind: Kind) -> Sequence[str]:
        """The finished runs of a submission that were admitted before."""
        return identities.runs(self.database, about, kind)

    def file_seen(self, file_id: str) -> bool:
        """Whether a remote file was dealt with and needs no second look."""
        return self.database.row("SELECT 1 FROM files WHERE id = ?", file_id) is not None

    def started(self, part: str) -> bool:
        """Whether this part of the world had its first whole look; before, the past is told quietly."""
        return self.database.row("SELECT 1 FROM first_looks WHERE part = ?", part) is not None

    def candidates(self, job: JobId, mark: str) -> Sequence[str]:
        """As `identities.candidates`."""
        return identities.candidates(self.database, job, mark)

    def submissions(self, job: JobId) -> Sequence[SubmissionId]:
        """As `identities.submissions`."""
        return identities.submissions(self.database, job)

    def contents(self, about: SubmissionId) -> Sequence[str]:
        """As `identities.contents`."""
        return identities.contents(self.database, about)

    def approved(self, account: str) -> bool:
        """Whether the owner was seen to approve a job of this account."""
        return identities.approved(self.database, account)

    def granted(self) -> frozenset[str]:
        """The accounts of those whose request was seen to be granted."""
        return identities.granted(self.database)

    def unidentified(self) -> Sequence[UnidentifiedRecord]:
        """Messages announced without the name of their job that no job has completed yet, in the order of admission."""
        rows = self.database.rows(
            """SELECT name, claimed, unidentified_since FROM events JOIN subjects ON subjects.id = subject
            WHERE unidentified_since IS NOT NULL ORDER BY events.id"""
        )
        return [UnidentifiedRecord(MessageId(name), ds, datetime.fromisoformat(since)) for name, ds, since in rows]

    # Keep.

    def admit(
        self,
        observation: Observation,
        offers: Iterable[tuple[Event, Sequence[Notification]]],
        now: datetime,
        past: Callable[[Event], None] = lambda event: None,
    ) -> list[Admission]:
        """Remember what a look showed and put its notifications into the outbox, all or nothing.

        Events of the past, of which nobody is told, are not returned: `past` hears of each.
        """
        admissions, database = [], self.database
        with database.transaction():
            for event, notifications in offers:
                admission = self._admit_event(event, notifications, now)
                if admission.decision is Decision.BASELINE:
                    past(event)
                else:
                    admissions.append(admission)
            for file in observation.files:
                database.run("INSERT INTO files VALUES (?, ?) ON CONFLICT DO NOTHING", file, now)
            for part in observation.parts:
                database.run("INSERT INTO first_looks VALUES (?, ?) ON CONFLICT DO NOTHING", part, now)
            self._absorb_foreign(frozenset(observation.parts))
            if observation.present is not None and is_due(database, now):
                prune(database, observation.present, now)
        return admissions

    def _admit_event(self, event: Event, notifications: Sequence[Notification], now: datetime) -> Admission:
        database = self.database
        subject = identities.keep_subject(database, event)
        known = database.row(_EVENT, subject, event.kind, event.id.run)
        if known and not known[1]:
            database.run("UPDATE events SET code = ? WHERE id = ? AND code = ''", event.content, known[0])
            return Admission(event, Decision.ALREADY_SEEN)
        foreign = [n.mark for n in notifications if database.row(f"SELECT 1 FROM notified WHERE {_HELD}", *n.mark)]  # noqa: S608 - a constant
        decision = Decision.ALREADY_SEEN if foreign or self._is_foreign_peer(event) else event.decision
        row = self._keep_event(event, subject, decision, now)
        told = set(database.rows("SELECT view_key, type FROM notified WHERE event = ?", row))
        fresh = tuple(n for n in notifications if n.mark not in told) if decision is Decision.SEND else ()
        past = [n.mark for n in notifications] if decision is Decision.BASELINE else []
        for mark in foreign:
            database.run(f"DELETE FROM notified WHERE {_HELD}", *mark)  # noqa: S608 - a constant
        for mark in (*foreign, *past):
            database.run(ADD_MARK, row, *mark)
        if event.completes is not None and (message := identities.subject_row(database, event.completes)):
            database.run("UPDATE events SET unidentified_since = NULL WHERE subject = ?", message)
        if isinstance(event.facts, PeerFacts) and event.facts.verified:
            self._remember_peer(event.facts.ds)
        for notification in fresh:
            self._add(notification, row, subject, self._next_place(), now)
        if fresh and event.preview is not None:
            self._keep_code(row, event.preview)
        return Admission(event, decision, fresh)

    def _keep_event(self, event: Event, subject: int, decision: Decision, now: datetime) -> int:
        identity, waits = (subject, event.kind, event.id.run), _waits_since(event, decision)
        self.database.run(
            """INSERT INTO events (subject, kind, run, at, decision, file, code, unidentified_since)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7) ON CONFLICT (subject, kind, run)
            DO UPDATE SET at = ?4, decision = ?5, file = ?6, code = ?8, unidentified_since = ?7, reopened = 0""",
            *(*identity, now, decision, event.file, waits, event.content),
        )
        number: int = self.database.value(_EVENT, *identity)
        return number

    def _keep_code(self, event: int, preview: Preview) -> None:
        keep = "INSERT INTO code VALUES (?1, ?2) ON CONFLICT (event) DO UPDATE SET preview = ?2"
        self.database.run(keep, event, dump_preview(preview))

    def _remember_peer(self, address: str) -> None:
        known = self.database.row("SELECT 1 FROM peers WHERE account = ?", account_of(address))
        if not known:
            self.database.run("INSERT INTO peers SELECT ?, ?, number + 1, 0 FROM view", address, account_of(address))

    def _is_foreign_peer(self, event: Event) -> bool:
        """Whether another program knew this peer before our first look."""
        held = "SELECT 1 FROM peers WHERE holds AND account = ?"
        return event.kind is Kind.PEER_REQUESTED and bool(self.database.row(held, account_of(event.facts.ds)))

    def _absorb_foreign(self, parts: frozenset[str]) -> None:
        """After a whole look, marks of another program that no event claimed speak of things long gone.

        They stay in the file but hold no later event back: a name that is used again is news.
        """
        if PEERS_PART in parts:
            self.database.run("UPDATE peers SET holds = 0 WHERE holds")
            self.database.run(f"UPDATE notified SET holds = 0 WHERE holds AND {_OF_PEERS}", *_PEER_TYPES)  # noqa: S608 - question marks
        if parts >= {DRIVE_PART, LOCAL_PART}:
            self.database.run(f"UPDATE notified SET holds = 0 WHERE holds AND NOT {_OF_PEERS}", *_PEER_TYPES)  # noqa: S608 - question marks

    def reopen(self, event: EventId) -> None:
        """Let an event be told that was kept without telling anybody; one that was told, or is about to be, stays."""
        found = identities.event_row(self.database, event)
        if found is None or self.database.row("SELECT 1 FROM outbox WHERE event = ?", found[0]):
            return
        with self.database.transaction():
            self.database.run(
                """DELETE FROM notified WHERE event = ?1
                AND (SELECT decision FROM events WHERE id = ?1) = ?2""",
                found[0],
                Decision.BASELINE,
            )
            self.database.run(
                "UPDATE events SET reopened = NOT EXISTS (SELECT 1 FROM notified WHERE event = ?1) WHERE id = ?1",
                found[0],
            )
            reset.grow_revision(self.database)
        self.revision = self.database.get(REVISION)

    def consent_since(self, token: str, fingerprint: str, now: datetime) -> datetime:
        """Since when the consent in a token file is in use; one that is new there is so from now on."""
        known = self.database.row("SELECT fingerprint, since FROM consents WHERE token = ?", token)
        if known and known[0] == fingerprint:
            return datetime.fromisoformat(known[1])
        self.database.run(
            """INSERT INTO consents VALUES (?1, ?2, ?3)
            ON CONFLICT (token) DO UPDATE SET fingerprint = ?2, since = ?3""",
            token,
            fingerprint,
            now,
        )
        return now

    # What a person wants.

    def forget_job(self, name: str) -> int:
        """As `reset.forget_job`."""
        return self._forgotten(reset.forget_job(self.database, name))

    def forget_jobs(self) -> int:
        """As `reset.forget_jobs`."""
        return self._forgotten(reset.forget_jobs(self.database))

    def forget_requests(self) -> int:
        """As `reset.forget_requests`."""
        return self._forgotten(reset.forget_requests(self.database))

    def _forgotten(self, count: int) -> int:
        self.revision = self.database.get(REVISION)
        return count

    def mute(self, address: str, now: datetime) -> None:
        """Tell this person nothing more."""
        row = (account_of(address), address, now)
        self.database.run("INSERT INTO mutes VALUES (?, ?, ?) ON CONFLICT DO NOTHING", *row)

    def unmute(self, address: str) -> bool:
        """Tell this person again; returns whether they were muted."""
        return bool(self.database.run("DELETE FROM mutes WHERE account = ?", account_of(address)))

    def muted(self) -> Sequence[str]:
        """The addresses of all who are told nothing, as they were written."""
        return [address for (address,) in self.database.rows("SELECT address FROM mutes ORDER BY address")]


def _waits_since(event: Event, decision: Decision) -> datetime | None:
    """When a message was sent that is told now without the name of its job; None for every other event."""
    if decision is Decision.SEND and isinstance(event.facts, JobFacts) and isinstance(event.id.about, MessageId):
        return event.facts.submitted_at or event.at
    return None
