"""Pruning: what left Drive and disk is let go, late; nothing that is there, waits, or may come back is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.model import Inventory, Kind, Observation, Outcome, OutcomeKind, PendingState
from syft_notify.store.ledger import Ledger
from syft_notify.store.pruning import GRACE
from tests.unit.makers import DO, NOW, job_event, peer_event, routed, sent

DAY = timedelta(days=1)
SALES = "job sales 2026-11-23T11:00:00Z"
NOTHING = Inventory(frozenset(), frozenset())


class Post:
    """A ledger that told of one job, and is asked day by day."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = Ledger(Files(path), DO)
        self.ledger.refresh(NOW)
        offers = [routed(job_event(file="f1")), routed(job_event(Kind.JOB_APPROVED)), routed(peer_event())]
        self.ledger.admit(Observation(files=("f1",)), offers, NOW)

    def deliver(self) -> Post:
        for pending in self.ledger.pending():
            self.ledger.attempt(pending.notification.id)
            self.ledger.settle(pending.notification.id, sent())
        return self

    def look(self, days: float, present: Inventory | None = NOTHING) -> None:
        self.ledger.admit(Observation(present=present), [], NOW + days * DAY)
        self.ledger.save()

    @property
    def state(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.path.read_text())
        return document


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path / "state.json").deliver()


def test_a_job_that_is_gone_is_kept_for_a_month_and_then_let_go(post):
    post.look(0)
    post.look(29)
    assert post.ledger.seen(job_event().key)
    post.look(30)
    assert not post.ledger.seen(job_event().key)
    assert not post.ledger.seen(job_event(Kind.JOB_APPROVED).key)
    assert "sales" not in post.state["notified_jobs"]
    assert [thread for thread in post.state["syft_notify"]["threads"] if "sales" in thread] == []


def test_a_file_that_is_gone_is_let_go_at_once(post):
    post.look(0, Inventory(frozenset({"f2"}), frozenset({SALES})))
    assert not post.ledger.file_seen("f1")


@pytest.mark.parametrize(
    "there",
    [Inventory(frozenset({"f1"}), frozenset()), Inventory(frozenset(), frozenset({SALES}))],
    ids=["Drive", "disk"],
)
def test_a_job_that_is_somewhere_stays_with_all_its_steps(post, there):
    for days in range(0, 100, 10):
        post.look(days, there)
    assert post.ledger.seen(job_event().key)
    assert post.ledger.seen(job_event(Kind.JOB_APPROVED).key)


def test_a_job_that_comes_back_begins_its_month_anew(post):
    post.look(0)
    post.look(20, Inventory(frozenset(), frozenset({SALES})))
    post.look(31)
    post.look(50)
    assert post.ledger.seen(job_event().key)


def test_a_look_that_may_have_missed_something_lets_nothing_go(post):
    post.look(0)
    post.look(40, None)
    assert post.ledger.seen(job_event().key)


def test_peers_stay(post):
    post.look(0)
    post.look(400)
    assert post.ledger.seen(peer_event().key)


def test_what_still_waits_stays(tmp_path):
    post = Post(tmp_path / "state.json")
    post.look(0)
    post.look(GRACE.days + 1)
    assert post.ledger.seen(job_event().key)
    assert len(post.ledger.pending()) == 5


def test_what_was_given_up_stays_until_a_person_takes_it_out(tmp_path):
    post = Post(tmp_path / "state.json")
    for pending in post.ledger.pending()[:1]:
        post.ledger.attempt(pending.notification.id)
        post.ledger.settle(pending.notification.id, Outcome(OutcomeKind.DEAD, NOW, fault="refused"))
    post.look(GRACE.days + 1)
    states = [pending.state for pending in post.ledger.pending()]
    assert sorted(states) == [PendingState.DEAD] + [PendingState.PENDING] * 4


def test_a_mark_that_another_submission_of_the_name_needs_stays(post):
    again = replace(job_event(key="again"), facts=replace(job_event().facts, identity="later"))
    post.ledger.admit(Observation(), [routed(again)], NOW)
    post.deliver()
    there = Inventory(frozenset(), frozenset({"job sales later"}))
    post.look(0, there)
    post.look(31, there)
    assert not post.ledger.seen(job_event().key)
    assert post.state["notified_jobs"]["sales"] == ["new", "submitted"]


def test_it_is_done_once_a_day_and_a_clock_that_was_ahead_does_not_stop_it(post):
    post.look(300)
    post.look(0)
    post.look(0.5, Inventory(frozenset(), frozenset({SALES})))
    assert "gone_since" in post.state["syft_notify"]["events"][job_event().key]
    post.look(1, Inventory(frozenset(), frozenset({SALES})))
    assert "gone_since" not in post.state["syft_notify"]["events"][job_event().key]
