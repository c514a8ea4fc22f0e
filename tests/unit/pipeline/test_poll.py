"""The order of the line: look, keep, send, remember; and what a failure in one place leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syft_notify.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    RateLimitedFault,
    RejectedFault,
    TransientFault,
    UserError,
)
from syft_notify.ledger import Ledger
from syft_notify.model import Decision, Event, Kind, Message, Observation, PendingState
from syft_notify.pipeline.poll import Poll
from syft_notify.pipeline.route import Router
from syft_notify.ports import Memory
from syft_notify.testing import FakeClock, MemoryChannel, RecordingNarrator
from tests.unit.makers import DO, DS, job_event, peer_event


@dataclass
class ScriptedMonitor:
    """Finds what it was given; raises it when it is an exception."""

    name: str = "jobs"
    finds: list[Event] = field(default_factory=list)
    looks: Observation | Exception = field(default_factory=Observation)

    def observe(self, memory: Memory) -> Observation:
        if isinstance(self.looks, Exception):
            raise self.looks
        return self.looks

    def detect(self, observation: Observation, memory: Memory, now: datetime) -> Sequence[Event]:
        return [event for event in self.finds if not memory.seen(event.key)]


def compose(notification: Any, preview: Any, thread: Any, now: datetime) -> Message:
    if notification.facts.ds == "poison@example.org":
        raise RejectedFault("this mail cannot be written")
    return Message(notification.id, notification.recipient, "s", notification.template, "t", "", thread)


@dataclass
class Line:
    """A line with a scripted monitor or two, and a channel in memory."""

    path: Path
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    clock: FakeClock = field(default_factory=FakeClock)
    monitors: list[ScriptedMonitor] = field(default_factory=lambda: [ScriptedMonitor()])
    muted: frozenset[Kind] = frozenset()
    dry_run: bool = False

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """As after a restart."""
        self.narrator = RecordingNarrator()
        self.ledger = Ledger(self.path / "state.json", self.path / "spool", dry_run=self.dry_run)
        self.run = Poll(
            monitors=self.monitors,
            router=Router("gmail", self.muted),
            compose=compose,
            channels={"gmail": self.channel},
            ledger=self.ledger,
            clock=self.clock,
            jitter=lambda: 0.0,
            dry_run=self.dry_run,
        )

    def poll(self) -> Any:
        return self.run(self.narrator)

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(message.to, message.headline) for message in self.channel.sent]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


class TestOnePass:
    def test_what_is_found_is_kept_sent_and_remembered(self, line):
        line.monitors[0].finds = [job_event()]
        report = line.poll()
        assert line.sent == [(DO, "job_submitted_do"), (DS, "job_submitted_ds")]
        assert (report.events, report.sent, report.pending, report.healthy) == (1, 2, 0, True)
        assert line.poll().sent == 0
        line.open()
        assert line.poll().sent == 0

    def test_what_is_kept_is_sent_even_if_we_die_before_sending(self, line):
        line.monitors[0].finds = [job_event()]
        line.ledger.admit(
            Observation(), [(job_event(), Router("gmail").route(job_event()).notifications)], line.clock()
        )
        line.open()
        assert line.poll().sent == 2

    def test_a_stop_leaves_the_rest_for_later(self, line):
        line.monitors[0].finds = [job_event()]
        report = line.run(line.narrator, wanted=lambda: not line.channel.sent)
        assert (report.sent, report.pending) == (1, 1)
        assert line.poll().sent == 1

    def test_muted_and_past_events_are_remembered_and_not_sent(self, tmp_path):
        line = Line(tmp_path, muted=frozenset({Kind.JOB_SUBMITTED}))
        past = Event("k", Kind.JOB_APPROVED, line.clock(), job_event().facts, Decision.BASELINE)
        line.monitors[0].finds = [job_event(), past]
        report = line.poll()
        assert line.sent == []
        assert report.healthy
        assert [decision for _, decision in line.narrator.held] == [Decision.MUTED] * 2
        line.muted = frozenset()
        line.open()
        assert line.poll().sent == 0

    def test_a_dry_run_drafts_and_touches_nothing(self, tmp_path):
        line = Line(tmp_path, dry_run=True)
        line.monitors[0].finds = [job_event()]
        assert line.poll().sent == 0
        assert [message.to for message in line.narrator.drafts] == [DO, DS]
        assert line.sent == []
        assert list(tmp_path.iterdir()) == []

    def test_an_event_that_nobody_had_to_look_for_is_told_the_same_way(self, line):
        event = peer_event(Kind.PEER_GRANTED)
        assert line.run.tell([event], line.narrator).sent == 1
        assert line.run.tell([event], line.narrator).sent == 0
        assert line.sent == [(DS, "peer_granted_ds")]


class TestMonitorsFailAlone:
    @pytest.mark.parametrize("failure", [TransientFault("Drive is down"), KeyError("a mistake of ours")])
    def test_the_other_monitor_and_the_outbox_go_on(self, line, failure):
        line.monitors[:] = [ScriptedMonitor("peers", looks=failure), ScriptedMonitor("jobs", [job_event()])]
        line.open()
        report = line.poll()
        assert report.sent == 2
        assert [problem.split(":")[0] for problem in report.problems] == ["peers"]
        assert not report.healthy

    def test_what_a_partial_look_found_is_told(self, line):
        line.monitors[:] = [ScriptedMonitor("jobs", [job_event()], Observation(problems=("one folder failed",)))]
        line.open()
        report = line.poll()
        assert (report.sent, report.problems) == (2, ("jobs: one folder failed",))

    def test_things_that_cannot_be_understood_are_told_and_no_failure(self, line):
        line.monitors[0].looks = Observation(skipped=("job x has no config",))
        report = line.poll()
        assert line.narrator.troubles == [("jobs", "job x has no config")]
        assert report.healthy

    @pytest.mark.parametrize(
        "looks", [CredentialFault("dead", "Renew it"), Observation(problems=("dead",), credential="dead. Renew it.")]
    )
    def test_a_dead_drive_token_is_the_credential_of_the_report(self, line, looks):
        line.monitors[0].looks = looks
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
        line.monitors[0].finds = [job_event()]
        line.channel.faults = [fault]
        report = line.poll()
        assert line.sent == [(DS, "job_submitted_ds")]
        assert (report.sent, report.undelivered) == (1, 1)
        assert [pending.state for pending in line.ledger.pending()] == [state]
        assert not report.healthy

    def test_a_transient_fault_is_tried_again_after_its_pause_and_not_before(self, line):
        line.monitors[0].finds = [job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [TransientFault("x")]
        line.poll()
        line.clock.advance(14)
        assert line.poll().sent == 0
        assert line.channel.sent == []
        line.clock.advance(1)
        assert line.poll().sent == 1

    @pytest.mark.parametrize("fault", [CredentialFault("x"), RateLimitedFault("x")])
    def test_a_fault_of_the_channel_spares_it_the_rest_of_the_poll(self, line, fault):
        line.monitors[0].finds = [job_event(job=str(number)) for number in range(5)]
        line.channel.faults = [fault, AssertionError("it was tried again")]
        report = line.poll()
        assert (report.sent, report.undelivered, report.pending) == (0, 10, 10)
        assert len(line.narrator.outcomes) == 1

    def test_a_channel_that_wants_to_be_left_alone_is_left_alone_until_then(self, line):
        line.monitors[0].finds = [job_event(job=str(number)) for number in range(3)]
        line.channel.faults = [RateLimitedFault("x", until=line.clock() + timedelta(minutes=10))]
        line.poll()
        line.open()
        for _ in range(9):
            line.clock.advance(60)
            assert line.poll().sent == 0
        assert line.narrator.outcomes == []
        line.clock.advance(60)
        assert line.poll().sent == 6

    def test_a_mistake_of_ours_costs_one_mail_and_is_logged(self, line, caplog):
        line.monitors[0].finds = [job_event(job=name) for name in ("a", "b")]
        line.channel.faults = [KeyError("mistake")]
        report = line.poll()
        assert (report.sent, report.dead) == (3, 1)
        assert "met a mistake of ours" in caplog.text
        assert "KeyError" in caplog.text

    def test_a_clock_that_was_ahead_does_not_hold_mails_back(self, line):
        line.monitors[0].finds = [job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [RateLimitedFault("x", until=line.clock() + timedelta(days=366))]
        line.clock.advance(365 * 86_400)
        line.poll()
        line.clock.advance(-365 * 86_400)
        assert line.poll().sent == 1

    def test_everything_goes_out_once_the_token_is_cured_without_a_restart(self, line):
        line.monitors[0].finds = [job_event()]
        line.channel.faults = [CredentialFault("dead", "Renew it")]
        assert line.poll().credentials == {"gmail": "dead. Renew it."}
        assert line.poll().sent == 2

    def test_the_next_mail_of_a_conversation_waits_for_the_one_before(self, line):
        line.monitors[0].finds = [job_event(), job_event(Kind.JOB_APPROVED)]
        line.channel.faults = [RejectedFault("to the DO"), TransientFault("to the DS")]
        line.poll()
        assert line.sent == []
        line.clock.advance(60)
        line.poll()
        assert line.sent == [(DS, "job_submitted_ds"), (DS, "job_approved_ds")]

    def test_a_mail_that_cannot_be_written_is_dead_and_blocks_nobody(self, line):
        poison = peer_event(ds="poison@example.org")
        line.monitors[0].finds = [poison, job_event()]
        report = line.poll()
        assert (report.sent, report.dead) == (2, 2)

    def test_a_disk_that_refuses_sends_nothing_that_could_not_be_recorded(self, line):
        line.poll()
        line.monitors[0].finds = [job_event()]
        line.ledger._path = line.path / "gone" / "state.json"
        with pytest.raises(UserError, match="cannot be written"):
            line.poll()
        assert line.sent == []
        line.ledger._path = line.path / "state.json"
        assert line.poll().sent == 2
