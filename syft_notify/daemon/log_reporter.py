"""Tells polls to the log."""

from __future__ import annotations

import logging

from syft_notify.domain.model import Decision, Event, Facts, JobFacts
from syft_notify.domain.notifications import Message, Notification, Outcome, OutcomeKind
from syft_notify.engine.problems import ProblemTracker

log = logging.getLogger(__name__)


class LogReporter:
    """What happened and what was sent, at INFO; what was not, as warnings. Addresses and job names only."""

    def __init__(self) -> None:
        self._problems = ProblemTracker()

    def saw(self, event: Event, decision: Decision) -> None:
        """An event was found."""
        log.info("found %s (%s): %s", event.kind.value, _about(event.facts), decision.value)

    def withheld(self, notification: Notification, decision: Decision) -> None:
        """A notification is not sent."""
        log.info("%s to %s withheld: %s", notification.mark[1], notification.recipient, decision.value)

    def would_send(self, message: Message) -> None:
        """In a dry run."""
        log.info("would send %r to %s", message.headline, message.to)

    def attempted(self, notification: Notification, outcome: Outcome) -> None:
        """A delivery was tried."""
        about = _about(notification.facts)
        if outcome.kind is OutcomeKind.SENT:
            log.info("sent %s to %s (%s)", notification.kind.value, notification.recipient, about)
        else:
            what = (notification.kind.value, notification.recipient, about, outcome.kind.value, outcome.fault)
            log.warning("%s to %s (%s): %s. %s", *what)

    def problem(self, source: str, problem: str) -> None:
        """A look failed or was incomplete; one that lasts is told when it begins and when it is over."""
        if self._problems.is_new(f"{source}: {problem}"):
            log.warning("%s: %s", source, problem)

    def end(self) -> None:
        """A poll ended."""
        for text in self._problems.end_poll():
            log.info("over: %s", text)


def _about(facts: Facts) -> str:
    return f"job {facts.job}" if isinstance(facts, JobFacts) else f"peer {facts.ds}"
