"""The durable memory: what was seen, what waits in the outbox, what was told; the only writer of the state file."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from syft_notify.model import (
    Decision,
    Event,
    JobFacts,
    Kind,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    PeerFacts,
    Pending,
    PendingState,
    Preview,
    ThreadRef,
)
from syft_notify.ports import OpaqueRecord
from syft_notify.spool import Spool
from syft_notify.state_file import EventRecord, Mark, ThreadRecord, read_contents, write_contents

log = logging.getLogger(__name__)

PEERS_PART = "peers"
JOB_PARTS = frozenset({"drive", "local"})
PEER_EVENT, REQUEST = "peer:", ":requested"
PEER_MARK = "peer_"
FOREIGN_EVENT = "told by another program"


@dataclass(frozen=True)
class Admission:
    """What became of one event that was offered: the decision and the notifications that went to the outbox."""

    event: Event
    decision: Decision
    notifications: tuple[Notification, ...] = ()


class Ledger:
    """The memory of one owner. Every change is on disk before the method returns.

    The file keeps the original system's `notified_jobs` and `peer_snapshot` beside our own key, in its format.
    A person may edit these two: a removed entry is told again, a removed `peer_snapshot` tells all peers again.
    """

    def __init__(self, path: Path, spool: Path, *, dry_run: bool = False) -> None:
        """Load the state of `path` (absent = fresh). Raises `ConfigError` when the file cannot be trusted."""
        self._path = path
        self._dry_run = dry_run
        self._spool = Spool(spool, dry_run=dry_run)
        self._contents = read_contents(path)
        self._state = self._contents.own
        self._honour_edits()
        claimed = {mark for record in self._state.events.values() for mark in record.marks}
        self._foreign = {(key, kind) for key, kinds in self._contents.notified.items() for kind in kinds} - claimed
        self._foreign_peers = set() if PEERS_PART in self._state.started else set(self._contents.peers or ())
        self._drop_orphaned_previews()

    # Memory: the questions of the monitors.

    def seen(self, event_key: str) -> bool:
        """Whether this event was admitted before, however it was decided."""
        record = self._state.events.get(event_key)
        return record is not None and not record.reopened

    def seen_like(self, beginning: str) -> Iterable[str]:
        """The keys of admitted events that begin so. It looks at all of them: not for every poll."""
        return (key for key in self._state.events if key.startswith(beginning) and self.seen(key))

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

    def opaque(self) -> Sequence[OpaqueRecord]:
        """Submissions announced without a name that no job has completed yet."""
        return [
            OpaqueRecord(key, record.ds, record.opaque_since)
            for key, record in self._state.events.items()
            if record.opaque_since is not None
        ]

    # Keep.

    def admit(
        self, observation: Observation, offers: Iterable[tuple[Event, Sequence[Notification]]], now: datetime
    ) -> list[Admission]:
        """Remember what a look showed and put its notifications into the outbox, in one write."""
        admissions = [self._admit_event(event, notifications, now) for event, notifications in offers]
        new_files = [file_id for file_id in observation.files if file_id not in self._state.files]
        new_parts = [part for part in observation.parts if part not in self._state.started]
        self._state.files.update(dict.fromkeys(new_files, now))
        self._state.started.update(dict.fromkeys(new_parts, now))
        if PEERS_PART in self._state.started and self._contents.peers is None:
            self._contents.peers = []
        absorbed = self._absorb_foreign(frozenset(observation.parts), now)
        if admissions or new_files or new_parts or absorbed:
            self._save()
        return admissions

    def _admit_event(self, event: Event, notifications: Sequence[Notification], now: datetime) -> Admission:
        record = self._state.events.get(event.key)
        verified_ds = event.facts.ds if isinstance(event.facts, PeerFacts) or event.facts.verified else ""
        if record is not None and not record.reopened:
            record.ds = record.ds or verified_ds
            return Admission(event, Decision.ALREADY_SEEN)
        foreign = [n.mark for n in notifications if n.mark in self._foreign]
        foreign_peer = event.kind is Kind.PEER_REQUESTED and event.facts.ds in self._foreign_peers
        decision = Decision.ALREADY_SEEN if foreign or foreign_peer else event.decision
        told = record.marks if record else []
        fresh = tuple(n for n in notifications if n.mark not in told) if decision is Decision.SEND else ()
        past = [n.mark for n in notifications] if decision is Decision.BASELINE else []
        told = list(dict.fromkeys([*told, *foreign, *past]))
        self._state.events[event.key] = EventRecord(
            now, decision, verified_ds, event.file, told, opaque_since=_waits_since(event, decision)
        )
        if event.completes in self._state.events:
            self._state.events[event.completes].opaque_since = None
        if isinstance(event.facts, PeerFacts):
            self._remember_peer(event.facts.ds)
        self._tell(told)
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
            record.marks = sorted({*record.marks, *gone})
            self._foreign -= gone
        return bool(gone)

    def reopen(self, event_key: str) -> None:
        """Let an event be told that was kept without telling anybody; one that was told, or is about to be, stays."""
        record = self._state.events.get(event_key)
        waits = any(pending.notification.event_key == event_key for pending in self._state.outbox.values())
        if record is None or waits:
            return
        if record.decision is Decision.BASELINE:
            record.marks = []
        record.reopened = not record.marks

    # Act, then settle.

    def pending(self) -> list[Pending]:
        """The outbox in the order of admission."""
        return list(self._state.outbox.values())

    def closed_channels(self) -> Mapping[str, datetime]:
        """Until when the service behind a channel wants to be left alone."""
        return self._state.closed_channels

    def thread(self, notification: Notification) -> ThreadRef:
        """How this notification joins its conversation."""
        key = f"{notification.recipient} {notification.thread.key}"
        record = self._state.threads.get(key)
        root = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@syft-notify.invalid>"
        return ThreadRef(key, root, remote_id=record.remote_id if record else "", started=record is not None)

    def attempt(self, notification_id: str) -> Pending:
        """Write down that a send begins: after a crash it counts as ambiguous, because it may have gone out."""
        pending = self._state.outbox[notification_id]
        pending = replace(pending, attempts=pending.attempts + 1, state=PendingState.AMBIGUOUS)
        self._state.outbox[notification_id] = pending
        self._save()
        return pending

    def settle(self, notification_id: str, outcome: Outcome) -> None:
        """Write down what became of the attempt."""
        pending = self._state.outbox[notification_id]
        if outcome.rate_limited and outcome.retry_at is not None:
            self._state.closed_channels[pending.notification.channel] = outcome.retry_at
        if outcome.kind is OutcomeKind.SENT:
            self._settle_sent(pending.notification, outcome)
        else:
            self._state.outbox[notification_id] = replace(
                pending,
                state=_UNSENT[outcome.kind],
                attempts=pending.attempts - 1 if outcome.credential else pending.attempts,
                not_before=outcome.retry_at,
                last_fault=outcome.fault,
            )
        self._save()
        self._drop_orphaned_previews()

    def _settle_sent(self, notification: Notification, outcome: Outcome) -> None:
        del self._state.outbox[notification.id]
        self._state.closed_channels.pop(notification.channel, None)
        thread = self._state.threads.setdefault(self.thread(notification).key, ThreadRecord())
        if outcome.receipt and outcome.receipt.thread_id:
            thread.remote_id = outcome.receipt.thread_id
        record = self._state.events.get(notification.event_key)
        if record is not None and notification.mark not in record.marks:
            record.marks.append(notification.mark)
        self._tell([notification.mark])

    # The original system's half of the file.

    def _tell(self, marks: Iterable[Mark]) -> None:
        for key, kind in marks:
            kinds = self._contents.notified.setdefault(key, [])
            if kind not in kinds:
                kinds.append(kind)

    def _remember_peer(self, ds: str) -> None:
        peers = self._contents.peers = self._contents.peers or []
        if ds not in peers:
            peers.append(ds)

    def _honour_edits(self) -> None:
        """What a person removed from the file since we wrote it is to be told again."""
        if PEERS_PART in self._state.started and self._contents.peers is None:
            log.info("peer_snapshot was removed: open peer requests are announced again")
            self._forget_requests()
        for event_key, record in self._state.events.items():
            kept = [mark for mark in record.marks if mark[1] in self._contents.notified.get(mark[0], ())]
            if len(kept) < len(record.marks):
                log.info("%s was reset in the state file: it is told again", event_key)
                record.marks, record.reopened = kept, True
                self._state.files.pop(record.file, None)

    def _forget_requests(self) -> None:
        """Peers who were granted stay so: nobody who works here for long is told that they were accepted."""
        events = self._state.events
        requests = {key for key in events if key.startswith(PEER_EVENT) and key.endswith(REQUEST)}
        for key in requests:
            for mark in events.pop(key).marks:
                self._contents.notified.pop(mark[0], None)

    # The files.

    def preview(self, event_key: str) -> Preview | None:
        """The code preview kept for an event whose notifications are not all out yet."""
        return self._spool.get(event_key)

    def _drop_orphaned_previews(self) -> None:
        self._spool.drop_all_but(pending.notification.event_key for pending in self._state.outbox.values())

    def _save(self) -> None:
        if not self._dry_run:
            write_contents(self._path, self._contents)


_UNSENT = {
    OutcomeKind.DEAD: PendingState.DEAD,
    OutcomeKind.AMBIGUOUS: PendingState.AMBIGUOUS,
    OutcomeKind.RETRY: PendingState.DEFERRED,
}


def _waits_since(event: Event, decision: Decision) -> datetime | None:
    """When a submission was sent that is told now without its name; None for every other event."""
    if decision is Decision.SEND and isinstance(event.facts, JobFacts) and event.facts.opaque:
        return event.facts.submitted_at or event.at
    return None
