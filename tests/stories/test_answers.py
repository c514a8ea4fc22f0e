"""Answers that are not Google's, or not about one mail or file: nothing is lost, and nothing is told wrongly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syft_notify.config.settings import load_config
from syft_notify.engine.app import open_app
from syft_notify.sandbox import Trouble
from syft_notify.sandbox.faults import Rule
from syft_notify.testing import RecordingNarrator
from tests.facts import lacking
from tests.stories.site import Village, decided, requested, submitted
from tests.worlds import python_job

DAY = timedelta(days=1)


@pytest.mark.parametrize("trouble", [Trouble.PAGE_403, Trouble.PAGE_404, Trouble.NO_MAILBOX, Trouble.QUOTA_IN_DETAILS])
def test_mails_wait_while_gmail_or_a_proxy_refuses_them_all(village, clock, trouble):
    village.google.faults.add(trouble, "gmail.messages.send", times=None)
    village.ask("ds@example.org")
    for _ in range(4):
        assert village.poll() == []
        assert village.report.dead == 0
        clock.ahead += DAY
    village.google.faults.clear()
    assert village.poll() == sorted(requested())


def test_an_account_without_a_mailbox_is_told_so_as_a_fault_of_the_set_up(village):
    village.google.faults.add(Trouble.NO_MAILBOX, "gmail.messages.send", times=None)
    village.ask("ds@example.org")
    assert village.poll() == []
    assert lacking(village.report.credentials["gmail"], "mailbox") == []


def test_a_mail_that_a_proxy_refuses_for_its_whole_life_is_given_up_loudly(village, clock):
    village.google.faults.add(Trouble.PAGE_403, "gmail.messages.send", times=None)
    village.ask("ds@example.org")
    loud = 0
    for _ in range(25):
        village.poll()
        loud += village.report.dead > 0 and not village.report.healthy
        clock.ahead += DAY / 4
    assert (village.report.dead, loud) == (len(requested()), 1)


BLOCKED = [
    Trouble.PAGE_400,
    Trouble.PAGE_403,
    Trouble.PAGE_404,
    Trouble.DOWNLOAD_QUOTA,
    Trouble.ABUSIVE_FILE,
    Trouble.TRUNCATED,
    Trouble.NOT_JSON,
]


def blocked(village: Village, trouble: Trouble) -> Rule:
    """Drive does not hand out the messages that are on their way."""
    (message,) = village.messages
    return village.google.faults.add(trouble, "drive.files.media", path=f"*/{message}", times=None)


@pytest.mark.parametrize("trouble", BLOCKED)
def test_a_job_whose_message_drive_does_not_hand_out_is_told_from_disk_once(village, trouble):
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    village.poll()
    job = village.submit(python_job("sales"))
    rule = blocked(village, trouble)
    assert village.poll() == []
    assert rule.hits
    assert any("fetched" in problem for problem in village.report.problems)
    village.sync()
    assert village.poll() == sorted(submitted("sales"))
    village.google.faults.clear()
    assert village.poll() == []
    village.generation.approve(village.root, job, village.tick())
    assert village.poll() == decided("approved", "sales")
    assert village.report.healthy


@pytest.mark.parametrize("trouble", BLOCKED)
def test_a_job_whose_message_comes_after_all_is_told_once(village, trouble):
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    village.poll()
    village.submit(python_job("sales"))
    blocked(village, trouble)
    assert village.poll() == []
    village.google.faults.clear()
    assert village.poll() == sorted(submitted("sales"))
    village.sync()
    assert village.poll() == []


def test_one_that_runs_asks_for_a_blocked_message_ever_less_and_tells_others_meanwhile(village, clock):
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    with open_app(load_config(village.config_file, {}, village.home)) as app:

        def poll(after: timedelta = timedelta(seconds=30)) -> list:
            clock.ahead += after
            app.poll(RecordingNarrator())
            return village.new_mails()

        poll()
        job = village.submit(python_job("blocked"))
        blocked(village, Trouble.DOWNLOAD_QUOTA)
        for _ in range(4):
            assert poll() == []
        village.google.requests.clear()
        assert poll(timedelta()) == []
        assert village.google.requests.count() == 1
        village.sync()
        assert poll() + poll() == sorted(submitted("blocked"))
        village.google.faults.clear()
        village.submit(python_job("other"))
        assert poll() == sorted(submitted("other"))
        assert poll(timedelta(hours=1)) == []
        village.generation.approve(village.root, job, village.tick())
        assert poll() == decided("approved", "blocked")
