"""Tokens that age, die and are renewed while the watchman watches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syft_notify.sandbox import Trouble
from tests import titles
from tests.stories.site import Village, requested, submitted
from tests.worlds import python_job

DAY = timedelta(days=1)
DRIVE, GMAIL = "token_do.json", "gmail_token.json"


def renew(village: Village, name: str) -> None:
    (village.home / name).write_text(village.google.token_file(village.do))


def warned(village: Village) -> list[str]:
    return [Path(text.split()[0]).name for text in village.report.warnings]


def test_a_token_of_five_days_is_warned_of_until_a_new_one_is_there(village, clock):
    village.poll()
    assert warned(village) == []
    clock.ahead += 5 * DAY
    village.poll()
    assert warned(village) == [DRIVE, GMAIL]
    assert village.narrator.troubles == [("token", text) for text in village.report.warnings]
    assert village.report.healthy
    renew(village, DRIVE)
    village.poll()
    assert warned(village) == [GMAIL]
    clock.ahead += 2 * DAY
    village.poll()
    assert warned(village) == []


def test_all_that_waits_for_a_dead_token_goes_out_after_the_cure(village, clock):
    village.google.tokens.revoke_person(village.do)
    renew(village, DRIVE)
    village.ask("ds@example.org")
    for _ in range(30):
        assert village.poll() == []
        clock.ahead += DAY
        renew(village, DRIVE)  # time makes it stale
    assert list(village.report.credentials) == ["gmail"]
    assert village.report.dead == 0
    renew(village, GMAIL)
    assert village.poll() == requested()


def test_the_disk_is_told_while_the_token_for_drive_is_dead(village):
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    job = village.submit(python_job("sales"))
    assert set(submitted("sales")) <= set(village.poll())
    village.sync()
    village.generation.approve(village.root, job, village.tick())
    village.google.tokens.revoke_person(village.do)
    renew(village, GMAIL)
    assert village.poll() == [("ds@example.org", "job_approved", titles.job_approved("sales"))]
    assert list(village.report.credentials) == ["drive"]


@pytest.mark.parametrize(
    "trouble",
    [Trouble.INVALID_RAPT, Trouble.DISABLED_CLIENT, Trouble.ACCESS_DENIED, Trouble.ADMIN_POLICY],
)
def test_mails_wait_for_a_consent_that_died_in_any_way(village, clock, trouble):
    stale = datetime(2020, 1, 1, tzinfo=UTC)
    (village.home / GMAIL).write_text(village.google.token_file(village.do, expiry=stale))
    village.google.faults.add(trouble, "oauth.token", times=None)
    village.ask("ds@example.org")
    for _ in range(3):
        assert village.poll() == []
        assert (sorted(village.report.credentials), village.report.dead) == (["drive", "gmail"], 0)
        clock.ahead += DAY
        renew(village, DRIVE)
    assert f"{GMAIL} for Gmail ({trouble.value}" in village.report.credentials["gmail"]
    assert "--renew gmail" in village.report.credentials["gmail"]
    renew(village, GMAIL)
    assert village.poll() == requested()
