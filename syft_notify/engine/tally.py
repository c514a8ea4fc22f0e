"""What is counted and told while a poll goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from syft_notify.domain.model import Observation, PollReport
from syft_notify.domain.notifications import PendingState, Queued
from syft_notify.domain.ports import Reporter


@dataclass
class Tally:
    """The report of a poll in the making; `reporter` hears of each problem at once.

    `trusted` are the accounts of those whom the owner accepted.
    """

    reporter: Reporter
    started: datetime
    trusted: frozenset[str] = frozenset()
    events: int = 0
    sent: int = 0
    given_up: int = 0
    by_feed: int = 0
    by_reconcile: int = 0
    problems: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    credentials: dict[str, str] = field(default_factory=dict)

    def problem(self, source: str, words: str) -> None:
        """Something went wrong, or cannot be seen."""
        self.problems.append(f"{source}: {words}")
        self.reporter.problem(source, words)

    def observed(self, source: str, observation: Observation) -> None:
        """What a source says of its look besides its events."""
        self.by_feed += observation.by_feed
        self.by_reconcile += observation.by_reconcile
        for problem in observation.problems:
            self.problem(source, problem)
        for skipped in observation.skipped:
            if skipped not in self.skipped:  # the sources see the same folders on Drive
                self.reporter.problem(source, skipped)
        self.skipped.update(observation.skipped)

    def report(self, queue: Iterable[Queued], now: datetime) -> PollReport:
        """What the poll did; `queue` is the outbox at its end."""
        outbox = [(queued.state, bool(queued.last_fault)) for queued in queue]
        waiting = [tried for state, tried in outbox if state.is_open]
        return PollReport(
            started_at=self.started,
            finished_at=now,
            events=self.events,
            sent=self.sent,
            undelivered=sum(waiting),
            given_up=self.given_up,
            pending=len(waiting),
            dead=sum(state is PendingState.DEAD for state, _ in outbox),
            problems=tuple(self.problems),
            credentials=self.credentials,
            by_feed=self.by_feed,
            by_reconcile=self.by_reconcile,
        )
