"""What is due, when to try again, when to give up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syft_notify.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    MissingFault,
    RateLimitedFault,
    RejectedFault,
    TransientFault,
)
from syft_notify.model import Kind, OutcomeKind, Pause, Pending, PendingState
from syft_notify.pipeline.outbox import after_fault, due, opens_at, pause
from tests.facts import lacking
from tests.unit.makers import MINUTE, NOW, job_event, routed

HOUR = timedelta(hours=1)


def pending(kind: Kind = Kind.JOB_APPROVED, job: str = "sales", **changes: object) -> Pending:
    return replace(Pending(routed(job_event(kind, job))[1][0], NOW), **changes)  # type: ignore[arg-type]


def keys(outbox: list[Pending]) -> list[str]:
    return [p.notification.event_key for p in due(outbox, NOW, {})]


def test_everything_is_due_in_the_order_in_which_it_came():
    assert keys([pending(job="a"), pending(job="b")]) == ["job:a:job_approved", "job:b:job_approved"]


@pytest.mark.parametrize("state", [PendingState.PENDING, PendingState.DEFERRED, PendingState.AMBIGUOUS])
def test_what_waits_for_its_time_is_due_exactly_then(state):
    assert keys([pending(state=state, pause=Pause(NOW, NOW + MINUTE))]) == []
    assert len(keys([pending(state=state, pause=Pause(NOW - MINUTE, NOW))])) == 1


def test_a_dead_notification_is_never_due_and_holds_nobody_up():
    assert keys([pending(state=PendingState.DEAD), pending(Kind.JOB_EXECUTED)]) == ["job:sales:job_executed"]


def test_a_later_mail_does_not_overtake_an_earlier_one_of_its_conversation():
    outbox = [pending(pause=Pause(NOW, NOW + MINUTE)), pending(Kind.JOB_EXECUTED), pending(job="other")]
    assert keys(outbox) == ["job:other:job_approved"]


def test_the_pause_grows_from_half_a_minute_to_an_hour_and_no_further():
    full = [pause(attempts, 0.999999) for attempts in (1, 2, 3, 8, 1000)]
    assert [round(p.total_seconds()) for p in full] == [30, 60, 120, 3600, 3600]
    assert pause(1, 0.0) == timedelta(seconds=15)


@pytest.mark.parametrize(
    ("fault", "kind", "retry_at"),
    [
        (TransientFault("x"), OutcomeKind.RETRY, NOW + timedelta(seconds=15)),
        (AmbiguousFault("x"), OutcomeKind.AMBIGUOUS, NOW + timedelta(seconds=15)),
        (RateLimitedFault("x", until=NOW + HOUR), OutcomeKind.RETRY, NOW + HOUR),
        (RateLimitedFault("x", until=NOW), OutcomeKind.RETRY, NOW + timedelta(seconds=15)),
        (RateLimitedFault("x"), OutcomeKind.RETRY, NOW + timedelta(seconds=15)),
        (RejectedFault("x"), OutcomeKind.DEAD, None),
        (MissingFault("x"), OutcomeKind.RETRY, NOW + timedelta(seconds=15)),
        (CredentialFault("x"), OutcomeKind.RETRY, None),
    ],
)
def test_each_class_of_fault_has_its_outcome(fault: Fault, kind, retry_at):
    outcome = after_fault(fault, pending(attempts=1), NOW, jitter=0.0)
    assert (outcome.kind, outcome.retry_at, outcome.fault) == (kind, retry_at, "x.")


@pytest.mark.parametrize("fault", [TransientFault("x"), AmbiguousFault("x")])
def test_a_mail_is_given_up_after_five_days_of_tries(fault):
    late = NOW + timedelta(days=5)
    assert after_fault(fault, pending(attempts=200), late - MINUTE, 0.0).kind is not OutcomeKind.DEAD
    outcome = after_fault(fault, pending(attempts=200), late, 0.0)
    assert outcome.kind is OutcomeKind.DEAD
    assert lacking(outcome.fault, "x", "200 times", "5 days") == []


def test_a_mail_that_waited_while_nothing_could_be_tried_is_not_given_up():
    """A computer that slept, or a clock that was set wrong: five days are not five days of tries."""
    assert after_fault(TransientFault("x"), pending(attempts=3), NOW + timedelta(days=50), 0.0).retry_at


def test_a_dead_token_and_a_limit_give_no_mail_up():
    for fault in (CredentialFault("x"), RateLimitedFault("x")):
        outcome = after_fault(fault, pending(attempts=200), NOW + timedelta(days=50), 0.0)
        assert outcome.kind is OutcomeKind.RETRY


class TestLimits:
    def opens(self, *ago: timedelta, cap: int = 450) -> datetime | None:
        return opens_at(sorted(NOW - one for one in ago), NOW, cap)

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


class TestDigestsInTheOutbox:
    def digest(self, *jobs: str) -> Pending:
        members = tuple(pending(job=job).notification for job in jobs)
        return replace(pending(), notification=replace(members[0], id="d", event_key="digest", members=members))

    def test_it_waits_behind_an_earlier_mail_about_one_of_its_jobs(self):
        assert keys([pending(job="a", pause=Pause(NOW, NOW + MINUTE)), self.digest("b", "a")]) == []

    def test_later_mails_about_its_jobs_wait_behind_it(self):
        waiting = replace(self.digest("a", "b"), pause=Pause(NOW, NOW + MINUTE))
        later = [pending(Kind.JOB_EXECUTED, job) for job in ("a", "b", "c")]
        assert keys([waiting, *later]) == ["job:c:job_executed"]


def test_faults_of_the_whole_channel_are_told_apart_from_those_of_one_mail():
    outcomes = {
        type(fault): after_fault(fault, pending(attempts=1), NOW, 0.0)
        for fault in (TransientFault("x"), RejectedFault("x"), CredentialFault("x"), RateLimitedFault("x"))
    }
    assert [t for t, o in outcomes.items() if o.credential] == [CredentialFault]
    assert [t for t, o in outcomes.items() if o.rate_limited] == [RateLimitedFault]
