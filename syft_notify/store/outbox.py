"""The notifications that wait: kept, tried, settled, and what a person does with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syft_notify.domain.addresses import account_of
from syft_notify.domain.digest import MOST_NAMED
from syft_notify.domain.errors import UserError
from syft_notify.domain.ids import ConversationId, digest_of
from syft_notify.domain.jobs import Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import (
    Notification,
    Outcome,
    OutcomeKind,
    Pause,
    Pending,
    PendingState,
    Queued,
    ThreadRef,
)
from syft_notify.store.database import Database
from syft_notify.store.payload import dump_notification, load_notification, load_preview
from syft_notify.store.queue import SMALL, queued, queued_of

DAY = timedelta(days=1)
# Nothing of a conversation comes before these.
BEGINNINGS = (Kind.JOB_SUBMITTED, Kind.PEER_REQUESTED)
ADD_MARK = "INSERT INTO notified SELECT ?, ?, ?, number + 1, 0 FROM view WHERE true ON CONFLICT DO NOTHING"


@dataclass(frozen=True)
class Delivered:
    """What the limits of a day need to know of a delivery; `cause` is the account of the DS about whom it was."""

    at: datetime
    channel: str
    role: Role
    cause: str


class Outbox:
    """Each step is one transaction; each raises `UserError` when the disk refuses, and then nothing changed."""

    def __init__(self) -> None:
        self._open: Database | None = None
        self._unsettled: dict[str, Outcome] = {}

    @property
    def database(self) -> Database:
        """The open database. Raises `RuntimeError` before `refresh` and after `release`."""
        if self._open is None:
            raise RuntimeError("the store is not open")
        return self._open

    # Keep.

    def _add(
        self, notification: Notification, event: int | None, subject: int | None, place: int, at: datetime
    ) -> None:
        """One that is there already stays as it is."""
        cause, payload = account_of(notification.facts.ds), dump_notification(notification)
        to = (notification.channel, notification.recipient, notification.role)
        what = (notification.kind, notification.template, cause, *notification.mark)
        self.database.run(
            """INSERT INTO outbox (id, place, event, subject, channel, recipient, role, kind, template, cause, view_key,
            type, admitted_at, state, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING""",
            *(notification.id, place, event, subject, *to, *what, at, PendingState.PENDING, payload),
        )

    def _next_place(self) -> int:
        place: int | None = self.database.value("SELECT max(place) FROM outbox")
        return (place or 0) + 1

    def fold(self, digest: Notification, ids: Sequence[str], now: datetime) -> None:
        """Let a digest stand for these, which wait and were never tried.

        It takes the place of the first of them, or the last one where others may come before it in a conversation.
        """
        place = "SELECT place FROM outbox WHERE id = ?"
        with self.database.transaction():
            places = [self.database.value(place, name) for name in ids]
            self._add(digest, None, None, min(places) if digest.kind in BEGINNINGS else max(places), now)
            for name in ids:
                self.database.run("UPDATE outbox SET digest = ? WHERE id = ?", digest.id, name)

    def reroute(self, channels: Sequence[str]) -> None:
        """What waits for a channel that is not in use goes through the first of these instead."""
        unknown = f"channel NOT IN ({','.join('?' * len(channels))})"
        if self.database.row(f"SELECT 1 FROM outbox WHERE {unknown}", *channels):  # noqa: S608 - question marks
            self.database.run(f"UPDATE outbox SET channel = ? WHERE {unknown}", channels[0], *channels)  # noqa: S608

    # Ask.

    def pending(self) -> Iterator[Queued]:
        """As `queue.queued`."""
        return queued(self.database)

    def load(self, notification_id: str) -> Pending:
        """A notification whole, a digest with those that it names. Raises `UserError` when it is gone or damaged."""
        row = self.database.row(f"SELECT {SMALL}, payload FROM outbox WHERE id = ?", notification_id)  # noqa: S608 - a constant
        if row is None:
            raise UserError(f"{notification_id} is not in the outbox any more", "`syft-notify outbox` shows what is")
        named = "SELECT payload FROM outbox WHERE digest = ? ORDER BY place, id LIMIT ?"
        payloads = self.database.rows(named, notification_id, MOST_NAMED)
        members = tuple(_notification(notification_id, payload) for (payload,) in payloads)
        count: int = self.database.value("SELECT count(*) FROM outbox WHERE digest = ?", notification_id)
        notification = replace(_notification(notification_id, row[-1]), members=members, more=count - len(members))
        small = queued_of(self.database, row[:-1])
        return Pending(notification, small.admitted_at, small.state, small.attempts, small.pause, small.last_fault)

    def preview(self, notification: Notification) -> Preview | None:
        """The code that a notification of the outbox may show; None without any."""
        code = "SELECT preview FROM code JOIN outbox USING (event) WHERE outbox.id = ?"
        found = self.database.value(code, notification.id)
        return load_preview(found) if found else None

    def conversation(self, notification: Notification) -> ThreadRef:
        """How a notification of the outbox joins its conversation, which stays when its sender is proven later."""
        identity = ConversationId(notification.recipient, notification.thread.about)
        if notification.members:
            return _thread(digest_of(identity, notification.id))
        row = self.database.row(
            """SELECT root_id, remote_id FROM conversations
            WHERE recipient = ? AND subject = (SELECT subject FROM outbox WHERE id = ?)""",
            *(notification.recipient, notification.id),
        )
        return ThreadRef(row[0], row[0], row[1], started=True) if row else _thread(digest_of(identity))

    def closed_channels(self) -> Mapping[str, Pause]:
        """How long the service behind a channel wants to be left alone."""
        rows = self.database.rows("SELECT channel, since, until FROM channel_pauses")
        return {name: Pause(datetime.fromisoformat(at), datetime.fromisoformat(end)) for name, at, end in rows}

    def delivered(self, now: datetime) -> Sequence[Delivered]:
        """The deliveries of the last day, oldest first."""
        rows = self.database.rows("SELECT at, channel, role, cause FROM deliveries WHERE at > ? ORDER BY at", now - DAY)
        return [Delivered(datetime.fromisoformat(at), channel, Role(role), cause) for at, channel, role, cause in rows]

    # Act, then settle.

    def attempt(self, notification_id: str) -> Pending:
        """Write down that a send begins: after a crash it counts as ambiguous, because it may have gone out.

        Raises `UserError` when that, or how an earlier send ended, cannot be written; then it must not begin. One that
        is damaged is given up: it harms no other one.
        """
        self._settle_late()
        try:
            with self.database.transaction():
                begun = "UPDATE outbox SET attempts = attempts + 1, in_flight = 1 WHERE id = ?"
                self.database.run(begun, notification_id)
                return self.load(notification_id)
        except _DamagedNotificationError as error:
            given_up = "UPDATE outbox SET state = ?, last_fault = ? WHERE id = ?"
            self.database.run(given_up, PendingState.DEAD, str(error), notification_id)
            raise

    def settle(self, notification_id: str, outcome: Outcome) -> None:
        """Remember how a send ended. When the disk refuses, it is written before anything else is sent."""
        self._unsettled[notification_id] = outcome
        self._settle_late()

    def _settle_late(self) -> None:
        for name, outcome in list(self._unsettled.items()):
            with self.database.transaction():
                self._settle(name, outcome)
            del self._unsettled[name]

    def _doubt(self) -> None:
        """After a crash: the sends that began may have gone out."""
        if self.database.row("SELECT 1 FROM outbox WHERE in_flight"):
            doubtful = "UPDATE outbox SET state = ?, in_flight = 0 WHERE in_flight"
            self.database.run(doubtful, PendingState.AMBIGUOUS)

    def _settle(self, name: str, outcome: Outcome) -> None:
        row = self.database.row("SELECT state, channel FROM outbox WHERE id = ?", name)
        if row is None:
            return
        before, channel = PendingState(row[0]), row[1]
        since, until = (outcome.at, outcome.retry_at) if outcome.retry_at else (None, None)
        if outcome.rate_limited and until:
            self.database.run(
                """INSERT INTO channel_pauses VALUES (?1, ?2, ?3)
                ON CONFLICT (channel) DO UPDATE SET since = ?2, until = ?3""",
                *(channel, since, until),
            )
        if outcome.kind is OutcomeKind.SENT:
            self.database.run("DELETE FROM channel_pauses WHERE channel = ?", channel)
            self._settle_sent(name, outcome, ambiguous=before is PendingState.AMBIGUOUS)
            return
        self.database.run(
            """UPDATE outbox SET state = ?, attempts = attempts - ?, in_flight = 0, pause_since = ?, pause_until = ?,
            last_fault = ? WHERE id = ?""",
            *(_after(outcome.kind, before), int(outcome.credential), since, until, outcome.fault, name),
        )

    def _settle_sent(self, name: str, outcome: Outcome, *, ambiguous: bool) -> None:
        message, thread = (outcome.receipt.message_id, outcome.receipt.thread_id) if outcome.receipt else ("", "")
        columns = "SELECT event, view_key, type FROM outbox"
        members = self.database.rows(f"{columns} WHERE digest = ? ORDER BY place, id", name)
        parts = members or self.database.rows(f"{columns} WHERE id = ?", name)
        self.database.run(
            """INSERT INTO deliveries
            SELECT NULL, ?, channel, recipient, kind, role, cause, id, ?, ?, ?, ? FROM outbox WHERE id = ?""",
            *(outcome.at, json.dumps([mark for _, *mark in parts]), int(ambiguous), message, thread, name),
        )
        for event, *mark in parts:
            self.database.run(ADD_MARK, event, *mark)
        if not members:
            self._remember_thread(name, thread)
        self.database.run("DELETE FROM outbox WHERE id = ?", name)

    def _remember_thread(self, name: str, thread: str) -> None:
        """Later messages join the conversation by the root that the first one had."""
        root = self.conversation(self.load(name).notification).root_id
        self.database.run(
            """INSERT INTO conversations SELECT subject, recipient, ?1, ?2 FROM outbox WHERE id = ?3
            ON CONFLICT (subject, recipient) DO UPDATE SET remote_id = CASE ?2 WHEN '' THEN remote_id ELSE ?2 END""",
            *(root, thread, name),
        )

    # What a person wants.

    def retry(self, ids: Iterable[str], now: datetime) -> None:
        """Let these be due now, as if they were new; doubtful ones stay ambiguous."""
        with self.database.transaction():
            for name in ids:
                self.database.run(
                    """UPDATE outbox SET state = CASE state WHEN ?1 THEN ?1 ELSE ?2 END, attempts = 0, admitted_at = ?3,
                    pause_since = NULL, pause_until = NULL, last_fault = '' WHERE id = ?4""",
                    *(PendingState.AMBIGUOUS, PendingState.PENDING, now, name),
                )

    def drop(self, ids: Iterable[str]) -> None:
        """Take these out; nobody is told."""
        with self.database.transaction():
            for name in ids:
                self.database.run("DELETE FROM outbox WHERE id = ?", name)

    def withdraw(self, rejected: Collection[str]) -> int:
        """Hold back what these accounts caused and what still asks for an answer; returns how much was not held before.

        What was held back for somebody who is rejected no more waits again.
        """
        known = {account for (account,) in self.database.rows("SELECT account FROM rejected")}
        with self.database.transaction():
            for account in known - set(rejected):
                self.database.run("DELETE FROM rejected WHERE account = ?", account)
            for account in set(rejected) - known:
                self.database.run("INSERT INTO rejected VALUES (?)", account)
            theirs = "cause IN (SELECT account FROM rejected)"
            self.database.run(
                f"UPDATE outbox SET state = ? WHERE state = ? AND NOT {theirs}",  # noqa: S608 - a constant
                *(PendingState.PENDING, PendingState.WITHDRAWN),
            )
            return self.database.run(
                f"""UPDATE outbox SET state = ? WHERE {theirs} AND NOT in_flight AND (role = ? OR kind IN (?, ?))
                AND state NOT IN (?, ?)""",  # noqa: S608 - a constant
                *(PendingState.WITHDRAWN, Role.DS, *BEGINNINGS, PendingState.WITHDRAWN, PendingState.DEAD),
            )


class _DamagedNotificationError(UserError):
    """What is kept of one notification cannot be read."""


def _thread(digest: str) -> ThreadRef:
    root = f"<{digest}@syft-notify.invalid>"
    return ThreadRef(root, root)


def _notification(notification_id: str, payload: bytes) -> Notification:
    try:
        return load_notification(payload)
    except ValueError as error:
        raise _DamagedNotificationError(
            f"The notification {notification_id} in the outbox is damaged",
            f"Take it out with `syft-notify outbox drop {notification_id[:8]}`",
        ) from error


def _after(kind: OutcomeKind, before: PendingState) -> PendingState:
    """What may have arrived once stays ambiguous, until it is sent or dead."""
    if kind is OutcomeKind.DEAD:
        return PendingState.DEAD
    if kind is OutcomeKind.AMBIGUOUS or before is PendingState.AMBIGUOUS:
        return PendingState.AMBIGUOUS
    return PendingState.DEFERRED
