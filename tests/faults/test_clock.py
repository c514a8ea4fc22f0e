"""A clock that jumps: nothing is lost, nothing comes twice, and nothing waits for a day that was never there."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from syft_notify.sandbox import Trouble
from tests.conftest import Clock
from tests.stories.site import Village, decided, requested, submitted
from tests.worlds import python_job

DS, NEW = "ds@example.org", "new@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("fault", [Trouble.UNAVAILABLE, Trouble.TOO_MANY_REQUESTS])
@pytest.mark.parametrize(
    "jumps", [(DAY, -DAY), (-DAY, DAY), (23 * HOUR, -23 * HOUR), (365 * DAY, -365 * DAY), (-30 * DAY, 60 * DAY)]
)
def test_what_waits_goes_out_once_within_two_hours(
    village: Village, clock: Clock, jumps: tuple[timedelta, timedelta], fault: Trouble
) -> None:
    village.ask(DS)
    village.accept(DS)
    village.poll()
    village.ask(NEW)
    job = village.submit(python_job("sales"))
    for jump in jumps:
        rule = village.google.faults.add(fault, "gmail.messages.send", times=None)
        village.poll()
        village.google.faults.remove(rule)
        clock.ahead += jump
    village.sync()
    village.generation.approve(village.root, job, village.tick())
    told = []
    for _ in range(5):
        told += village.poll()
        clock.ahead += HOUR / 2
    assert sorted(told) == sorted(requested(NEW) + submitted("sales") + decided("approved", "sales"))
    assert village.report.healthy


def test_the_hour_that_comes_twice_is_one_hour(village: Village, monkeypatch, clock: Clock) -> None:
    """Times are kept in UTC; only mails show the owner's, with the name of the zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        village.ask(DS)
        village.accept(DS)
        village.poll()
        village.now = village.now.replace(year=2026, month=10, day=25, hour=0, minute=30)
        village.submit(python_job("summer"))
        village.now += HOUR
        village.submit(python_job("winter"))
        assert village.poll() == sorted(submitted("summer") + submitted("winter"))
        assert village.poll() == []
    finally:
        monkeypatch.undo()
        time.tzset()
