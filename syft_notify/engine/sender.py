"""Sends what is due: folds bursts, keeps the order and the limits, and writes down each step before the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from syft_notify.domain.digest import MOST_NAMED, bursts, digest
from syft_notify.domain.errors import Fault
from syft_notify.domain.jobs import Preview
from syft_notify.domain.notifications import Message, Notification, OutcomeKind, Pending, Queued, ThreadRef
from syft_notify.domain.outbox import MINUTE, due, in_order, opens_at, share_of_strangers
from syft_notify.domain.ports import Channel, Clock
from syft_notify.engine.deliver import deliver
from syft_notify.engine.tally import Tally
from syft_notify.store.store import Store

_STRANGERS = "strangers"  # closed like a channel, when they caused their share


class Compose(Protocol):
    """Writes the message of a notification."""

    def __call__(
        self, notification: Notification, preview: Preview | None, thread: ThreadRef, now: datetime, /
    ) -> Message: ...


class Sender:
    """Sends what the store holds. `sending` is true while a message is in hand, which a stop must wait for."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], compose: Compose, clock: Clock, jitter: Callable[[], float]
    ) -> None:
        """`jitter` is a random number in [0, 1)."""
        self._store = store
        self._channels = channels
        self._compose = compose
        self._clock = clock
        self._jitter = jitter
        self.sending = False

    def send(self, wanted: Callable[[], bool], tally: Tally) -> None:
        """Send what is due, until the channels close. `wanted` is asked before each whether to go on.

        Raises `UserError` when the disk refuses: then nothing more may be sent.
        """
        closed: set[str] = set()
        held: set[str] = set()
        for queued in self._due(tally):
            if not wanted():
                return
            if queued.channel in closed or held & queued.conversations:
                held |= queued.conversations
                continue
            if self._must_wait(queued, closed, tally):
                held |= queued.conversations
                continue
            if self._try(queued, closed, tally) not in (OutcomeKind.SENT, OutcomeKind.DEAD):
                held |= queued.conversations

    def rehearse(self, tally: Tally) -> None:
        """Let the reporter hear what would be sent now."""
        for queued in self._due(tally):
            try:
                tally.reporter.would_send(self._message(self._store.load(queued.id)))
            except Fault as fault:
                tally.problem("outbox", str(fault))

    def _due(self, tally: Tally) -> Iterator[Queued]:
        self._store.reroute(list(self._channels))
        self._fold(tally)
        queue = in_order(self._store.pending(), tally.trusted)
        return due(queue, self._clock(), self._store.closed_channels())

    def _fold(self, tally: Tally) -> None:
        for ids in bursts(self._store.pending(), tally.trusted):
            named = [self._store.load(name).notification for name in ids[:MOST_NAMED]]
            self._store.fold(digest(ids, named), ids, self._clock())

    def _must_wait(self, queued: Queued, closed: set[str], tally: Tally) -> bool:
        """Whether so much went through the channel that this one is for a later poll."""
        if _STRANGERS in closed and queued.cause not in tally.trusted:
            return True
        channel, now = self._channels[queued.channel], self._clock()
        through = [delivered for delivered in self._store.delivered(now) if delivered.channel == channel.name]
        opens = opens_at([delivered.at for delivered in through], now, channel.limits)
        if opens is not None:
            closed.add(channel.name)
            if opens - now > MINUTE:
                words = f"{channel.limits.per_day} messages went out through {channel.name} within 24 hours"
                tally.problem("outbox", f"{words}; the next one may go at {opens:%Y-%m-%d %H:%M} UTC")
            return True
        if queued.cause in tally.trusted:
            return False
        strangers = [delivered.at for delivered in through if delivered.cause not in tally.trusted]
        share = share_of_strangers(channel.limits)
        opens = opens_at(strangers, now, share)
        if opens is not None:
            closed.add(_STRANGERS)
            words = f"{share.per_day} messages about peers who are not accepted went out within 24 hours"
            tally.problem("outbox", f"{words}; the next one may go at {opens:%Y-%m-%d %H:%M} UTC")
        return opens is not None

    def _try(self, queued: Queued, closed: set[str], tally: Tally) -> OutcomeKind:
        """Write down that we try, try, write down what came of it: in this order a crash loses nothing."""
        self.sending = True
        try:
            pending = self._store.attempt(queued.id)
            channel = self._channels[queued.channel]
            outcome = deliver(pending, self._message, channel, self._clock(), self._jitter())
            tally.sent += outcome.kind is OutcomeKind.SENT
            tally.given_up += outcome.kind is OutcomeKind.DEAD
            if outcome.credential:
                tally.credentials[channel.name] = outcome.fault
                tally.reporter.problem(channel.name, outcome.fault)
            else:
                tally.reporter.attempted(pending.notification, outcome)
            if outcome.credential or outcome.rate_limited:
                closed.add(channel.name)
            self._store.settle(queued.id, outcome)
        finally:
            self.sending = False
        return outcome.kind

    def _message(self, pending: Pending) -> Message:
        notification = pending.notification
        preview, conversation = self._store.preview(notification), self._store.conversation(notification)
        return self._compose(notification, preview, conversation, self._clock())
