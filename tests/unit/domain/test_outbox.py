"""What is due, when to try again, when to give up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from syft_notify.domain.kinds import Kind
from syft_notify.domain.notifications import OutcomeKind, Pause, Pending, PendingState, Queued
from syft_notify.domain.outbox import after_fault, due, in_order, opens_at, pause, share_of_strangers
from syft_notify.domain.ports import Limits
from tests.facts import lacking
from tests.unit.makers import DS, MINUTE, NOW, job_event, routed

HOUR = timedelta(hours=1)


def pending(kind: Kind = Kind.JOB_APPROVED, job: str = "sales", **changes: object) -> Pending:
    return replace(Pending(routed(job_event(kind, job))[1][0], NOW), **changes)  # type: ignore[arg-type]


def queued(kind: Kind = Kind.JOB_APPROVED, *jobs: str, **changes: Any) -> Queued:
    """One mail about these jobs, to the first whom this kind is told; of several a digest."""
    notification = routed(job_event(kind, jobs[0]))[1][0]
    made = Queued(
        id=f"{kind.value} of {' and '.join(jobs)}",
        channel=notification.channel,
        recipient=notification.recipient,
        role=notification.role,
        kind=kind,
        template=notification.template,
        cause=notification.facts.ds,
        conversations=frozenset(f"{notification.recipient} {job}" for job in jobs),
        admitted_at=NOW,
    )
    return replace(made, **changes)


FIRST, SECOND = Kind.JOB_APPROVED, Kind.JOB_EXECUTED
WAITS, OVER = Pause(NOW, NOW + MINUTE), Pause(NOW - MINUTE, NOW)


# (the situation, the outbox, the closed channels, what is due)
ORDER = [
    ("all goes in the order in which it came", [queued(FIRST, "b"), queued(FIRST, "a")], {},
     ["job_approved of b", "job_approved of a"]),
    ("a later mail does not overtake one of its conversation that waits",
     [queued(FIRST, "a", pause=WAITS), queued(SECOND, "a"), queued(FIRST, "b")], {}, ["job_approved of b"]),
    ("a mail whose time has come goes before the later one of its conversation",
     [queued(FIRST, "a", pause=OVER), queued(SECOND, "a")], {}, ["job_approved of a", "job_executed of a"]),
    ("a third mail does not overtake a second one that is held up",
     [queued(FIRST, "a", pause=WAITS), queued(SECOND, "a"), queued(Kind.JOB_REJECTED, "a")], {}, []),
    ("a later mail that waits holds up no earlier one",
     [queued(FIRST, "a"), queued(SECOND, "a", pause=WAITS)], {}, ["job_approved of a"]),
    ("a mail that may have arrived holds its conversation up as any other",
     [queued(FIRST, "a", state=PendingState.AMBIGUOUS, pause=WAITS), queued(SECOND, "a")], {}, []),
    ("a mail that was given up is never due and holds nobody up",
     [queued(FIRST, "a", state=PendingState.DEAD, pause=WAITS), queued(SECOND, "a")], {}, ["job_executed of a"]),
    ("a mail that was withdrawn is never due and holds nobody up",
     [queued(FIRST, "a", state=PendingState.WITHDRAWN, pause=WAITS), queued(SECOND, "a")], {}, ["job_executed of a"]),
    ("the conversation of another person about the same job goes on",
     [queued(Kind.JOB_SUBMITTED, "a", pause=WAITS), queued(SECOND, "a")], {}, ["job_executed of a"]),
    ("a channel that wants to be left alone is left alone, and no other",
     [queued(FIRST, "a"), queued(FIRST, "b"), queued(FIRST, "c", channel="telegram")], {"gmail": WAITS},
     ["job_approved of c"]),
    ("a channel is asked again when its time has come", [queued(FIRST, "a")], {"gmail": OVER}, ["job_approved of a"]),
    ("a digest waits behind an earlier mail about any of its jobs",
     [queued(FIRST, "a", pause=WAITS), queued(FIRST, "b", "a")], {}, []),
    ("a mail about any job of a digest waits behind it",
     [queued(FIRST, "a", "b", pause=WAITS), queued(SECOND, "a"), queued(SECOND, "b"), queued(SECOND, "c")], {},
     ["job_executed of c"]),
    ("a digest that is held up holds up what follows about its other jobs",
     [queued(FIRST, "a", pause=WAITS), queued(FIRST, "a", "b"), queued(SECOND, "b")], {}, []),
    ("a digest holds up no digest about other jobs",
     [queued(FIRST, "a", "b", pause=WAITS), queued(FIRST, "c", "d")], {}, ["job_approved of c and d"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "outbox", "closed", "expected"), ORDER, ids=[row[0] for row in ORDER])
def test_due_is(why, outbox, closed, expected):
    assert [one.id for one in due(outbox, NOW, closed)] == expected


NEW, ANNA, MALLORY = Kind.JOB_SUBMITTED, "anna@example.org", "mallory@example.org"


def caused(ds: str, kind: Kind, *jobs: str) -> Queued:
    """What this DS caused."""
    return queued(kind, *jobs, cause=ds)


# (the situation, the outbox, what goes in which order, when Anna and `DS` are accepted)
TURNS = [
    ("the owner hears first, and about accepted peers first of all",
     [caused(MALLORY, FIRST, "m"), caused(MALLORY, NEW, "x"), caused(ANNA, FIRST, "b"), caused(ANNA, NEW, "a")],
     ["job_submitted of a", "job_submitted of x", "job_approved of m", "job_approved of b"]),
    ("peers take turns",
     [caused(MALLORY, NEW, "1"), caused(MALLORY, NEW, "2"), caused(MALLORY, NEW, "3"), caused("eve@x.org", NEW, "4")],
     ["job_submitted of 1", "job_submitted of 4", "job_submitted of 2", "job_submitted of 3"]),
    ("within a conversation the order stays",
     [caused(ANNA, NEW, "a"), caused(ANNA, Kind.JOB_FAILED, "a"), caused(DS, NEW, "b"), caused(DS, NEW, "c")],
     ["job_submitted of a", "job_submitted of b", "job_failed of a", "job_submitted of c"]),
    ("what follows a digest of strangers in a conversation does not overtake it",
     [caused(MALLORY, NEW, "m", "a"), caused(ANNA, Kind.JOB_FAILED, "a"), caused(ANNA, NEW, "b")],
     ["job_submitted of b", "job_submitted of m and a", "job_failed of a"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "outbox", "expected"), TURNS, ids=[row[0] for row in TURNS])
def test_the_order_of_sending_is(why, outbox, expected):
    assert [one.id for one in in_order(outbox, {ANNA, DS})] == expected


kinds = st.sampled_from([NEW, FIRST, SECOND, Kind.JOB_FAILED])
mails = st.builds(
    lambda ds, kind, jobs: caused(ds, kind, *jobs),
    st.sampled_from([ANNA, MALLORY, DS]),
    kinds,
    st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True),
)


@given(st.lists(mails, max_size=12))
def test_nothing_is_lost_and_no_conversation_changes_its_order(outbox):
    ordered = in_order(outbox, {ANNA})
    assert sorted(map(id, ordered)) == sorted(map(id, outbox))
    for name in {name for mail in outbox for name in mail.conversations}:
        before, after = ([id(mail) for mail in mails if name in mail.conversations] for mails in (outbox, ordered))
        assert before == after


@pytest.mark.parametrize("state", [PendingState.PENDING, PendingState.DEFERRED, PendingState.AMBIGUOUS])
def test_what_waits_for_its_time_is_due_exactly_then(state):
    assert list(due([queued(FIRST, "a", state=state, pause=WAITS)], NOW, {})) == []
    assert len(list(due([queued(FIRST, "a", state=state, pause=OVER)], NOW, {}))) == 1


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

    def test_strangers_together_have_a_fifth_of_a_day(self):
        assert share_of_strangers(Limits(60, 450)) == Limits(None, 90)
        assert share_of_strangers(Limits(60, 3)) == Limits(None, 1)
        assert share_of_strangers(Limits(60, None)) == Limits()
