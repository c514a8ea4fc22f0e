"""Answers that are not Google's, or not about one mail or file: nothing is lost, and nothing is told wrongly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syft_notify.config.settings import load_config
from syft_notify.engine.app import open_app
from syft_notify.sandbox import Injected
from syft_notify.sandbox.faults import Rule
from syft_notify.testing import RecordingReporter
from tests.facts import lacking
from tests.stories.site import Site, decided, requested, submitted
from tests.worlds import python_job

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "injected", [Injected.PAGE_403, Injected.PAGE_404, Injected.NO_MAILBOX, Injected.QUOTA_IN_DETAILS]
)
def test_mails_wait_while_gmail_or_a_proxy_refuses_them_all(site, clock, injected):
    site.google.faults.add(injected, "gmail.messages.send", times=None)
    site.ask("ds@example.org")
    for _ in range(4):
        assert site.poll() == []
        assert site.report.dead == 0
        clock.ahead += DAY
    site.google.faults.clear()
    assert site.poll() == sorted(requested())


def test_an_account_without_a_mailbox_is_told_so_as_a_fault_of_the_set_up(site):
    site.google.faults.add(Injected.NO_MAILBOX, "gmail.messages.send", times=None)
    site.ask("ds@example.org")
    assert site.poll() == []
    assert lacking(site.report.credentials["gmail"], "mailbox") == []


def test_a_mail_that_a_proxy_refuses_for_its_whole_life_is_given_up_loudly(site, clock):
    site.google.faults.add(Injected.PAGE_403, "gmail.messages.send", times=None)
    site.ask("ds@example.org")
    loud = 0
    for _ in range(25):
        site.poll()
        loud += site.report.dead > 0 and not site.report.healthy
        clock.ahead += DAY / 4
    assert (site.report.dead, loud) == (len(requested()), 1)


BLOCKED = [
    Injected.PAGE_400,
    Injected.PAGE_403,
    Injected.PAGE_404,
    Injected.DOWNLOAD_QUOTA,
    Injected.ABUSIVE_FILE,
    Injected.TRUNCATED,
    Injected.NOT_JSON,
]


def blocked(site: Site, injected: Injected) -> Rule:
    """Drive does not hand out the messages that are on their way."""
    (message,) = site.messages
    return site.google.faults.add(injected, "drive.files.media", path=f"*/{message}", times=None)


@pytest.mark.parametrize("injected", BLOCKED)
def test_a_job_whose_message_drive_does_not_hand_out_is_told_from_disk_once(site, injected):
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    site.poll()
    job = site.submit(python_job("sales"))
    rule = blocked(site, injected)
    assert site.poll() == []
    assert rule.hits
    assert any("fetched" in problem for problem in site.report.problems)
    site.sync()
    assert site.poll() == sorted(submitted("sales"))
    site.google.faults.clear()
    assert site.poll() == []
    site.generation.approve(site.root, job, site.tick())
    assert site.poll() == decided("approved", "sales")
    assert site.report.healthy


@pytest.mark.parametrize("injected", BLOCKED)
def test_a_job_whose_message_comes_after_all_is_told_once(site, injected):
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    site.poll()
    site.submit(python_job("sales"))
    blocked(site, injected)
    assert site.poll() == []
    site.google.faults.clear()
    assert site.poll() == sorted(submitted("sales"))
    site.sync()
    assert site.poll() == []


def test_one_that_runs_asks_for_a_blocked_message_ever_less_and_tells_others_meanwhile(site, clock):
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    with open_app(load_config(site.config_file, {}, site.home)) as app:

        def poll(after: timedelta = timedelta(seconds=30)) -> list:
            clock.ahead += after
            app.poll(RecordingReporter())
            return site.new_mails()

        poll()
        job = site.submit(python_job("blocked"))
        blocked(site, Injected.DOWNLOAD_QUOTA)
        for _ in range(4):
            assert poll() == []
        site.google.requests.clear()
        assert poll(timedelta()) == []
        assert site.google.requests.count() == 1
        site.sync()
        assert poll() + poll() == sorted(submitted("blocked"))
        site.google.faults.clear()
        site.submit(python_job("other"))
        assert poll() == sorted(submitted("other"))
        assert poll(timedelta(hours=1)) == []
        site.generation.approve(site.root, job, site.tick())
        assert poll() == decided("approved", "blocked")
