"""What a person sees while polls go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.cli.live import LiveNarrator
from syft_notify.domain.model import Decision, Kind, Outcome, OutcomeKind
from syft_notify.domain.routing import Router
from tests.facts import lacking
from tests.unit.makers import DO, DS, NOW, job_event, job_facts, peer_event, sent

NOTIFICATION = Router("gmail").route(job_event()).notifications[0]


class Said(list[str]):
    """The lines that a narrator said."""

    def narrator(self, *, verbose: bool = False) -> LiveNarrator:
        return LiveNarrator(self.append, lambda: datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC), verbose=verbose)


@pytest.fixture
def said() -> Said:
    return Said()


def test_an_event_and_its_mails(said):
    narrator = said.narrator()
    narrator.saw(job_event(), Decision.SEND)
    narrator.attempted(NOTIFICATION, sent())
    narrator.saw(peer_event(), Decision.SEND)
    facts = (("12:00:05", "job", "sales", DS), ("sent", DO, "sales"), ("12:00:05", "peer", DS))
    assert [lacking(line, *each) for line, each in zip(said, facts, strict=True)] == [[], [], []]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_words(said, kind):
    event = job_event(kind) if kind.value.startswith("job") else peer_event(kind)
    said.narrator().saw(event, Decision.SEND)
    assert DS in said[0]


def test_what_is_not_sent_is_told_only_on_request_but_for_who_cannot_be_told(said):
    narrator = said.narrator()
    narrator.saw(job_event(), Decision.BASELINE)
    narrator.withheld(NOTIFICATION, Decision.MUTED)
    assert said == []
    narrator.withheld(NOTIFICATION, Decision.UNVERIFIED_SENDER)
    narrator.withheld(NOTIFICATION, Decision.UNREACHABLE_ADDRESS)
    decisions = ("unverified sender", "unreachable address")
    assert [lacking(line, DO, why) for line, why in zip(said, decisions, strict=True)] == [[], []]
    narrator = said.narrator(verbose=True)
    narrator.saw(job_event(), Decision.BASELINE)
    narrator.withheld(NOTIFICATION, Decision.MUTED)
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
    said.narrator().attempted(NOTIFICATION, outcome)
    (line,) = said
    assert all(word in line for word in words)


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over(said):
    narrator = said.narrator()
    for trouble in (True, True, True, False, False, True):
        if trouble:
            narrator.trouble("peers", "Drive is down")
        narrator.end()
    assert said == [
        "12:00:05  peers: Drive is down",
        "12:00:05  over: peers: Drive is down",
        "12:00:05  peers: Drive is down",
    ]


def test_nothing_from_outside_reaches_the_terminal_raw(said):
    evil = "\x1b[2J\x1b]0;owned\x07\u202eevil\nnew job: fake"
    event = replace(job_event(), facts=job_facts(evil, ds="x\x1b[1m@example.org"))
    narrator = said.narrator(verbose=True)
    narrator.saw(event, Decision.SEND)
    narrator.trouble("jobs", evil)
    narrator.attempted(NOTIFICATION, Outcome(OutcomeKind.DEAD, NOW, fault=evil))
    assert all(line.isprintable() for line in said)
    assert len(said) == 3
