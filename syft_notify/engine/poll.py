"""One poll, from looking to remembering; the only place that knows the order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from syft_notify.domain.errors import CredentialFault, Fault, UserError
from syft_notify.domain.ids import EventId
from syft_notify.domain.model import Decision, Event, Observation, PollReport, Scan
from syft_notify.domain.notifications import Notification
from syft_notify.domain.ports import Clock, Reporter, Source
from syft_notify.domain.routing import Router
from syft_notify.engine.sender import Sender
from syft_notify.engine.tally import Tally
from syft_notify.store.store import Store

log = logging.getLogger(__name__)

_DRIVE = "drive"  # what all sources need the one token for
_STATE = "state"

Withheld = dict[EventId, Sequence[tuple[Notification, Decision]]]


class Poll:
    """Looks with every source, keeps what is new, and sends what is due.

    In a dry run the reporter hears what would be sent, and nothing is tried. The caller releases the store.
    """

    def __init__(
        self,
        *,
        sources: Sequence[Source[Any]],
        router: Router,
        store: Store,
        sender: Sender,
        clock: Clock,
        reconcile_interval: timedelta,
        dry_run: bool = False,
    ) -> None:
        """`reconcile_interval` is after how long a scan trusts nothing that was seen before; the first never does."""
        self._sources = sources
        self._router = router
        self._store = store
        self._sender = sender
        self._clock = clock
        self._dry_run = dry_run
        self._reconcile_interval = reconcile_interval
        self._reconciled_at: datetime | None = None
        self._trusted: frozenset[str] | None = None
        self._notice = ""

    def __call__(self, reporter: Reporter, wanted: Callable[[], bool] = lambda: True) -> PollReport:
        """One pass. Sources fail alone; whatever one brought is told even if another failed.

        `wanted` is asked before each send, so that a stop waits for one message and not for all.
        """
        tally = self._begin(reporter)
        scan = self._next_scan(tally.started)

        def work() -> None:
            for source in self._sources:
                self._look(scan, source, tally)
            self._send(wanted, tally)

        return self._end(work, tally)

    def check_state(self) -> None:
        """Read the state once, before the first poll, which reports what was wrong with it. Raises as `refresh`."""
        self._notice = self._store.refresh(self._clock())

    def tell(self, events: Sequence[Event], reporter: Reporter) -> PollReport:
        """Keep and send events that a person asks to tell; what was kept quietly before is told now."""
        tally = self._begin(reporter)

        def work() -> None:
            for event in events:
                self._store.reopen(event.id)
            self._admit(Observation(), events, tally)
            self._send(lambda: True, tally)

        return self._end(work, tally)

    def _next_scan(self, now: datetime) -> Scan:
        """A full one when it is time, or when the clock was set back."""
        last = self._reconciled_at
        full = last is None or not last <= now < last + self._reconcile_interval
        if full:
            self._reconciled_at = now
        return Scan(full)

    def _begin(self, reporter: Reporter) -> Tally:
        tally = Tally(reporter, self._clock())
        notices, self._notice = (self._notice, self._store.refresh(tally.started)), ""
        if notice := " ".join(filter(None, notices)):
            tally.problem(_STATE, notice)
        return tally

    def _end(self, work: Callable[[], None], tally: Tally) -> PollReport:
        """Do the work of a poll, and write down what it changed. The store stays open."""
        try:
            work()
            self._store.write_view()
            self._store.copy(self._clock())
        except UserError as error:
            tally.problem(_STATE, str(error))
            self._reconciled_at = None  # what was seen may not have been kept: look at everything again
        return tally.report(self._store.pending(), self._clock())

    def _look(self, scan: Scan, source: Source[Any], tally: Tally) -> None:
        """Raises `UserError` when what was found cannot be kept; then it was not seen, and is found again."""
        try:
            observation = source.observe(scan, self._store)
            self._admit(observation, source.detect(observation, self._store, self._clock()), tally)
        except Fault as fault:
            if isinstance(fault, CredentialFault):
                tally.credentials[_DRIVE] = str(fault)
            tally.problem(source.name, str(fault))
            return
        except UserError:
            raise
        except Exception as error:
            # Data from outside may find an error of ours; the other source and the outbox must go on.
            log.exception("the source of %s failed", source.name)
            tally.problem(source.name, f"internal error ({type(error).__name__})")
            return
        if observation.credential:
            tally.credentials[_DRIVE] = observation.credential
        if observation.doubtful:
            self._reconciled_at = None
        tally.observed(source.name, observation)
        for problem in source.failed:
            tally.problem(source.name, problem)
        if observation.trusted is not None:
            self._trusted = observation.trusted
            self._store.withdraw(observation.rejected)

    def _admit(self, observation: Observation, events: Iterable[Event], tally: Tally) -> None:
        """Events of the past go one by one and leave nothing here: at a first look there may be very many."""
        withheld: Withheld = {}

        def offers() -> Iterator[tuple[Event, Sequence[Notification]]]:
            for event in events:
                made = self._router.route(event)
                if made.withheld and event.decision is Decision.SEND:
                    withheld[event.id] = made.withheld
                yield event, made.notifications

        def past(event: Event) -> None:
            tally.reporter.saw(event, Decision.BASELINE)

        for admission in self._store.admit(observation, offers(), self._clock(), past):
            tally.reporter.saw(admission.event, admission.decision)
            if admission.decision is Decision.SEND:
                tally.events += 1
                for notification, reason in withheld.get(admission.event.id, ()):
                    tally.reporter.withheld(notification, reason)

    def _send(self, wanted: Callable[[], bool], tally: Tally) -> None:
        tally.trusted = self._store.granted() if self._trusted is None else self._trusted
        if self._dry_run:
            self._sender.rehearse(tally)
        else:
            self._sender.send(wanted, tally)
