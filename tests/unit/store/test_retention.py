"""Retention: what left Drive and disk is let go, late; nothing that is there, waits, or may come back is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.ids import JobId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Inventory, Observation
from syft_notify.domain.notifications import Outcome, OutcomeKind, PendingState
from syft_notify.store import retention
from syft_notify.store.retention import GRACE
from syft_notify.store.store import Store
from tests.unit.makers import DO, DS, MARK, NOW, job_event, message_event, peer_event, submission
from tests.unit.store.stores import admit, deliver, document, waiting

DAY = timedelta(days=1)
NOTHING = Inventory(frozenset(), frozenset())
ON_DISK = Inventory(frozenset(), frozenset({submission(sender="")}))
ON_DRIVE = Inventory(frozenset({"f1"}), frozenset())


class Poller:
    """A store that knows one job, and is asked day by day."""

    def __init__(self, path):
        self.path = path
        self.store = Store(Files(path), DO)
        self.store.refresh(NOW)
        admit(self.store, job_event(file="f1"), job_event(Kind.JOB_APPROVED), peer_event(), files=("f1",))

    def look(self, days, present=NOTHING):
        self.store.admit(Observation(present=present), [], NOW + days * DAY)

    @property
    def known(self):
        return self.store.seen(job_event().id), self.store.seen(job_event(Kind.JOB_APPROVED).id)


@pytest.fixture
def untold(path):
    poller = Poller(path)
    yield poller
    poller.store.close()


@pytest.fixture
def poller(untold):
    deliver(untold.store)
    return untold


def test_a_job_that_is_gone_is_kept_for_a_month_and_then_let_go(poller):
    poller.look(0)
    poller.look(29)
    assert poller.known == (True, True)
    poller.look(30)
    assert poller.known == (False, False)
    assert list(poller.store.candidates(JobId("", "sales"), MARK)) == [DS]
    poller.store.write_view()
    assert "sales" not in document(poller.path)["notified_jobs"]
    kept = poller.store.database.row("SELECT (SELECT count(*) FROM conversations), count(*) FROM subjects")
    assert kept == (2, 1)


def test_a_file_that_is_gone_is_let_go_at_once(poller):
    poller.look(0, ON_DISK)
    assert not poller.store.file_seen("f1")


@pytest.mark.parametrize("there", [ON_DRIVE, ON_DISK], ids=["Drive", "disk"])
def test_a_job_that_is_somewhere_stays_with_all_its_steps(poller, there):
    for days in range(0, 100, 10):
        poller.look(days, there)
    assert poller.known == (True, True)


def test_a_job_that_comes_back_begins_its_month_anew(poller):
    poller.look(0)
    poller.look(20, ON_DISK)
    poller.look(31)
    poller.look(50)
    assert poller.known == (True, True)


def test_a_look_that_may_have_missed_something_lets_nothing_go(poller):
    poller.look(0)
    poller.look(40, None)
    assert poller.known == (True, True)


def test_peers_stay(poller):
    poller.look(0)
    poller.look(400)
    assert poller.store.seen(peer_event().id)


def test_a_message_goes_with_its_file(poller):
    admit(poller.store, message_event("f2"))
    deliver(poller.store)
    poller.look(0, Inventory(frozenset({"f2"}), frozenset()))
    poller.look(10)
    poller.look(39)
    assert poller.store.seen(message_event("f2").id)
    poller.look(40)
    assert not poller.store.seen(message_event("f2").id)


def test_what_still_waits_stays(untold):
    untold.look(0)
    untold.look(GRACE.days + 1)
    assert untold.known == (True, True)
    assert len(waiting(untold.store)) == 5


def test_what_was_given_up_stays_until_a_person_takes_it_out(untold):
    first = waiting(untold.store)[0]
    untold.store.attempt(first.id)
    untold.store.settle(first.id, Outcome(OutcomeKind.DEAD, NOW, fault="refused"))
    untold.look(0)
    untold.look(GRACE.days + 1)
    assert [queued.state for queued in waiting(untold.store)] == [PendingState.DEAD] + [PendingState.PENDING] * 4


def test_a_mark_that_another_submission_of_the_name_needs_stays(poller):
    again = job_event(mark="later")
    admit(poller.store, again)
    deliver(poller.store)
    there = Inventory(frozenset(), frozenset({submission(sender="", mark="later")}))
    poller.look(0, there)
    poller.look(31, there)
    assert poller.known == (False, False)
    poller.store.write_view()
    assert document(poller.path)["notified_jobs"]["sales"] == ["new", "submitted"]


def test_it_is_done_once_a_day_and_a_clock_that_was_ahead_does_not_stop_it(poller):
    gone = "SELECT gone_since FROM subjects WHERE type = 'submission'"
    poller.look(300)
    poller.look(0)
    poller.look(0.5, ON_DISK)
    assert poller.store.database.value(gone) == NOW.isoformat()
    poller.look(1, ON_DISK)
    assert poller.store.database.value(gone) is None


def test_the_history_does_not_grow_for_ever(poller, monkeypatch):
    monkeypatch.setattr(retention, "KEPT_DELIVERIES", 2)
    poller.look(0, ON_DISK)
    assert poller.store.database.value("SELECT count(*) FROM deliveries") == 2
