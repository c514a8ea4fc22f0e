"""The order of the pipeline: look, keep, send, remember; and what a failure in one place leaves alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    RateLimitedFault,
    RejectedFault,
    TransientFault,
)
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Observation
from syft_notify.domain.notifications import Message, PendingState, Queued
from syft_notify.domain.ports import Limits, Memory
from syft_notify.domain.routing import Router
from syft_notify.engine.poll import Poll
from syft_notify.engine.sender import Sender
from syft_notify.store.store import Store
from syft_notify.testing import FakeClock, MemoryChannel, RecordingReporter
from tests.facts import lacking
from tests.unit.makers import DO, DS, job_event, job_facts, peer_event

PEERS = frozenset({DS, *(f"ds{number}@example.org" for number in range(8))})


@dataclass
class ScriptedSource:
    """Finds what it was given; raises it when it is an exception."""

    name: str = "jobs"
    finds: list[Event] = field(default_factory=list)
    looks: Observation | Exception = field(default_factory=lambda: Observation(trusted=PEERS))
    failed: Sequence[str] = ()

    def observe(self, look, memory: Memory) -> Observation:
        if isinstance(self.looks, Exception):
            raise self.looks
        return self.looks

    def detect(self, observation: Observation, memory: Memory, now: datetime) -> Sequence[Event]:
        return [event for event in self.finds if not memory.seen(event.id)]


def compose(notification: Any, preview: Any, thread: Any, now: datetime) -> Message:
    if notification.facts.ds == "poison@example.org":
        raise RejectedFault("this mail cannot be written")
    return Message(notification.id, notification.recipient, "s", notification.template, "t", "", thread)


@dataclass
class Line:
    """A line with a scripted source or two, and a channel in memory."""

    path: Path
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    clock: FakeClock = field(default_factory=FakeClock)
    sources: list[ScriptedSource] = field(default_factory=lambda: [ScriptedSource()])
    muted: frozenset[Kind] = frozenset()
    dry_run: bool = False
    compose: Any = compose

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """As after a restart."""
        self.reporter = RecordingReporter()
        self.store = Store(Files(self.path / "state.json"), DO, dry_run=self.dry_run)
        sender = Sender(self.store, {self.channel.name: self.channel}, self.compose, self.clock, lambda: 0.0)
        self.run = Poll(
            sources=self.sources,
            router=Router(self.channel.name, self.muted),
            store=self.store,
            sender=sender,
            clock=self.clock,
            reconcile_interval=timedelta(minutes=15),
            dry_run=self.dry_run,
        )

    def poll(self) -> Any:
        return self.run(self.reporter)

    def waiting(self) -> list[Queued]:
        self.store.refresh(self.clock())
        return list(self.store.pending())

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(message.to, message.headline) for message in self.channel.sent]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


class TestOnePass:
    def test_what_is_found_is_kept_sent_and_remembered(self, line):
        line.sources[0].finds = [job_event()]
        report = line.poll()
        assert line.sent == [(DO, "job_submitted_do"), (DS, "job_submitted_ds")]
        assert (report.events, report.sent, report.pending, report.healthy) == (1, 2, 0, True)
        assert line.poll().sent == 0
        line.open()
        assert line.poll().sent == 0

    def test_what_is_kept_is_sent_even_if_we_die_before_sending(self, line):
        line.sources[0].finds = [job_event()]
        line.store.refresh(line.clock())
        line.store.admit(
            Observation(), [(job_event(), Router("memory").route(job_event()).notifications)], line.clock()
        )
        line.store.release()
        line.open()
        assert line.poll().sent == 2

    def test_a_stop_leaves_the_rest_for_later(self, line):
        line.sources[0].finds = [job_event()]
        report = line.run(line.reporter, wanted=lambda: not line.channel.sent)
        assert (report.sent, report.pending) == (1, 1)
        assert line.poll().sent == 1

    def test_muted_and_past_events_are_remembered_and_not_sent(self, tmp_path):
        line = Line(tmp_path, muted=frozenset({Kind.JOB_SUBMITTED}))
        past = replace(job_event(Kind.JOB_APPROVED), decision=Decision.BASELINE)
        line.sources[0].finds = [job_event(), past]
        report = line.poll()
        assert line.sent == []
        assert report.healthy
        assert [decision for _, decision in line.reporter.held] == [Decision.MUTED] * 2
        line.muted = frozenset()
        line.open()
        assert line.poll().sent == 0

    def test_a_dry_run_drafts_and_touches_nothing(self, tmp_path):
        line = Line(tmp_path, dry_run=True)
        line.sources[0].finds = [job_event()]
        assert line.poll().sent == 0
        assert [message.to for message in line.reporter.drafts] == [DO, DS]
        assert line.sent == []
        assert list(tmp_path.iterdir()) == []

    def test_an_event_that_nobody_had_to_look_for_is_told_the_same_way(self, line):
        event = peer_event(Kind.PEER_GRANTED)
        assert line.run.tell([event], line.reporter).sent == 1
        assert line.run.tell([event], line.reporter).sent == 0
        assert line.sent == [(DS, "peer_granted_ds")]


class TestMonitorsFailAlone:
    @pytest.mark.parametrize("failure", [TransientFault("Drive is down"), KeyError("a mistake")])
    def test_the_other_monitor_and_the_outbox_go_on(self, line, failure):
        line.sources[:] = [ScriptedSource("peers", looks=failure), ScriptedSource("jobs", [job_event()])]
        line.open()
        report = line.poll()
        assert report.sent == 2
        assert [problem.split(":")[0] for problem in report.problems] == ["peers"]
        assert not report.healthy

    def test_what_a_partial_look_found_is_told(self, line):
        line.sources[:] = [ScriptedSource("jobs", [job_event()], Observation(problems=("one folder failed",)))]
        line.open()
        report = line.poll()
        assert (report.sent, report.problems) == (2, ("jobs: one folder failed",))

    def test_things_that_cannot_be_understood_are_told_and_no_failure(self, line):
        line.sources[0].looks = Observation(skipped=("job x has no config",))
        report = line.poll()
        assert line.reporter.problems == [("jobs", "job x has no config")]
        assert report.healthy

    def test_what_cannot_be_compared_is_a_problem_of_the_poll(self, line):
        line.sources[:] = [ScriptedSource("jobs", [job_event()], failed=("odd: internal error (TypeError)",))]
        report = line.poll()
        assert (report.sent, report.problems) == (2, ("jobs: odd: internal error (TypeError)",))
        assert not report.healthy

    @pytest.mark.parametrize(
        "looks", [CredentialFault("dead", "Renew it"), Observation(problems=("dead",), credential="dead. Renew it.")]
    )
    def test_a_dead_drive_token_is_the_credential_of_the_report(self, line, looks):
        line.sources[0].looks = looks
        assert line.poll().credentials == {"drive": "dead. Renew it."}


class TestDelivery:
    @pytest.mark.parametrize(
        ("fault", "state"),
        [
            (TransientFault("x"), PendingState.DEFERRED),
            (AmbiguousFault("x"), PendingState.AMBIGUOUS),
            (RejectedFault("x"), PendingState.DEAD),
        ],
    )
    def test_a_fault_of_one_mail_does_not_touch_the_others(self, line, fault: Fault, state):
        line.sources[0].finds = [job_event()]
        line.channel.faults = [fault]
        report = line.poll()
        assert line.sent == [(DS, "job_submitted_ds")]
        assert (report.sent, report.undelivered + report.given_up) == (1, 1)
        assert report.dead == report.given_up == (state is PendingState.DEAD)
        assert [queued.state for queued in line.waiting()] == [state]
        assert not report.healthy

    def test_a_transient_fault_is_tried_again_after_its_pause_and_not_before(self, line):
        line.sources[0].finds = [job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [TransientFault("x")]
        line.poll()
        line.clock.advance(14)
        assert line.poll().sent == 0
        assert line.channel.sent == []
        line.clock.advance(1)
        assert line.poll().sent == 1

    @pytest.mark.parametrize("fault", [CredentialFault("x"), RateLimitedFault("x")])
    def test_a_fault_of_the_channel_spares_it_the_rest_of_the_poll(self, line, fault):
        line.sources[0].finds = [job_event(job=str(number)) for number in range(5)]
        line.channel.faults = [fault, AssertionError("it was tried again")]
        report = line.poll()
        assert (report.sent, report.undelivered, report.pending) == (0, 1, 10)
        assert len(line.reporter.outcomes) + len(line.reporter.problems) == 1

    def test_a_channel_that_wants_to_be_left_alone_is_left_alone_until_then(self, line):
        line.sources[0].finds = [job_event(job=str(number)) for number in range(3)]
        line.channel.faults = [RateLimitedFault("x", until=line.clock() + timedelta(minutes=10))]
        line.poll()
        line.open()
        for _ in range(9):
            line.clock.advance(60)
            assert line.poll().sent == 0
        assert line.reporter.outcomes == []
        line.clock.advance(60)
        assert line.poll().sent == 6

    def test_an_internal_error_holds_up_no_other_mail_is_logged_and_tried_again(self, line, caplog):
        line.sources[0].finds = [job_event(job=name) for name in ("a", "b")]
        line.channel.faults = [KeyError("mistake")]
        report = line.poll()
        assert (report.sent, report.dead, report.undelivered) == (3, 0, 1)
        assert "KeyError" in caplog.text
        line.clock.advance(60)
        assert line.poll().sent == 1

    @pytest.mark.parametrize("error", [ImportError("gone"), FileNotFoundError("gone"), KeyError("x"), RecursionError()])
    def test_a_mail_that_cannot_be_written_now_waits_and_holds_up_no_other(self, line, error):
        broken = [error]

        def failing(notification: Any, *rest: Any) -> Message:
            if broken and notification.facts.job == "a":
                raise broken[0]
            return compose(notification, *rest)

        line.compose = failing
        line.open()
        line.sources[0].finds = [job_event(job=name) for name in ("a", "b")]
        report = line.poll()
        assert (report.sent, report.dead, report.undelivered) == (2, 0, 2)
        assert all(type(error).__name__ in pending.last_fault for pending in line.waiting())
        broken.clear()
        line.clock.advance(60)
        assert line.poll().sent == 2

    def test_a_clock_that_was_ahead_does_not_hold_mails_back(self, line):
        line.sources[0].finds = [job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [RateLimitedFault("x", until=line.clock() + timedelta(days=366))]
        line.clock.advance(365 * 86_400)
        line.poll()
        line.clock.advance(-365 * 86_400)
        assert line.poll().sent == 1

    def test_everything_goes_out_once_the_token_is_cured_without_a_restart(self, line):
        line.sources[0].finds = [job_event()]
        line.channel.faults = [CredentialFault("dead", "Renew it")]
        assert line.poll().credentials == {"memory": "dead. Renew it."}
        assert line.poll().sent == 2

    def test_the_next_mail_of_a_conversation_waits_for_the_one_before(self, line):
        line.sources[0].finds = [job_event(), job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [RejectedFault("to the DO"), TransientFault("to the DS")]
        line.poll()
        assert line.sent == []
        line.clock.advance(60)
        line.poll()
        assert line.sent == [(DS, "job_submitted_ds"), (DS, "job_approved_ds")]

    def test_a_mail_that_cannot_be_written_is_dead_and_blocks_nobody(self, line):
        poison = peer_event(ds="poison@example.org")
        line.sources[0].finds = [poison, job_event()]
        report = line.poll()
        assert (report.sent, report.dead) == (2, 2)


class TestADiskThatRefuses:
    """The database lies on the disk as SQLite sees it: here each page more is one too many."""

    def full(self, line: Line) -> None:
        pages = line.store.database.value("PRAGMA page_count")
        line.store.database.rows(f"PRAGMA max_page_count = {pages}")

    def test_nothing_is_sent_that_could_not_be_kept_and_all_of_it_later(self, line):
        line.poll()
        line.sources[0].finds = [replace(job_event(job="x" * 9000 + str(n))) for n in range(5)]
        line.sources[0].observe = lambda look, memory: (self.full(line), Observation(trusted=PEERS))[1]
        report = line.poll()
        assert line.sent == []
        assert lacking(report.problems[0], "state", "state.db", "space") == []
        del line.sources[0].observe
        assert line.poll().sent == 10

    def test_nothing_is_sent_whose_beginning_could_not_be_recorded(self, line):
        line.sources[0].finds = [job_event()]
        line.channel.faults = [TransientFault("x"), TransientFault("x")]
        line.poll()
        line.clock.advance(60)
        line.sources[0].observe = lambda look, memory: (self.read_only(line), Observation(trusted=PEERS))[1]
        line.sources[0].detect = lambda *rest: []
        report = line.poll()
        assert line.sent == []
        assert lacking(report.problems[0], "state", "state.db") == []
        line.sources[0].observe = lambda look, memory: Observation(trusted=PEERS)
        assert line.poll().sent == 2

    def read_only(self, line: Line) -> None:
        line.store.database.rows("PRAGMA query_only = ON")

    def test_what_went_out_but_could_not_be_settled_is_settled_before_anything_else_is_sent(self, line):
        line.sources[0].finds = [job_event()]
        send = line.channel.send

        def send_and_break(message: Message) -> Any:
            receipt = send(message)
            self.read_only(line)
            return receipt

        line.channel.send = send_and_break
        assert line.poll().sent == 1
        line.channel.send = send
        assert line.poll().sent == 1
        assert line.sent == [(DO, "job_submitted_do"), (DS, "job_submitted_ds")]
        line.open()
        assert line.poll().sent == 0


class TestBursts:
    def test_more_than_ten_of_one_kind_are_one_mail_for_each_recipient(self, line):
        line.sources[0].finds = [job_event(job=str(number)) for number in range(11)]
        report = line.poll()
        assert line.sent == [(DO, "digest"), (DS, "digest")]
        assert (report.events, report.sent) == (11, 2)
        notified = json.loads((line.path / "state.json").read_text())["notified_jobs"]
        assert notified == {str(number): ["new", "submitted"] for number in range(11)}
        line.open()
        assert line.poll().sent == 0

    def test_ten_are_ten(self, line):
        line.sources[0].finds = [job_event(job=str(number)) for number in range(10)]
        assert line.poll().sent == 20

    def test_a_digest_that_cannot_go_now_goes_later(self, line):
        line.sources[0].finds = [job_event(Kind.JOB_APPROVED, str(number)) for number in range(11)]
        line.channel.faults = [TransientFault("x")]
        line.poll()
        line.open()
        line.clock.advance(60)
        assert line.poll().sent == 1
        assert line.sent == [(DS, "digest")]

    def test_a_digest_does_not_overtake_an_earlier_mail_that_fails_in_the_same_poll(self, line):
        rejected = [job_event(Kind.JOB_REJECTED, str(number)) for number in range(11)]
        line.sources[0].finds = [job_event(Kind.JOB_APPROVED, "5"), *rejected]
        line.channel.faults = [TransientFault("x"), TransientFault("x")]
        line.poll()
        assert line.sent == []
        line.sources[0].finds = [job_event(Kind.JOB_EXECUTED, "6")]  # behind the digest
        line.clock.advance(60)
        line.poll()
        assert line.sent == []
        line.clock.advance(60)
        line.poll()
        assert line.sent == [(DS, "job_approved_ds"), (DS, "digest"), (DS, "job_executed_ds")]


class TestLimits:
    def test_the_sixty_first_mail_waits_for_the_next_minute(self, line):
        line.sources[0].finds = [peer_event(ds=f"ds{n % 8}@example.org") for n in range(8)]
        line.sources[0].finds += [
            job_event(
                Kind.JOB_APPROVED,
                str(n),
                f"ds{n % 8}@example.org",
                facts=job_facts(str(n), ds=f"ds{n % 8}@example.org"),
            )
            for n in range(60)
        ]
        assert line.poll().sent == 60
        line.open()
        assert line.poll().sent == 0
        line.clock.advance(61)
        report = line.poll()
        assert (report.sent, report.pending, report.problems) == (16, 0, ())

    def test_the_daily_cap_is_kept_and_said(self, line):
        line.channel.limits = Limits(per_day=3)
        line.open()
        line.sources[0].finds = [job_event(job=str(number)) for number in range(3)]
        report = line.poll()
        assert (report.sent, report.pending) == (3, 3)
        (problem,) = report.problems
        assert lacking(problem, "outbox", "3 messages", "memory", "2026-11-24 12:00 UTC") == []
        line.clock.advance(86_400)
        assert line.poll().sent == 3


class TestStrangers:
    """Whom the owner did not accept. They are many, and cost nothing."""

    def strangers(self, count: int) -> list[Event]:
        names = [f"stranger{number}@example.org" for number in range(count)]
        return [job_event(job=f"of {name}", sender=name, facts=job_facts(f"of {name}", ds=name)) for name in names]

    def test_their_burst_holds_up_no_accepted_peer(self, line):
        line.sources[0].finds = [*self.strangers(1000), job_event()]
        line.poll()
        assert line.sent[0] == (DO, "job_submitted_do")
        assert line.sent[1] == (DO, "digest")

    def test_together_they_cause_a_fifth_of_a_day_and_the_rest_goes_on(self, line):
        line.channel.limits = Limits(per_day=20)
        for event in self.strangers(9):
            line.sources[0].finds = [event]
            line.poll()
        assert len(line.sent) == 4
        line.sources[0].finds = [job_event()]
        report = line.poll()
        assert line.sent[4:] == [(DO, "job_submitted_do"), (DS, "job_submitted_ds")]
        assert lacking(report.problems[0], "outbox", "4 messages", "2026-11-24 12:00 UTC") == []
        line.clock.advance(86_400)
        line.poll()
        assert len(line.sent) == 10

    def test_after_their_rejection_nothing_of_theirs_is_sent_until_it_is_taken_back(self, line):
        line.sources[0].finds = self.strangers(1)
        line.channel.faults = [TransientFault("x"), TransientFault("x")]
        line.poll()
        stranger = frozenset({"stranger0@example.org"})
        line.sources[0].looks = Observation(trusted=PEERS, rejected=stranger)
        line.clock.advance(3600)
        report = line.poll()
        assert (report.sent, report.pending, report.healthy) == (0, 0, True)
        assert [queued.state for queued in line.waiting()] == [PendingState.WITHDRAWN] * 2
        line.sources[0].looks = Observation(trusted=PEERS | stranger)
        assert line.poll().sent == 2


class TestTheStateOfOthers:
    def test_a_view_that_cannot_be_read_is_written_again_and_nothing_is_told_twice(self, line):
        line.sources[0].finds = [job_event()]
        line.poll()
        (line.path / "state.json").write_text('{"notified_')
        assert line.poll().sent == 0
        line.sources[0].finds.append(job_event(job="other"))
        assert line.poll().sent == 2
        line.poll()
        assert set(json.loads((line.path / "state.json").read_text())["notified_jobs"]) == {"sales", "other"}

    def test_an_entry_that_a_person_removes_while_we_run_is_told_again(self, line):
        line.sources[0].finds = [job_event()]
        line.poll()
        content = json.loads((line.path / "state.json").read_text())
        del content["notified_jobs"]["sales"]
        (line.path / "state.json").write_text(json.dumps(content))
        assert line.poll().sent == 2

    def test_an_edit_in_the_middle_of_a_poll_is_not_overwritten(self, line):
        line.sources[0].finds = [job_event()]
        line.poll()
        content = json.loads((line.path / "state.json").read_text())
        del content["notified_jobs"]["sales"]

        def edit() -> Observation:
            (line.path / "state.json").write_text(json.dumps(content))
            return Observation(trusted=PEERS)

        line.sources.append(ScriptedSource("editor", finds=[job_event(job="other")]))
        line.sources[1].observe = lambda look, memory: edit()
        assert line.poll().sent == 2
        del line.sources[1]
        assert line.poll().sent == 2
        told = [message.id for message in line.channel.sent]
        assert told[4:] == told[:2]
        assert line.poll().sent == 0
