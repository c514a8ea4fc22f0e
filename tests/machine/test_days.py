"""Days of the machine that chance brings too seldom: one fault after the other, at every request of a poll."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest

from syft_notify.sandbox import Injected
from tests.machine.test_detection import NEW, Detection

pytestmark = pytest.mark.thorough

TODAY, BEFORE_FOLDERS, MARKERS = "syft-rds-0.6.1", "0.1.97", "0.1.105"
# About as many requests as a poll makes.
REQUESTS = range(7)


@contextmanager
def day_on_site(
    release: str = TODAY, *, file_gets_lost: bool = False, feed_speaks: bool = True, coarse_disk: bool = False
) -> Iterator[Detection]:
    """A day in a settled site; at its end nothing may be missing."""
    day = Detection()
    try:
        day.a_settled_site(release, file_gets_lost, feed_speaks, coarse_disk)
        yield day
    finally:
        day.teardown()


def news_of_all_kinds(day: Detection, number: int) -> None:
    """An earlier peer gets an answer, another one asks, and somebody submits a job."""
    if number:
        day.answer(0, accepts=number % 2 == 0)
    day.ask(f"ds{number}@example.org")
    day.submit(number, "sales")


def clear_away(day: Detection) -> None:
    """The next poll finds what the faulty one did not; then the owner deletes a job, and the site stays small."""
    day.poll()
    day.sync()
    day.poll_when_reconcile_is_due()
    if day.site.on_disk():
        day.delete_job(number=0, again=False)


@pytest.mark.parametrize("started", [False, True], ids=["led by the feed", "just started"])
class TestEveryRequest:
    """The fault comes at each request of a poll; gaps, from there on. There is always something new to see."""

    def test_may_fail(self, started: bool) -> None:
        with day_on_site() as day:
            for request in REQUESTS:
                news_of_all_kinds(day, request)
                self.maybe_start(day, started)
                day.look_amid(day.google.faults.add(Injected.UNAVAILABLE, "drive.*", skip=request, times=4))
                clear_away(day)

    def test_may_be_answered_with_a_gap(self, started: bool) -> None:
        with day_on_site() as day:
            for request in REQUESTS:
                news_of_all_kinds(day, request)
                self.maybe_start(day, started)
                day.poll_while_listings_have_gaps(request, 30, ("work", 0))
                clear_away(day)

    def test_may_be_the_last_of_the_process(self, started: bool) -> None:
        with day_on_site() as day:
            for request in REQUESTS:
                news_of_all_kinds(day, request)
                self.maybe_start(day, started)
                day.poll_with_a_fault("it dies", request, ("work", 0))
                clear_away(day)

    def test_may_find_the_message_elsewhere(self, started: bool) -> None:
        with day_on_site() as day:
            for request in REQUESTS:
                day.submit(request, "sales")
                self.maybe_start(day, started)
                day.poll_while_something_happens(request + 1, ("sync", 0))
                clear_away(day)

    def test_may_miss_what_comes_right_after_it(self, started: bool) -> None:
        with day_on_site() as day:
            for request in REQUESTS:
                self.maybe_start(day, started)
                day.look(request + 1, partial(news_of_all_kinds, day, request))
                clear_away(day)

    @staticmethod
    def maybe_start(day: Detection, started: bool) -> None:
        if started:
            day.restart()


def test_what_could_not_be_kept_is_found_again() -> None:
    with day_on_site() as day:
        day.poll_with_a_fault("its disk is full", 0, ("submit", 0))
        day.poll()


def test_a_message_that_cannot_be_fetched_is_fetched_later() -> None:
    with day_on_site() as day:
        day.poll_while_drive_fails("drive.files.media", Injected.UNAVAILABLE, 0, 4, ("submit", 0))
        day.poll()


@pytest.mark.parametrize("release", [TODAY, MARKERS])
@pytest.mark.parametrize("feed_speaks", [True, False])
def test_a_grant_is_seen_without_the_peers_file(release: str, feed_speaks: bool) -> None:
    with day_on_site(release, file_gets_lost=True, feed_speaks=feed_speaks) as day:
        day.ask(NEW)
        day.poll_when_reconcile_is_due()
        day.answer(0, accepts=True)
        day.lose_peers_file("deleted")
        day.submit_to_a_quick_owner(1, "sales", [])
        day.poll()


@pytest.mark.parametrize("release", [TODAY, BEFORE_FOLDERS])
def test_what_only_the_peers_file_says_is_seen(release: str) -> None:
    with day_on_site(release) as day:
        day.ask(NEW)
        day.poll()
        day.answer(0, accepts=False)
        day.submit(1, "sales")
        day.poll()
        day.answer(0, accepts=True)
        day.poll()


@pytest.mark.parametrize("release", [TODAY, MARKERS])
def test_a_new_peers_job_that_only_the_disk_shows_is_told_to_both(release: str) -> None:
    """All that Drive could say about it is hidden by the feed."""
    with day_on_site(release, feed_speaks=False) as day:
        day.ask(NEW)
        day.poll_when_reconcile_is_due()
        day.answer(0, accepts=True)
        day.submit_to_a_quick_owner(1, "sales", [0])
        day.poll()


@pytest.mark.parametrize("release", [TODAY, MARKERS])
def test_a_job_of_somebody_of_whom_the_feed_never_told_is_told_to_both(release: str) -> None:
    with day_on_site(release, feed_speaks=False) as day:
        day.ask(NEW)
        day.answer(0, accepts=True)
        day.submit_to_a_quick_owner(1, "sales", [0])
        day.poll()


def test_the_reconcile_is_not_put_off_by_a_clock_that_was_set_back() -> None:
    with day_on_site(feed_speaks=False) as day:
        day.clock_is_set(behind=timedelta(days=1))
        day.submit(0, "sales")
        day.poll()
        day.poll_when_reconcile_is_due()


def test_peers_are_counted_and_not_their_inboxes() -> None:
    with day_on_site() as day:
        day.ask(NEW)
        day.poll()
        day.ask(NEW)
        day.lose(number=3, way=0)
        assert [folder.lost for folder in day.site.inboxes] == ["", "trashed", ""]
        day.poll()


def test_two_runs_within_one_step_of_the_disks_clock_are_two() -> None:
    with day_on_site(coarse_disk=True) as day:
        for _ in range(8):
            day.work(0, [0, 0])
            day.poll()
