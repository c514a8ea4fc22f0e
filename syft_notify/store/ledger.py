"""The durable memory: what was seen, what waits in the outbox, what was told."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syft_notify.config.paths import Files
from syft_notify.domain.accounts import is_same_account
from syft_notify.domain.errors import ConfigError
from syft_notify.domain.model import (
    Decision,
    Event,
    Facts,
    JobFacts,
    Kind,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    Pause,
    PeerFacts,
    Pending,
    PendingState,
    Preview,
    ThreadRef,
)
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.store.event_index import EventIndex
from syft_notify.store.forgetting import (
    JOB_PARTS,
    PEERS_PART,
    forget_job,
    forget_jobs,
    forget_requests,
    honour_edits,
    is_about_peer,
    remember_peer,
    tell,
)
from syft_notify.store.history import Delivery, ToldEvent
from syft_notify.store.pruning import is_due, prune
from syft_notify.store.spool import Spool
from syft_notify.store.state_file import ConsentRecord, Contents, EventRecord, Mark, State, ThreadRecord
from syft_notify.store.state_store import Attempt, StateStore

log = logging.getLogger(__name__)

PEER_MARK = "peer_"
FOREIGN_EVENT = "told by another program"
DAY = timedelta(days=1)
# Nothing of a conversation comes before these.
BEGINNINGS = (Kind.JOB_SUBMITTED, Kind.PEER_REQUESTED)


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of one event that was offered: the decision and the notifications that went to the outbox."""

    event: Event
    decision: Decision
    notifications: tuple[Notification, ...] = ()


class Ledger:
    """The memory of one owner: `refresh` it, ask and change it, then `save` it, all under the lock of its state.

    The file keeps the original system's `notified_jobs` and `peer_snapshot` beside our own key, in its format.
    A person may edit these two: a removed entry is told again, a removed `peer_snapshot` tells all peers again.
    """

    def __init__(self, files: Files, owner: str, *, dry_run: bool = False) -> None:
        """`owner` is the DO whose memory it is. Nothing is read before the first `refresh`."""
        self._files = files
        self._owner = owner
        self._store = StateStore(files, dry_run=dry_run)
        self._spool = Spool(files.spool, dry_run=dry_run)
        self._contents = Contents()
        self._index = EventIndex(self._state.events)
        self._dirty = False
        self._foreign: set[Mark] = set()
        self._foreign_peers: set[str] = set()
        self._delivered: list[tuple[str, datetime]] = []
        self.revision = 0

    # The files.

    def refresh(self, now: datetime) -> str:
        """Read the state again if anybody else wrote it; what was not saved is forgotten.

        Returns what was wrong with it, in words.
        Raises `ConfigError` when it cannot be read or belongs to another owner, `UserError` for its journals.
        """
        if not self._store.changed():
            return ""
        loaded = self._store.load(now)
        self.revision += 1
        self._contents = loaded.contents
        if self._state.owner and not is_same_account(self._state.owner, self._owner):
            raise ConfigError(
                f"{self._files.state} is the state of {self._state.owner}", f"Set another state_path for {self._owner}"
            )
        self._state.owner = self._owner
        honour_edits(self._contents)
        claimed = {mark for record in self._state.events.values() for mark in record.told}
        told = ((key, kind) for key, kinds in self._contents.notified.items() for kind in kinds)
        self._foreign = {mark for mark in told if mark not in claimed}
        self._foreign_peers = set() if PEERS_PART in self._state.started else set(self._contents.peers or ())
        for attempt in loaded.attempts:
            self._apply_attempt(attempt)
        for delivery in loaded.deliveries:
            self._apply_delivery(delivery)
        self._index = EventIndex(self._state.events)
        self._delivered = self._store.delivered_since(now - DAY)
        self._spool.forget_unsaved()
        self._dirty = bool(loaded.attempts or loaded.deliveries or loaded.notice)
        return loaded.notice

    def save(self) -> None:
        """Write down everything since the last time, in one replacement; nothing if nothing changed.

        Raises `UserError` when the disk refuses, or when a person edited the file since `refresh`: the next `refresh`
        goes back to what is on disk, and the next look finds again what was lost.
        """
        if self._dirty:
            waiting = {pending.notification.event_key for pending in self._state.outbox.values()}
            self._spool.save_only(waiting)
            self._store.save(self._contents)
            self._dirty = False

    def preview(self, event_key: str) -> Preview | None:
        """The code preview kept for an event whose notifications are not all out yet."""
        return self._spool.get(event_key)

    @property
    def _state(self) -> State:
        return self._contents.own

    # Memory: the questions of the monitors.

    def seen(self, event_key: str) -> bool:
        """Whether this event was admitted before, however it was decided."""
        record = self._state.events.get(event_key)
        return record is not None and not record.reopened

    def seen_like(self, beginning: str) -> Iterable[str]:
        """The keys of admitted events that begin so."""
        return filter(self.seen, self._index.beginning_with(beginning))

    def file_seen(self, file_id: str) -> bool:
        """Whether a remote file was dealt with and needs no second look."""
        return file_id in self._state.files

    def started(self, part: str) -> bool:
        """Whether this part of the world had its first whole look."""
        return part in self._state.started

    def sender(self, event_key: str) -> str:
        """The DS that Drive named as owner of this submission's message, or an empty string."""
        record = self._state.events.get(event_key)
        return record.ds if record else ""

    def unproven(self, event_key: str) -> bool:
        """Whether a message told of this submission of which Drive did not name the owner."""
        record = self._state.events.get(event_key)
        return record is not None and bool(record.file) and not record.ds

    def unidentified(self) -> Sequence[UnidentifiedRecord]:
        """Submissions announced without a name that no job has completed yet."""
        return self._index.unidentified()

    # Keep.

    def admit(
        self,
        observation: Observation,
        offers: Iterable[tuple[Event, Sequence[Notification]]],
        now: datetime,
        past: Callable[[Event], None] = lambda event: None,
    ) -> list[Admission]:
        """Remember what a look showed and put its notifications into the outbox.

        Events of the past, of which nobody is told, are not returned: `past` hears of each.
        """
        jobs: dict[str, str] = {}
        admissions, heard = [], False
        for event, notifications in offers:
            admission, heard = self._admit_event(event, notifications, now, jobs), True
            if admission.decision is Decision.BASELINE:
                past(event)
            else:
                admissions.append(admission)
        new_files = [file_id for file_id in observation.files if file_id not in self._state.files]
        new_parts = [part for part in observation.parts if part not in self._state.started]
        self._state.files.update(dict.fromkeys(new_files, now))
        self._state.started.update(dict.fromkeys(new_parts, now))
        if PEERS_PART in self._state.started and self._contents.peers is None:
            self._contents.peers = []
        absorbed = self._absorb_foreign(frozenset(observation.parts), now)
        due = observation.present is not None and is_due(self._contents, now)
        if observation.present is not None and due:
            prune(self._contents, observation.present, now)
            self._index = EventIndex(self._state.events)
        self._dirty = self._dirty or bool(heard or new_files or new_parts or absorbed or due)
        return admissions

    def combine(self, digest: Notification) -> None:
        """Let one notification stand for its members, which were admitted just now.

        It takes the place of the first of them, or the last one where others may come before it in a conversation.
        """
        members = {member.id for member in digest.members}
        outbox = list(self._state.outbox)
        place = outbox.index(digest.members[0].id) if digest.kind in BEGINNINGS else len(outbox)
        pending = {**self._state.outbox, digest.id: Pending(digest, admitted_at=digest.at)}
        order = (*outbox[:place], digest.id, *outbox[place:])
        self._state.outbox = {name: pending[name] for name in order if name not in members}
        self._dirty = True

    def _admit_event(
        self, event: Event, notifications: Sequence[Notification], now: datetime, jobs: dict[str, str]
    ) -> Admission:
        """`jobs` are the submissions of this look, so that the events of one share its name."""
        record = self._state.events.get(event.key)
        verified_ds = event.facts.ds if event.facts.verified else ""
        if record is not None and not record.reopened:
            record.ds = record.ds or verified_ds
            return Admission(event, Decision.ALREADY_SEEN)
        foreign = [n.mark for n in notifications if n.mark in self._foreign]
        foreign_peer = event.kind is Kind.PEER_REQUESTED and event.facts.ds in self._foreign_peers
        decision = Decision.ALREADY_SEEN if foreign or foreign_peer else event.decision
        told = record.told if record else ()
        fresh = tuple(n for n in notifications if n.mark not in told) if decision is Decision.SEND else ()
        past = [n.mark for n in notifications] if decision is Decision.BASELINE else []
        job = _job_of(event.facts)
        record = EventRecord(
            now,
            decision,
            verified_ds or (record.ds if record else ""),
            event.file or (record.file if record else ""),
            unidentified_since=_waits_since(event, decision),
            job=jobs.setdefault(job, job),
        )
        record.told = dict.fromkeys([*told, *foreign, *past])
        self._state.events[event.key] = record
        self._index.add(event.key)
        if event.completes in self._state.events:
            self._state.events[event.completes].unidentified_since = None
        if isinstance(event.facts, PeerFacts) and event.facts.verified:
            remember_peer(self._contents, event.facts.ds)
        tell(self._contents, record.told)
        self._state.outbox.update({n.id: Pending(n, admitted_at=now) for n in fresh})
        if fresh and event.preview is not None:
            self._spool.keep(event.key, event.preview)
        return Admission(event, decision, fresh)

    def _absorb_foreign(self, parts: frozenset[str], now: datetime) -> bool:
        """After a whole look, marks of another program that no event claimed speak of things long gone.

        They stay in the file but hold no later event back: a name that is used again is news.
        """
        gone = {
            mark
            for mark in self._foreign
            if (parts >= {PEERS_PART} if mark[0].startswith(PEER_MARK) else parts >= JOB_PARTS)
        }
        if PEERS_PART in parts:
            self._foreign_peers.clear()
        if gone:
            record = self._state.events.setdefault(FOREIGN_EVENT, EventRecord(now, Decision.ALREADY_SEEN))
            record.told = sorted({*record.told, *gone})
            self._foreign -= gone
        return bool(gone)

    def reopen(self, event_key: str) -> None:
        """Let an event be told that was kept without telling anybody; one that was told, or is about to be, stays."""
        record = self._state.events.get(event_key)
        waits = any(pending.notification.event_key == event_key for pending in self._state.outbox.values())
        if record is None or waits:
            return
        self.revision += 1
        if record.decision is Decision.BASELINE:
            record.marks = ()
        record.reopened = not record.marks
        self._dirty = True

    # Act, then settle.

    def pending(self) -> list[Pending]:
        """The outbox in the order of admission."""
        return list(self._state.outbox.values())

    def closed_channels(self) -> Mapping[str, Pause]:
        """How long the service behind a channel wants to be left alone."""
        return self._state.closed_channels

    def delivered(self, channel: str) -> Sequence[datetime]:
        """When the deliveries of the last day through this channel were, oldest first."""
        return [at for through, at in self._delivered if through == channel]

    def thread(self, notification: Notification) -> ThreadRef:
        """How this notification joins its conversation."""
        key = f"{notification.recipient} {notification.thread.key}"
        record = self._state.threads.get(key)
        root = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@syft-notify.invalid>"
        return ThreadRef(key, root, remote_id=record.remote_id if record else "", started=record is not None)

    def attempt(self, notification_id: str) -> Pending:
        """Write down that a send begins: after a crash it counts as ambiguous, because it may have gone out.

        Raises `UserError` when the disk refuses; then it must not begin.
        """
        pending = self._state.outbox[notification_id]
        attempt = Attempt(self._state.number + 1, notification_id, pending.attempts + 1)
        self._store.note_attempt(attempt)
        self._state.number = attempt.number
        self._dirty = True
        pending = replace(pending, attempts=attempt.attempts)
        self._state.outbox[notification_id] = pending
        return pending

    def settle(self, notification_id: str, outcome: Outcome) -> None:
        """Remember what became of the attempt; what was accepted is on disk when this returns.

        Raises `UserError` when the disk refuses that; then it is remembered until the process ends.
        """
        pending = self._state.outbox[notification_id]
        self._dirty = True
        pause = Pause(outcome.at, outcome.retry_at) if outcome.retry_at else None
        if outcome.rate_limited and pause:
            self._state.closed_channels[pending.notification.channel] = pause
        if outcome.kind is OutcomeKind.SENT:
            self._settle_sent(pending, outcome)
            return
        self._state.outbox[notification_id] = replace(
            pending,
            state=_after(outcome.kind, pending.state),
            attempts=pending.attempts - 1 if outcome.credential else pending.attempts,
            pause=pause,
            last_fault=outcome.fault,
        )

    def _settle_sent(self, pending: Pending, outcome: Outcome) -> None:
        notification, receipt = pending.notification, outcome.receipt
        delivery = Delivery(
            number=self._state.number + 1,
            time=outcome.at,
            kind=notification.kind.value,
            to=notification.recipient,
            channel=notification.channel,
            id=notification.id,
            events=tuple(self._told(part) for part in notification.parts),
            ambiguous=pending.state is PendingState.AMBIGUOUS,
            message_id=receipt.message_id if receipt else "",
            thread_id=receipt.thread_id if receipt else "",
            thread_key="" if notification.members else self.thread(notification).key,
        )
        self._apply_delivery(delivery)
        self._delivered.append((delivery.channel, delivery.time))
        self._state.closed_channels.pop(notification.channel, None)
        self._store.note_delivery(delivery)

    def _told(self, part: Notification) -> ToldEvent:
        record = self._state.events.get(part.event_key)
        return ToldEvent(part.event_key, part.mark, _job_of(part.facts), part.facts.ds, record.file if record else "")

    def _apply_attempt(self, attempt: Attempt) -> None:
        """After a crash: this send began, and nobody knows how it ended."""
        self._state.number = max(self._state.number, attempt.number)
        pending = self._state.outbox.get(attempt.id)
        if pending is not None:
            pending = replace(pending, attempts=attempt.attempts, state=PendingState.AMBIGUOUS)
            self._state.outbox[attempt.id] = pending

    def _apply_delivery(self, delivery: Delivery) -> None:
        self._state.number = max(self._state.number, delivery.number)
        self._state.outbox.pop(delivery.id, None)
        if delivery.thread_key:
            thread = self._state.threads.setdefault(delivery.thread_key, ThreadRecord())
            thread.remote_id = delivery.thread_id or thread.remote_id
        for told in delivery.events:
            fresh = EventRecord(delivery.time, Decision.SEND, told.ds, told.file, job=told.job)
            record = self._state.events.setdefault(told.key, fresh)
            if told.mark not in record.told:
                record.told = (*record.told, told.mark)
            if told.file:
                self._state.files.setdefault(told.file, delivery.time)
            if is_about_peer(told.key):
                remember_peer(self._contents, told.ds)
            tell(self._contents, [told.mark])

    def consent_since(self, token: str, fingerprint: str, now: datetime) -> datetime:
        """Since when the consent in a token file is in use; one that is new there is so from now on."""
        known = self._state.consents.get(token)
        if known is None or known.fingerprint != fingerprint:
            known = self._state.consents[token] = ConsentRecord(fingerprint, now)
            self._dirty = True
        return known.since

    # What a person wants.

    def retry(self, ids: Iterable[str], now: datetime) -> None:
        """Let these notifications of the outbox be due now, as if they were new; doubtful ones stay ambiguous."""
        for notification_id in ids:
            pending = self._state.outbox[notification_id]
            state = pending.state if pending.state is PendingState.AMBIGUOUS else PendingState.PENDING
            self._state.outbox[notification_id] = Pending(pending.notification, now, state)
            self._dirty = True

    def drop(self, ids: Iterable[str]) -> None:
        """Take these notifications out of the outbox; nobody is told."""
        for notification_id in ids:
            del self._state.outbox[notification_id]
            self._dirty = True

    def forget_job(self, name: str) -> int:
        """As `forgetting.forget_job`."""
        return self._forgotten(forget_job(self._contents, name))

    def forget_jobs(self) -> int:
        """As `forgetting.forget_jobs`."""
        return self._forgotten(forget_jobs(self._contents))

    def forget_requests(self) -> int:
        """As `forgetting.forget_requests`."""
        return self._forgotten(forget_requests(self._contents))

    def _forgotten(self, count: int) -> int:
        self.revision += 1
        self._index = EventIndex(self._state.events)
        self._dirty = True
        return count


def _after(kind: OutcomeKind, before: PendingState) -> PendingState:
    """What may have arrived once stays ambiguous, until it is sent or dead."""
    if kind is OutcomeKind.DEAD:
        return PendingState.DEAD
    if kind is OutcomeKind.AMBIGUOUS or before is PendingState.AMBIGUOUS:
        return PendingState.AMBIGUOUS
    return PendingState.DEFERRED


def _job_of(facts: Facts) -> str:
    """The submission that an event is about, as `Thread.key` names it; empty for a peer's."""
    return f"job {facts.key} {facts.identity}" if isinstance(facts, JobFacts) else ""


def _waits_since(event: Event, decision: Decision) -> datetime | None:
    """When a submission was sent that is told now without its name; None for every other event."""
    if decision is Decision.SEND and isinstance(event.facts, JobFacts) and event.facts.unidentified:
        return event.facts.submitted_at or event.at
    return None
