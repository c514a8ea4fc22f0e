"""One pass of the line, from looking to remembering; the only place that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Protocol

from syft_notify.domain.digest import digests
from syft_notify.domain.errors import CredentialFault, Fault, UserError
from syft_notify.domain.model import (
    Decision,
    Event,
    Message,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    Pending,
    PendingState,
    PollReport,
    Preview,
    Scan,
    ThreadRef,
)
from syft_notify.domain.outbox import MINUTE, due, opens_at
from syft_notify.domain.ports import Channel, Clock, Reporter, Source
from syft_notify.domain.routing import Router
from syft_notify.engine.deliver import deliver
from syft_notify.store.ledger import Admission, Ledger

log = logging.getLogger(__name__)

_DRIVE = "drive"  # what all monitors need the one token for
_STATE = "state"


class Compose(Protocol):
    """Writes the message of a notification."""

    def __call__(
        self, notification: Notification, preview: Preview | None, thread: ThreadRef, now: datetime, /
    ) -> Message: ...


@dataclass
class _Tally:
    """What is counted while a poll goes on."""

    started: datetime
    events: int = 0
    sent: int = 0
    given_up: int = 0
    by_feed: int = 0
    by_reconcile: int = 0
    problems: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    credentials: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, Sequence[tuple[Notification, Decision]]] = field(default_factory=dict)  # by the event's key


class Poll:
    """Looks with every monitor, keeps what is new, and sends what is due.

    In a dry run the narrator hears what would be sent, and nothing is tried.
    `sending` is true while a mail is in hand, which a stop must wait for.
    """

    def __init__(
        self,
        *,
        sources: Sequence[Source[Any]],
        router: Router,
        compose: Compose,
        channels: Mapping[str, Channel],
        ledger: Ledger,
        clock: Clock,
        jitter: Callable[[], float],
        reconcile_interval: timedelta,
        dry_run: bool = False,
    ) -> None:
        """`reconcile_interval` is after how long a look trusts nothing that was seen before; the first never does."""
        self._monitors = sources
        self._router = router
        self._compose = compose
        self._channels = channels
        self._ledger = ledger
        self._clock = clock
        self._jitter = jitter
        self._dry_run = dry_run
        self._reconcile_interval = reconcile_interval
        self._reconciled_at: datetime | None = None
        self.sending = False

    def __call__(self, reporter: Reporter, wanted: Callable[[], bool] = lambda: True) -> PollReport:
        """One pass. Monitors fail alone; whatever one brought is told even if another failed.

        `wanted` is asked before each send, so that a stop waits for one mail and not for all.
        """
        tally = self._begin(reporter)
        look = self._next_look(tally.started)
        found = [self._look(look, monitor, reporter, tally) for monitor in self._monitors]
        return self._finish(found, reporter, wanted, tally)

    def tell(self, events: Sequence[Event], reporter: Reporter) -> PollReport:
        """Keep and send events that a person asks to tell; what was kept quietly before is told now."""
        tally = self._begin(reporter)
        for event in events:
            self._ledger.reopen(event.key)
        return self._finish([self._admit(Observation(), events, reporter, tally)], reporter, lambda: True, tally)

    def _next_look(self, now: datetime) -> Scan:
        """A thorough one when it is time, or when the clock was set back."""
        last = self._reconciled_at
        full = last is None or not last <= now < last + self._reconcile_interval
        if full:
            self._reconciled_at = now
        return Scan(full)

    def _begin(self, reporter: Reporter) -> _Tally:
        tally = _Tally(self._clock())
        if notice := self._ledger.refresh(tally.started):
            self._trouble(_STATE, notice, reporter, tally)
        return tally

    def _finish(
        self, found: Sequence[Sequence[Admission]], reporter: Reporter, wanted: Callable[[], bool], tally: _Tally
    ) -> PollReport:
        """Keep what was found, in one write; then send, and write down what came of it."""
        try:
            self._keep(found, reporter, tally)
            if self._dry_run:
                self._preview_outbox(reporter, tally)
            else:
                self._send(reporter, wanted, tally)
            self._ledger.save()
        except UserError as error:
            self._trouble(_STATE, str(error), reporter, tally)
            self._reconciled_at = None  # what was seen may not have been kept: look at everything again
        outbox = self._ledger.pending()
        waiting = [pending for pending in outbox if pending.state is not PendingState.DEAD]
        return PollReport(
            started_at=tally.started,
            finished_at=self._clock(),
            events=tally.events,
            sent=tally.sent,
            undelivered=sum(bool(pending.last_fault) for pending in waiting),
            given_up=tally.given_up,
            pending=len(waiting),
            dead=len(outbox) - len(waiting),
            problems=tuple(tally.problems),
            credentials=tally.credentials,
            by_feed=tally.by_feed,
            by_reconcile=tally.by_reconcile,
        )

    def _look(self, look: Scan, monitor: Source[Any], reporter: Reporter, tally: _Tally) -> Sequence[Admission]:
        try:
            observation = monitor.observe(look, self._ledger)
            events = monitor.detect(observation, self._ledger, self._clock())
            admissions = self._admit(observation, events, reporter, tally)
        except Fault as fault:
            if isinstance(fault, CredentialFault):
                tally.credentials[_DRIVE] = str(fault)
            self._trouble(monitor.name, str(fault), reporter, tally)
            return []
        except Exception as error:
            # Data from outside may find a mistake of ours; the other monitor and the outbox must go on.
            log.exception("the %s monitor failed", monitor.name)
            self._trouble(monitor.name, f"it failed by a mistake of ours ({type(error).__name__})", reporter, tally)
            return []
        if observation.credential:
            tally.credentials[_DRIVE] = observation.credential
        if observation.doubtful:
            self._reconciled_at = None
        tally.by_feed += observation.by_feed
        tally.by_reconcile += observation.by_reconcile
        for problem in (*observation.problems, *monitor.failed):
            self._trouble(monitor.name, problem, reporter, tally)
        for skipped in observation.skipped:
            if skipped not in tally.skipped:  # both monitors see the same folders on Drive
                reporter.problem(monitor.name, skipped)
        tally.skipped.update(observation.skipped)
        return admissions

    def _admit(
        self, observation: Observation, events: Iterable[Event], reporter: Reporter, tally: _Tally
    ) -> Sequence[Admission]:
        """Events of the past go one by one and leave nothing here: at a first look there may be very many."""

        def offers() -> Iterator[tuple[Event, Sequence[Notification]]]:
            for event in events:
                made = self._router.route(event)
                if made.withheld and event.decision is Decision.SEND:
                    tally.withheld[event.key] = made.withheld
                yield event, made.notifications

        def past(event: Event) -> None:
            reporter.saw(event, Decision.BASELINE)

        return self._ledger.admit(observation, offers(), self._clock(), past)

    def _keep(self, found: Sequence[Sequence[Admission]], reporter: Reporter, tally: _Tally) -> None:
        """Raises `UserError` when it cannot be kept; then it was not seen, and is found again."""
        admitted = list(chain.from_iterable(found))
        for digest in digests(n for admission in admitted for n in admission.notifications):
            self._ledger.combine(digest)
        self._ledger.save()
        for admission in admitted:
            reporter.saw(admission.event, admission.decision)
            if admission.decision is Decision.SEND:
                tally.events += 1
                for notification, reason in tally.withheld.get(admission.event.key, ()):
                    reporter.withheld(notification, reason)

    def _trouble(self, source: str, problem: str, reporter: Reporter, tally: _Tally) -> None:
        tally.problems.append(f"{source}: {problem}")
        reporter.problem(source, problem)

    def _send(self, reporter: Reporter, wanted: Callable[[], bool], tally: _Tally) -> None:
        closed: set[str] = set()
        held: set[tuple[str, str]] = set()
        for waiting in self._due():
            notification = waiting.notification
            if not wanted():
                return
            channel = self._channel(notification)
            if channel.name in closed or held & notification.conversations:
                held |= notification.conversations
                continue
            if self._must_wait(channel, reporter, tally):
                closed.add(channel.name)
                held |= notification.conversations
                continue
            outcome = self._try(notification, channel, reporter, tally)
            if outcome.kind not in (OutcomeKind.SENT, OutcomeKind.DEAD):
                held |= notification.conversations
            if outcome.credential or outcome.rate_limited:
                closed.add(channel.name)

    def _channel(self, notification: Notification) -> Channel:
        """Its own or, where the config names another one since it was kept, that one."""
        return self._channels.get(notification.channel) or next(iter(self._channels.values()))

    def _must_wait(self, channel: Channel, reporter: Reporter, tally: _Tally) -> bool:
        """Whether so much went through the channel that the next message is for a later poll."""
        opens = opens_at(self._ledger.delivered(channel.name), self._clock(), channel.limits)
        if opens is not None and opens - self._clock() > MINUTE:
            waits = (
                f"{channel.limits.per_day} messages went out through {channel.name} within 24 hours; "
                f"the next one may go at {opens:%Y-%m-%d %H:%M} UTC"
            )
            self._trouble("outbox", waits, reporter, tally)
        return opens is not None

    def _try(self, notification: Notification, channel: Channel, reporter: Reporter, tally: _Tally) -> Outcome:
        """Write down that we try, try, write down what came of it: in this order a crash loses nothing.

        Raises `UserError` when the disk refuses.
        """
        self.sending = True
        try:
            pending = self._ledger.attempt(notification.id)
            outcome = deliver(pending, self._message, channel, self._clock(), self._jitter())
            self._count(notification, channel, outcome, reporter, tally)
            self._ledger.settle(notification.id, outcome)
        finally:
            self.sending = False
        return outcome

    def _count(
        self, notification: Notification, channel: Channel, outcome: Outcome, reporter: Reporter, tally: _Tally
    ) -> None:
        tally.sent += outcome.kind is OutcomeKind.SENT
        tally.given_up += outcome.kind is OutcomeKind.DEAD
        if outcome.credential:
            tally.credentials[channel.name] = outcome.fault
            reporter.problem(channel.name, outcome.fault)
        else:
            reporter.attempted(notification, outcome)

    def _message(self, pending: Pending) -> Message:
        notification = pending.notification
        preview = self._ledger.preview(notification.event_key)
        return self._compose(notification, preview, self._ledger.thread(notification), self._clock())

    def _preview_outbox(self, reporter: Reporter, tally: _Tally) -> None:
        for pending in self._due():
            try:
                reporter.would_send(self._message(pending))
            except Fault as fault:
                self._trouble("outbox", str(fault), reporter, tally)

    def _due(self) -> Iterator[Pending]:
        closed = {name: pause for name, pause in self._ledger.closed_channels().items() if name in self._channels}
        return due(self._ledger.pending(), self._clock(), closed)
