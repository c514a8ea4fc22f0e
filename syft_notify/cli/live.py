"""What a person sees while polls go on: a line for what was found and for what was sent, nothing when idle."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.ids import text_of
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Facts, JobFacts
from syft_notify.domain.notifications import Message, Notification, Outcome, OutcomeKind
from syft_notify.domain.text import plain
from syft_notify.engine.problems import ProblemTracker

log = logging.getLogger(__name__)

INDENT = " " * 10


class LiveReporter:
    """Tells polls to a person through `say`. A problem that lasts is told twice: when it begins and when it is over."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], datetime], *, verbose: bool = False) -> None:
        """`clock` gives local time; `verbose` also tells why nothing is sent."""
        self._say = say
        self._clock = clock
        self._verbose = verbose
        self._problems = ProblemTracker()

    def end(self) -> None:
        """A poll ended: problems that did not come back are over."""
        for text in self._problems.end_poll():
            log.info("over: %s", text)
            self._say(f"{self._stamp()}  over: {text}")

    def saw(self, event: Event, decision: Decision) -> None:
        """An event was found."""
        log.debug("%s: %s", text_of(event.id), decision.value)
        if decision is Decision.SEND:
            self._say(f"{self._stamp()}  {event_in_words(event)}")
        elif self._verbose:
            self._say(f"{self._stamp()}  {event_in_words(event)} ({decision.value}: nothing to send)")

    def withheld(self, notification: Notification, decision: Decision) -> None:
        """A notification is not sent."""
        log.info("%s to %s withheld: %s", notification.mark[1], notification.recipient, decision.value)
        if self._verbose or decision in (Decision.UNVERIFIED_SENDER, Decision.UNREACHABLE_ADDRESS):
            self._say(f"{INDENT}not told to {plain(notification.recipient)}: {decision.value}")

    def would_send(self, message: Message) -> None:
        """In a dry run."""
        self._say(f"{INDENT}would send to {plain(message.to)}: {plain(message.headline)}")

    def attempted(self, notification: Notification, outcome: Outcome) -> None:
        """A delivery was tried."""
        to = plain(notification.recipient)
        if outcome.kind is OutcomeKind.SENT:
            self._say(f"{INDENT}sent to {to}: {_in_words(notification.kind, notification.facts)}")
            return
        what = f"{_in_words(notification.kind, notification.facts)}, to {to}"
        if outcome.kind is OutcomeKind.DEAD:
            self._say(f"{INDENT}given up: {what}. {plain(outcome.fault, 400)}")
        else:
            again = (
                f"again at {outcome.retry_at.astimezone():%H:%M:%S}" if outcome.retry_at else "again at the next poll"
            )
            maybe = " (it may have arrived all the same)" if outcome.kind is OutcomeKind.AMBIGUOUS else ""
            self._say(f"{INDENT}not sent, {again}: {what}{maybe}. {plain(outcome.fault, 400)}")

    def problem(self, source: str, problem: str) -> None:
        """A look failed, was incomplete, or met something it cannot understand."""
        self._tell_once(f"{source}: {plain(problem, 400)}")

    def _tell_once(self, text: str) -> None:
        if self._problems.is_new(text):
            log.info("%s", text)
            self._say(f"{self._stamp()}  {text}")

    def _stamp(self) -> str:
        return f"{self._clock():%H:%M:%S}"


def event_in_words(event: Event) -> str:
    """`new job: sales_analysis from ds@example.org`, in visible characters only."""
    return _in_words(event.kind, event.facts)


def _in_words(kind: Kind, facts: Facts) -> str:
    subject = f": {plain(facts.job, 120)} from" if isinstance(facts, JobFacts) else ":"
    return f"{CATALOGUE[kind].live}{subject} {plain(facts.ds) or 'an unknown sender'}"
