"""Answers that are not Google's, or not about one mail or file: nothing is lost, and nothing is told wrongly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syft_notify.sandbox import Trouble
from tests.stories.village import requested

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
    assert "has no Gmail mailbox" in village.report.credentials["gmail"]


def test_a_mail_that_a_proxy_refuses_for_its_whole_life_is_given_up_loudly(village, clock):
    village.google.faults.add(Trouble.PAGE_403, "gmail.messages.send", times=None)
    village.ask("ds@example.org")
    loud = 0
    for _ in range(25):
        village.poll()
        loud += village.report.dead > 0 and not village.report.healthy
        clock.ahead += DAY / 4
    assert (village.report.dead, loud) == (len(requested()), 1)
