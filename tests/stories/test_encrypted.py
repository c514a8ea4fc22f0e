"""Submissions whose content cannot be read are told as what is known, and not told again under their name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories.site import DO, Site, decided, granted, submitted
from tests.worlds import bash_job, python_job

DS, OTHER = "ds@example.org", "other@example.org"


@pytest.fixture
def site(found) -> Site:
    site = found("0.1.117-encrypted")
    site.poll()
    site.ask(DS)
    site.accept(DS)
    site.poll()
    return site


def unmatched(why: str = "encrypted", ds: str = DS) -> list:
    return sorted(submitted(f"{why} submission", ds))


def test_an_encrypted_job_is_told_as_who_when_and_size(site):
    site.submit(python_job("secret"))
    assert site.poll() == unmatched()
    mail = site.google.mailbox(DO).received[-1]
    assert "secret" not in mail.text
    assert DS in mail.text
    assert " KB" in mail.text


def test_when_the_job_appears_on_disk_it_is_completed_and_its_later_mails_name_it(site):
    job = site.submit(python_job("secret"))
    site.poll()
    site.sync()
    assert site.poll() == []
    site.generation.approve(site.root, job, site.tick())
    site.generation.finish(site.root, job, 0, "", site.tick())
    assert site.poll() == sorted(decided("approved", "secret") + decided("executed", "secret"))


def test_an_encrypted_job_that_was_synced_before_we_looked_is_told_by_its_name_once(site):
    site.submit(python_job("secret"))
    site.sync()
    assert site.poll() == sorted(submitted("secret"))
    assert site.poll() == []


def test_each_encrypted_message_completes_its_own_job_only(site):
    site.submit(python_job("first"))
    assert site.poll() == unmatched()
    site.now += timedelta(minutes=5)
    site.submit(python_job("second"))
    site.sync()
    assert site.poll() == sorted(submitted("second"))
    assert site.poll() == []


def test_an_encrypted_message_of_one_scientist_completes_no_job_of_another(site):
    site.ask(OTHER)
    site.accept(OTHER)
    assert site.poll() == granted(OTHER)
    site.submit(python_job("secret"), OTHER)
    assert site.poll() == unmatched(ds=OTHER)
    plain = site.submit(python_job("not encrypted"))
    site.messages = {k: v for k, v in site.messages.items() if v.ds == DS}
    site.sync()
    assert site.poll() == sorted(submitted("not encrypted"))
    assert plain.ds == DS


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip at all", b"\x1f\x8b truncated", b"SYC1 something else", b"{}"],
    ids=["empty", "text", "truncated", "other container", "bare json"],
)
def test_a_corrupt_message_is_named_told_once_and_hides_nothing_else(site, content):
    (inbox,) = site.google.drive.find(site.generation.inbox_folder(DO, DS), DS)
    site.google.drive.file(DS, "msgv2_1.5_broken.tar.gz", content, inbox)
    site.submit(bash_job("fine"))
    assert site.poll() == sorted(unmatched("unreadable") + unmatched())
    assert site.poll() == []


def test_a_file_that_is_no_message_is_left_alone(site):
    (inbox,) = site.google.drive.find(site.generation.inbox_folder(DO, DS), DS)
    site.google.drive.file(DS, "holiday.jpg", b"\xff\xd8", inbox)
    assert site.poll() == []
