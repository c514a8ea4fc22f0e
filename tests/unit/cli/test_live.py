"""What a person sees while polls go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.cli.live import LiveReporter
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision
from syft_notify.domain.notifications import Outcome, OutcomeKind
from syft_notify.domain.routing import Router
from tests.facts import lacking
from tests.unit.makers import DO, DS, NOW, job_event, job_facts, peer_event, sent

NOTIFICATION = Router("gmail").route(job_event()).notifications[0]


class Said(list[str]):
    """The lines that a reporter said."""

    def reporter(self, *, verbose: bool = False) -> LiveReporter:
        return LiveReporter(self.append, lambda: datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC), verbose=verbose)


@pytest.fixture
def said() -> Said:
    return Said()


def test_an_event_and_its_mails(said):
    reporter = said.reporter()
    reporter.saw(job_event(), Decision.SEND)
    reporter.attempted(NOTIFICATION, sent())
    reporter.saw(peer_event(), Decision.SEND)
    facts = (("12:00:05", "job", "sales", DS), ("sent", DO, "sales"), ("12:00:05", "peer", DS))
    assert [lacking(line, *each) for line, each in zip(said, facts, strict=True)] == [[], [], []]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_words(said, kind):
    event = job_event(kind) if kind.value.startswith("job") else peer_event(kind)
    said.reporter().saw(event, Decision.SEND)
    assert DS in said[0]


def test_what_is_not_sent_is_told_only_on_request_but_for_who_cannot_be_told(said):
    reporter = said.reporter()
    reporter.saw(job_event(), Decision.BASELINE)
    reporter.withheld(NOTIFICATION, Decision.MUTED)
    assert said == []
    reporter.withheld(NOTIFICATION, Decision.UNVERIFIED_SENDER)
    reporter.withheld(NOTIFICATION, Decision.UNREACHABLE_ADDRESS)
    decisions = ("unverified sender", "unreachable address")
    assert [lacking(line, DO, why) for line, why in zip(said, decisions, strict=True)] == [[], []]
    reporter = said.reporter(verbose=True)
    reporter.saw(job_event(), Decision.BASELINE)
    reporter.withheld(NOTIFICATION, Decision.MUTED)
    event, mail = said[2:]
    assert lacking(event, "12:00:05", "sales", DS, "baseline") == []
    assert lacking(mail, DO, "muted") == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(OutcomeKind.DEAD, NOW, fault="No."), ["given up", "No."]),
        (Outcome(OutcomeKind.RETRY, NOW, fault="Busy.", retry_at=NOW + timedelta(minutes=1)), ["again at", "Busy."]),
        (Outcome(OutcomeKind.AMBIGUOUS, NOW, fault="Broke."), ["next poll", "may have arrived", "Broke."]),
    ],
)
def test_what_did_not_go_out_and_what_happens_next(said, outcome, words):
    said.reporter().attempted(NOTIFICATION, outcome)
    (line,) = said
    assert all(word in line for word in words)


def test_a_problem_is_told_when_it_begins_and_when_it_is_over(said):
    reporter = said.reporter()
    for problem in (True, True, True, False, False, True):
        if problem:
            reporter.problem("peers", "Drive is down")
        reporter.end()
    assert said == [
        "12:00:05  peers: Drive is down",
        "12:00:05  over: peers: Drive is down",
        "12:00:05  peers: Drive is down",
    ]


def test_nothing_from_outside_reaches_the_terminal_raw(said):
    evil = "\x1b[2J\x1b]0;owned\x07\u202eevil\nnew job: fake"
    event = replace(job_event(), facts=job_facts(evil, ds="x\x1b[1m@example.org"))
    reporter = said.reporter(verbose=True)
    reporter.saw(event, Decision.SEND)
    reporter.problem("jobs", evil)
    reporter.attempted(NOTIFICATION, Outcome(OutcomeKind.DEAD, NOW, fault=evil))
    assert all(line.isprintable() for line in said)
    assert len(said) == 3
