"""One account has many spellings and is one person; a folder is nobody's because of its name alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from syft_notify.config.settings import load_config
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.engine.app import open_app
from syft_notify.sandbox.people import permission_id
from tests import titles
from tests.facts import lacking
from tests.stories.site import DO, Site, Told, decided, granted, requested, submitted, told_by
from tests.worlds import python_job

DS, OTHER, EVIL = "ds@example.org", "other@example.org", "evil@example.org"
SPELLED, SHOWN = "first.last@gmail.com", "firstlast@gmail.com"


def folder(site: Site, owner: str, name: str, version: str = "0.10.0") -> str:
    """An inbox folder of today's shape that belongs to one account and is named for an address."""
    title = f"syft_datasite#{version}#{site.do}#inbox#{name}"
    return site.google.drive.folder(owner, title, share={site.do: "writer"})


def sends(site: Site, inbox: str, owner: str, name: str, job: str = "sales") -> str:
    """A message of one account in a folder; the job's path names an address. Returns the message's id."""
    submission = replace(python_job(job), ds=name, do=site.do, submitted_at=site.tick())
    title, content = site.generation.message(submission, name, site.do, site.now)
    return site.google.drive.file(owner, title, content, inbox)


def mails(site: Site, *people: str) -> list[Told]:
    """All mails that these people ever received."""
    return sorted(told_by(person, mail) for person in people for mail in site.google.mailbox(person).received)


def log_of(site: Site, polls: int, caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    """What a service would log in so many polls."""
    caplog.clear()
    with open_app(load_config(site.config_file, {}, site.home)) as app:
        reporter = LogReporter()
        for _ in range(polls):
            app.poll(reporter)
            reporter.end()
    return [record.message for record in caplog.records]


@pytest.mark.parametrize("shown", [SHOWN, "first.last@googlemail.com", "First.Last@gmail.com", SPELLED])
def test_a_peer_is_told_at_the_address_of_the_folder_however_drive_writes_the_owner(site: Site, shown: str) -> None:
    inbox = folder(site, shown, SPELLED)
    site.poll()
    site.decide(SPELLED, "accepted")
    site.poll()
    sends(site, inbox, shown, SPELLED)
    site.poll()
    assert mails(site, DO, SPELLED) == sorted(requested(SPELLED) + granted(SPELLED) + submitted("sales", SPELLED))
    if shown.lower() != SPELLED:
        assert mails(site, shown) == []
    assert not any("Careful" in mail.text for mail in site.google.mailbox(DO).received)


def test_two_folders_of_two_spellings_are_one_person_with_one_address(site: Site) -> None:
    site.google.drive.describe(folder(site, SHOWN, SPELLED), createdTime="2026-01-01T00:00:00.000Z")
    second = folder(site, SHOWN, "firstlast+jobs@googlemail.com", "0.11.0")
    site.poll()
    site.decide("firstlast@googlemail.com", "accepted")
    site.poll()
    sends(site, second, SHOWN, "firstlast+jobs@googlemail.com")
    site.poll()
    assert mails(site, DO, SPELLED) == sorted(requested(SPELLED) + granted(SPELLED) + submitted("sales", SPELLED))
    assert mails(site, SHOWN, "firstlast+jobs@googlemail.com", "firstlast@googlemail.com") == []
    assert site.poll() == []


class TestTheOwner:
    @pytest.fixture
    def site(self, found) -> Site:
        """The config names another spelling than Drive shows."""
        site: Site = found(do=SPELLED)
        for name in ("token_do.json", "gmail_token.json"):
            (site.home / name).write_text(site.google.token_file(SHOWN))
        (site.root / site.do).rename(site.root / "firstlast@googlemail.com")
        return site

    def test_is_one_person_by_any_spelling(self, site: Site) -> None:
        for number, spelling in enumerate((SHOWN, "firstlast@googlemail.com")):
            name = f"syft_datasite#0.10.{number}#{spelling}#inbox#ds{number}@example.org"
            site.google.drive.folder(f"ds{number}@example.org", name, share={SHOWN: "writer"})
        name = f"syft_outbox_inbox_ds2@example.org_to_{SPELLED}"
        site.google.drive.folder("ds2@example.org", name, share={SHOWN: "writer"})
        site.poll()
        assert site.report is not None
        assert site.report.problems == ()
        assert [told for told in mails(site, SPELLED) if told[1] == "peer_requested"] == [
            (SPELLED, "peer_requested", titles.new_request(f"ds{number}@example.org")) for number in range(3)
        ]

    def test_whose_token_is_of_another_account_is_told_so(self, site: Site) -> None:
        (site.home / "token_do.json").write_text(site.google.token_file("else@gmail.com"))
        site.poll()
        assert site.report is not None
        assert lacking(site.report.problems[0], "else@gmail.com", "do_email", SPELLED) == []


class TestImpostors:
    def test_a_folder_that_belongs_to_another_than_it_says_is_named_once_and_tells_nobody(
        self, site: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbox = folder(site, EVIL, DS)
        sends(site, inbox, EVIL, DS)
        lines = log_of(site, 3, caplog)
        assert [lacking(line, "peers", DS, EVIL) for line in lines if "ignored" in line] == [[]]
        assert mails(site, DO, DS, EVIL) == []

    def test_a_folder_that_was_given_to_another_is_named(self, site: Site, caplog: pytest.LogCaptureFixture) -> None:
        inbox = site.ask(DS)
        site.poll()
        site.google.drive.share(inbox, EVIL, "owner")
        assert any(not lacking(line, DS, EVIL, "ignored") for line in log_of(site, 1, caplog))

    def test_a_crowd_of_impostors_is_a_few_lines(self, site: Site, caplog: pytest.LogCaptureFixture) -> None:
        for number in range(50):
            folder(site, EVIL, f"victim{number}@example.org")
        site.ask(DS)
        lines = log_of(site, 2, caplog)
        assert len([line for line in lines if "ignored" in line]) == 10
        assert any(not lacking(line, "peers", "40 more") for line in lines)
        site.poll()
        assert mails(site, DO, DS) == sorted(requested())


class TestHiddenOwners:
    """Drive leaves out the address of people who hide it; of a file in a shared drive it names no owner at all."""

    def test_of_a_folder_whose_owner_is_hidden_the_owner_alone_hears_with_a_warning(self, site: Site) -> None:
        site.google.people.hide_address(DS)
        inbox = site.ask(DS)
        sends(site, inbox, DS, DS)
        site.poll()
        assert mails(site, DO, DS) == [
            (DO, "job_submitted", titles.new_job("sales", DS)),
            (DO, "peer_requested", titles.new_request(DS)),
        ]
        for mail in site.google.mailbox(DO).received:
            assert "not verified" in mail.text
            assert "not verified" in mail.html
        assert site.poll() == []

    def test_nobody_else_hears_what_becomes_of_its_jobs(self, site: Site) -> None:
        site.google.people.hide_address(DS)
        site.ask(DS)
        site.accept(DS)
        job = site.submit(python_job("sales"))
        site.poll()
        site.sync()
        site.generation.approve(site.root, job, site.tick())
        site.poll()
        site.generation.finish(site.root, job, 1, "oops", site.tick())
        site.poll()
        assert mails(site, DS) == []
        assert [kind for _, kind, _ in mails(site, DO)] == ["job_failed", "job_submitted"]

    def test_a_peer_who_asked_before_does_not_ask_again_when_drive_begins_to_hide_them(self, site: Site) -> None:
        site.ask(DS)
        assert site.poll() == sorted(requested())
        site.google.people.hide_address(DS)
        assert site.poll() == []

    def test_it_does_not_silence_the_person_whose_name_it_bears(self, site: Site) -> None:
        site.google.people.hide_address(EVIL)
        folder(site, EVIL, DS)
        site.poll()
        site.ask(DS)
        assert site.poll() == sorted(requested())

    def test_a_file_whose_owner_is_hidden_is_of_the_owner_of_its_folder_if_both_have_one_id(self, site: Site) -> None:
        inbox = site.ask(DS)
        site.accept(DS)
        message = sends(site, inbox, DS, DS)
        site.google.drive.describe(message, owners=[{"permissionId": permission_id(DS)}])
        assert site.poll() == sorted(submitted("sales"))

    @pytest.mark.parametrize("owners", [[], None, [{"permissionId": permission_id(EVIL)}]])
    def test_of_a_file_that_may_be_of_anybody_the_owner_alone_hears(self, site: Site, owners: object) -> None:
        inbox = site.ask(DS)
        site.accept(DS)
        message = sends(site, inbox, DS, DS)
        site.google.drive.describe(message, owners=owners)
        assert site.poll() == [(DO, "job_submitted", titles.new_job("sales", DS))]
        (mail,) = site.google.mailbox(DO).received
        assert lacking(mail.text, "Careful", "Drive") == []

    def test_an_archived_file_is_of_the_owner_of_the_inbox_with_the_same_id(self, site: Site) -> None:
        site.ask(DS)
        site.accept(DS)
        site.poll()
        job = site.submit(python_job("sales"))
        (message,) = site.messages
        site.google.drive.describe(message, owners=[{"permissionId": permission_id(DS)}])
        site.sync()
        site.generation.approve(site.root, job, site.tick())
        assert site.poll() == sorted(submitted("sales") + decided("approved", "sales"))
