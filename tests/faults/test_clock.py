"""A clock that jumps: nothing is lost, nothing comes twice, and nothing waits for a day that was never there."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from syft_notify.sandbox import Injected
from tests.conftest import Clock
from tests.stories.site import Site, decided, requested, submitted
from tests.worlds import python_job

DS, NEW = "ds@example.org", "new@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("fault", [Injected.UNAVAILABLE, Injected.TOO_MANY_REQUESTS])
@pytest.mark.parametrize(
    "jumps", [(DAY, -DAY), (-DAY, DAY), (23 * HOUR, -23 * HOUR), (365 * DAY, -365 * DAY), (-30 * DAY, 60 * DAY)]
)
def test_what_waits_goes_out_once_within_two_hours(
    site: Site, clock: Clock, jumps: tuple[timedelta, timedelta], fault: Injected
) -> None:
    site.ask(DS)
    site.accept(DS)
    site.poll()
    site.ask(NEW)
    job = site.submit(python_job("sales"))
    for jump in jumps:
        rule = site.google.faults.add(fault, "gmail.messages.send", times=None)
        site.poll()
        site.google.faults.remove(rule)
        clock.ahead += jump
    site.sync()
    site.generation.approve(site.root, job, site.tick())
    told = []
    for _ in range(5):
        told += site.poll()
        clock.ahead += HOUR / 2
    assert sorted(told) == sorted(requested(NEW) + submitted("sales") + decided("approved", "sales"))
    assert site.report.healthy


def test_the_hour_that_comes_twice_is_one_hour(site: Site, monkeypatch, clock: Clock) -> None:
    """Times are kept in UTC; only mails show the owner's, with the name of the zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        site.ask(DS)
        site.accept(DS)
        site.poll()
        site.now = site.now.replace(year=2026, month=10, day=25, hour=0, minute=30)
        site.submit(python_job("summer"))
        site.now += HOUR
        site.submit(python_job("winter"))
        assert site.poll() == sorted(submitted("summer") + submitted("winter"))
        assert site.poll() == []
    finally:
        monkeypatch.undo()
        time.tzset()
