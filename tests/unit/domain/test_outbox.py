"""What is due, when to try again, when to give up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syft_notify.domain.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    MissingFault,
    RateLimitedFault,
    RejectedFault,
    ScopeFault,
    TooLargeFault,
    TransientFault,
)
from syft_notify.domain.model import Kind, OutcomeKind, Pause, Pending, PendingState
from syft_notify.domain.outbox import after_fault, due, opens_at, pause
from syft_notify.domain.ports import Limits
from tests.facts import lacking
from tests.unit.makers import MINUTE, NOW, job_event, routed

HOUR = timedelta(hours=1)


def pending(kind: Kind = Kind.JOB_APPROVED, job: str = "sales", **changes: object) -> Pending:
    return replace(Pending(routed(job_event(kind, job))[1][0], NOW), **changes)  # type: ignore[arg-type]


FIRST, SECOND = Kind.JOB_APPROVED, Kind.JOB_EXECUTED
WAITS, OVER = Pause(NOW, NOW + MINUTE), Pause(NOW - MINUTE, NOW)


def digest(*jobs: str, **changes: object) -> Pending:
    """One mail about these jobs, of the kind that comes first."""
    members = tuple(pending(FIRST, job).notification for job in jobs)
    combined = replace(members[0], id="d", event_key=f"digest of {' and '.join(jobs)}", members=members)
    return replace(pending(**changes), notification=combined)


def elsewhere(kind: Kind, job: str) -> Pending:
    """A mail that another channel carries."""
    made = pending(kind, job)
    return replace(made, notification=replace(made.notification, channel="telegram"))


# (the situation, the outbox, the closed channels, what is due)
ORDER = [
    ("all goes in the order in which it came", [pending(job="b"), pending(job="a")], {},
     ["b:job_approved", "a:job_approved"]),
    ("a later mail does not overtake one of its conversation that waits",
     [pending(FIRST, "a", pause=WAITS), pending(SECOND, "a"), pending(FIRST, "b")], {}, ["b:job_approved"]),
    ("a mail whose time has come goes before the later one of its conversation",
     [pending(FIRST, "a", pause=OVER), pending(SECOND, "a")], {}, ["a:job_approved", "a:job_executed"]),
    ("a third mail does not overtake a second one that is held up",
     [pending(FIRST, "a", pause=WAITS), pending(SECOND, "a"), pending(Kind.JOB_REJECTED, "a")], {}, []),
    ("a later mail that waits holds up no earlier one",
     [pending(FIRST, "a"), pending(SECOND, "a", pause=WAITS)], {}, ["a:job_approved"]),
    ("a mail that may have arrived holds its conversation up as any other",
     [pending(FIRST, "a", state=PendingState.AMBIGUOUS, pause=WAITS), pending(SECOND, "a")], {}, []),
    ("a mail that was given up is never due and holds nobody up",
     [pending(FIRST, "a", state=PendingState.DEAD, pause=WAITS), pending(SECOND, "a")], {}, ["a:job_executed"]),
    ("the conversation of another person about the same job goes on",
     [replace(pending(Kind.JOB_SUBMITTED, "a"), pause=WAITS), pending(SECOND, "a")], {}, ["a:job_executed"]),
    ("a channel that wants to be left alone is left alone, and no other",
     [pending(FIRST, "a"), pending(FIRST, "b"), elsewhere(FIRST, "c")], {"gmail": WAITS}, ["c:job_approved"]),
    ("a channel is asked again when its time has come", [pending(FIRST, "a")], {"gmail": OVER}, ["a:job_approved"]),
    ("a digest waits behind an earlier mail about any of its jobs",
     [pending(FIRST, "a", pause=WAITS), digest("b", "a")], {}, []),
    ("a mail about any job of a digest waits behind it",
     [digest("a", "b", pause=WAITS), pending(SECOND, "a"), pending(SECOND, "b"), pending(SECOND, "c")], {},
     ["c:job_executed"]),
    ("a digest that is held up holds up what follows about its other jobs",
     [pending(FIRST, "a", pause=WAITS), digest("a", "b"), pending(SECOND, "b")], {}, []),
    ("a digest holds up no digest about other jobs", [digest("a", "b", pause=WAITS), digest("c", "d")], {},
     ["digest of c and d"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "outbox", "closed", "expected"), ORDER, ids=[row[0] for row in ORDER])
def test_due_is(why, outbox, closed, expected):
    assert [one.notification.event_key.removeprefix("job:") for one in due(outbox, NOW, closed)] == expected


@pytest.mark.parametrize("state", [PendingState.PENDING, PendingState.DEFERRED, PendingState.AMBIGUOUS])
def test_what_waits_for_its_time_is_due_exactly_then(state):
    assert list(due([pending(state=state, pause=WAITS)], NOW, {})) == []
    assert len(list(due([pending(state=state, pause=OVER)], NOW, {}))) == 1


def test_the_pause_grows_from_half_a_minute_to_an_hour_and_no_further():
    full = [pause(attempts, 0.999999) for attempts in (1, 2, 3, 8, 1000)]
    assert [round(p.total_seconds()) for p in full] == [30, 60, 120, 3600, 3600]
    assert pause(1, 0.0) == timedelta(seconds=15)


SOON, LATER = NOW + timedelta(seconds=15), NOW + HOUR
RETRY, AMBIGUOUS, DEAD = OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS, OutcomeKind.DEAD

# (the situation, the fault, what it means for the first attempt, when the next one may be, what for the last attempt)
VERDICTS = [
    ("what may pass is tried again and given up in the end", TransientFault("x"), RETRY, SOON, DEAD),
    ("what is not there now may be there later", MissingFault("x"), RETRY, SOON, DEAD),
    ("what may have arrived is tried again as such", AmbiguousFault("x"), AMBIGUOUS, SOON, DEAD),
    ("what is refused is never tried again", RejectedFault("x"), DEAD, None, DEAD),
    ("what is too large is never tried again", TooLargeFault("x"), DEAD, None, DEAD),
    ("a dead token gives no mail up", CredentialFault("x"), RETRY, None, RETRY),
    ("a token that lacks a scope gives no mail up", ScopeFault("x"), RETRY, None, RETRY),
    ("a limit gives no mail up", RateLimitedFault("x"), RETRY, SOON, RETRY),
    ("a limit lasts until the service says", RateLimitedFault("x", until=LATER), RETRY, LATER, RETRY),
    ("a limit that is over is no reason to hurry", RateLimitedFault("x", until=NOW), RETRY, SOON, RETRY),
    ("a limit lasts no longer than a day", RateLimitedFault("x", until=NOW + timedelta(days=9)), RETRY,
     NOW + timedelta(days=1), RETRY),
]  # fmt: skip
EACH_VERDICT = pytest.mark.parametrize(
    ("why", "fault", "first", "retry_at", "last"), VERDICTS, ids=[row[0] for row in VERDICTS]
)
BEFORE = pytest.mark.parametrize("state", [PendingState.PENDING, PendingState.DEFERRED, PendingState.AMBIGUOUS])
FIVE_DAYS = timedelta(days=5)
# (attempts, how long after the admission) just before a mail may be given up.
NOT_YET = [(19, FIVE_DAYS), (3, FIVE_DAYS * 10), (20, FIVE_DAYS - timedelta(seconds=1)), (200, FIVE_DAYS - MINUTE)]


def test_every_class_of_fault_has_a_verdict():
    def classes(fault: type[Fault]) -> set[type[Fault]]:
        return {fault}.union(*map(classes, fault.__subclasses__()))

    assert {type(row[1]) for row in VERDICTS} == classes(Fault) - {Fault}


class TestVerdicts:
    @EACH_VERDICT
    @BEFORE
    def test_of_the_first_attempt(self, why, fault, first, retry_at, last, state):
        outcome = after_fault(fault, pending(state=state, attempts=1), NOW, jitter=0.0)
        assert (outcome.kind, outcome.retry_at, outcome.fault) == (first, retry_at, "x.")

    @EACH_VERDICT
    @BEFORE
    @pytest.mark.parametrize(("attempts", "age"), NOT_YET)
    def test_of_an_attempt_just_before_the_last(self, why, fault, first, retry_at, last, state, attempts, age):
        """A computer that slept, or a clock that was wrong: five days are not five days of tries."""
        assert after_fault(fault, pending(state=state, attempts=attempts), NOW + age, 0.0).kind is first

    @EACH_VERDICT
    @BEFORE
    def test_of_the_last_attempt(self, why, fault, first, retry_at, last, state):
        outcome = after_fault(fault, pending(state=state, attempts=20), NOW + FIVE_DAYS, 0.0)
        assert outcome.kind is last
        assert lacking(outcome.fault, "x", *(("20 times", "5 days") if last is not first else ())) == []

    @EACH_VERDICT
    def test_says_whether_the_whole_channel_is_concerned(self, why, fault, first, retry_at, last):
        outcome = after_fault(fault, pending(attempts=1), NOW, 0.0)
        assert outcome.credential == isinstance(fault, CredentialFault)
        assert outcome.rate_limited == isinstance(fault, RateLimitedFault)


class TestLimits:
    def opens(self, *ago: timedelta, cap: int | None = 450, minute: int | None = 60) -> datetime | None:
        return opens_at(sorted(NOW - one for one in ago), NOW, Limits(minute, cap))

    def test_without_limits_everything_goes_at_once(self):
        assert self.opens(*[timedelta(0)] * 1000, cap=None, minute=None) is None

    def test_sixty_go_in_a_minute(self):
        second = timedelta(seconds=1)
        assert self.opens(*[second] * 59) is None
        assert self.opens(MINUTE / 2, *[second] * 59) == NOW + MINUTE / 2
        assert self.opens(MINUTE, *[second] * 59) is None

    def test_no_more_than_the_cap_go_in_a_day(self):
        assert self.opens(HOUR, 2 * HOUR, 3 * HOUR, cap=3) == NOW + 21 * HOUR
        assert self.opens(HOUR, 2 * HOUR, cap=3) is None
        assert self.opens(HOUR, 2 * HOUR, 24 * HOUR, cap=3) is None

    def test_what_a_wrong_clock_says_was_sent_tomorrow_holds_nothing_up(self):
        assert self.opens(*[-HOUR] * 100, cap=3) is None
