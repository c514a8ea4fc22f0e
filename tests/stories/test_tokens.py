"""Tokens that age, die and are renewed while the daemon runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syft_notify.sandbox import Injected
from tests import titles
from tests.stories.site import Site, requested, submitted
from tests.worlds import python_job

DAY = timedelta(days=1)
DRIVE, GMAIL = "token_do.json", "gmail_token.json"


def renew(site: Site, name: str) -> None:
    (site.home / name).write_text(site.google.token_file(site.do))


def warned(site: Site) -> list[str]:
    return [Path(text.split()[0]).name for text in site.report.warnings]


def test_a_token_of_five_days_is_warned_of_until_a_new_one_is_there(site, clock):
    site.poll()
    assert warned(site) == []
    clock.ahead += 5 * DAY
    site.poll()
    assert warned(site) == [DRIVE, GMAIL]
    assert site.reporter.problems == [("token", text) for text in site.report.warnings]
    assert site.report.healthy
    renew(site, DRIVE)
    site.poll()
    assert warned(site) == [GMAIL]
    clock.ahead += 2 * DAY
    site.poll()
    assert warned(site) == []


def test_all_that_waits_for_a_dead_token_goes_out_after_it_is_renewed(site, clock):
    site.google.tokens.revoke_person(site.do)
    renew(site, DRIVE)
    site.ask("ds@example.org")
    for _ in range(30):
        assert site.poll() == []
        clock.ahead += DAY
        renew(site, DRIVE)  # time makes it stale
    assert list(site.report.credentials) == ["gmail"]
    assert site.report.dead == 0
    renew(site, GMAIL)
    assert site.poll() == requested()


def test_the_disk_is_told_while_the_token_for_drive_is_dead(site):
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    job = site.submit(python_job("sales"))
    assert set(submitted("sales")) <= set(site.poll())
    site.sync()
    site.generation.approve(site.root, job, site.tick())
    site.google.tokens.revoke_person(site.do)
    renew(site, GMAIL)
    assert site.poll() == [("ds@example.org", "job_approved", titles.job_approved("sales"))]
    assert list(site.report.credentials) == ["drive"]


@pytest.mark.parametrize(
    "injected",
    [Injected.INVALID_RAPT, Injected.DISABLED_CLIENT, Injected.ACCESS_DENIED, Injected.ADMIN_POLICY],
)
def test_mails_wait_for_a_consent_that_died_in_any_way(site, clock, injected):
    stale = datetime(2020, 1, 1, tzinfo=UTC)
    (site.home / GMAIL).write_text(site.google.token_file(site.do, expiry=stale))
    site.google.faults.add(injected, "oauth.token", times=None)
    site.ask("ds@example.org")
    for _ in range(3):
        assert site.poll() == []
        assert (sorted(site.report.credentials), site.report.dead) == (["drive", "gmail"], 0)
        clock.ahead += DAY
        renew(site, DRIVE)
    assert f"{GMAIL} for Gmail ({injected.value}" in site.report.credentials["gmail"]
    assert "--renew gmail" in site.report.credentials["gmail"]
    renew(site, GMAIL)
    assert site.poll() == requested()
