"""Submissions whose content cannot be read are told as what is known, and not told again under their name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories.site import DO, Village, decided, granted, submitted
from tests.worlds import bash_job, python_job

DS, OTHER = "ds@example.org", "other@example.org"


@pytest.fixture
def village(found) -> Village:
    village = found("0.1.117-encrypted")
    village.poll()
    village.ask(DS)
    village.accept(DS)
    village.poll()
    return village


def nameless(why: str = "encrypted", ds: str = DS) -> list:
    return sorted(submitted(f"{why} submission", ds))


def test_an_encrypted_job_is_told_as_who_when_and_size(village):
    village.submit(python_job("secret"))
    assert village.poll() == nameless()
    mail = village.google.mailbox(DO).received[-1]
    assert "secret" not in mail.text
    assert DS in mail.text
    assert " KB" in mail.text


def test_when_the_job_appears_on_disk_it_is_completed_and_its_later_mails_name_it(village):
    job = village.submit(python_job("secret"))
    village.poll()
    village.sync()
    assert village.poll() == []
    village.generation.approve(village.root, job, village.tick())
    village.generation.finish(village.root, job, 0, "", village.tick())
    assert village.poll() == sorted(decided("approved", "secret") + decided("executed", "secret"))


def test_an_encrypted_job_that_was_synced_before_we_looked_is_told_by_its_name_once(village):
    village.submit(python_job("secret"))
    village.sync()
    assert village.poll() == sorted(submitted("secret"))
    assert village.poll() == []


def test_each_encrypted_message_completes_its_own_job_only(village):
    village.submit(python_job("first"))
    assert village.poll() == nameless()
    village.now += timedelta(minutes=5)
    village.submit(python_job("second"))
    village.sync()
    assert village.poll() == sorted(submitted("second"))
    assert village.poll() == []


def test_an_encrypted_message_of_one_scientist_completes_no_job_of_another(village):
    village.ask(OTHER)
    village.accept(OTHER)
    assert village.poll() == granted(OTHER)
    village.submit(python_job("secret"), OTHER)
    assert village.poll() == nameless(ds=OTHER)
    plain = village.submit(python_job("not encrypted"))
    village.messages = {k: v for k, v in village.messages.items() if v.ds == DS}
    village.sync()
    assert village.poll() == sorted(submitted("not encrypted"))
    assert plain.ds == DS


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip at all", b"\x1f\x8b truncated", b"SYC1 something else", b"{}"],
    ids=["empty", "text", "truncated", "other container", "bare json"],
)
def test_a_corrupt_message_is_named_told_once_and_hides_nothing_else(village, content):
    (inbox,) = village.google.drive.find(village.generation.inbox_folder(DO, DS), DS)
    village.google.drive.file(DS, "msgv2_1.5_broken.tar.gz", content, inbox)
    village.submit(bash_job("fine"))
    assert village.poll() == sorted(nameless("unreadable") + nameless())
    assert village.poll() == []


def test_a_file_that_is_no_message_is_left_alone(village):
    (inbox,) = village.google.drive.find(village.generation.inbox_folder(DO, DS), DS)
    village.google.drive.file(DS, "holiday.jpg", b"\xff\xd8", inbox)
    assert village.poll() == []
