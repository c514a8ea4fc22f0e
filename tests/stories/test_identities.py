"""One account has many spellings and is one person; a folder is nobody's because of its name alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from syft_notify.config.settings import load_config
from syft_notify.daemon.log_reporter import LogNarrator
from syft_notify.engine.app import open_app
from syft_notify.sandbox.people import permission_id
from tests import titles
from tests.facts import lacking
from tests.stories.site import DO, Told, Village, decided, granted, requested, submitted, told_by
from tests.worlds import python_job

DS, OTHER, EVIL = "ds@example.org", "other@example.org", "evil@example.org"
SPELLED, SHOWN = "first.last@gmail.com", "firstlast@gmail.com"


def folder(village: Village, owner: str, name: str, version: str = "0.10.0") -> str:
    """An inbox folder of today's shape that belongs to one account and is named for an address."""
    title = f"syft_datasite#{version}#{village.do}#inbox#{name}"
    return village.google.drive.folder(owner, title, share={village.do: "writer"})


def sends(village: Village, inbox: str, owner: str, name: str, job: str = "sales") -> str:
    """A message of one account in a folder; the job's path names an address. Returns the message's id."""
    submission = replace(python_job(job), ds=name, do=village.do, submitted_at=village.tick())
    title, content = village.generation.message(submission, name, village.do, village.now)
    return village.google.drive.file(owner, title, content, inbox)


def mails(village: Village, *people: str) -> list[Told]:
    """All mails that these people ever received."""
    return sorted(told_by(person, mail) for person in people for mail in village.google.mailbox(person).received)


def log_of(village: Village, polls: int, caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    """What a service would log in so many polls."""
    caplog.clear()
    with open_app(load_config(village.config_file, {}, village.home)) as app:
        narrator = LogNarrator()
        for _ in range(polls):
            app.poll(narrator)
            narrator.end()
    return [record.message for record in caplog.records]


@pytest.mark.parametrize("shown", [SHOWN, "first.last@googlemail.com", "First.Last@gmail.com", SPELLED])
def test_a_peer_is_told_at_the_address_of_the_folder_however_drive_writes_the_owner(
    village: Village, shown: str
) -> None:
    inbox = folder(village, shown, SPELLED)
    village.poll()
    village.decide(SPELLED, "accepted")
    village.poll()
    sends(village, inbox, shown, SPELLED)
    village.poll()
    assert mails(village, DO, SPELLED) == sorted(requested(SPELLED) + granted(SPELLED) + submitted("sales", SPELLED))
    if shown.lower() != SPELLED:
        assert mails(village, shown) == []
    assert not any("Careful" in mail.text for mail in village.google.mailbox(DO).received)


def test_two_folders_of_two_spellings_are_one_person_with_one_address(village: Village) -> None:
    village.google.drive.describe(folder(village, SHOWN, SPELLED), createdTime="2026-01-01T00:00:00.000Z")
    second = folder(village, SHOWN, "firstlast+jobs@googlemail.com", "0.11.0")
    village.poll()
    village.decide("firstlast@googlemail.com", "accepted")
    village.poll()
    sends(village, second, SHOWN, "firstlast+jobs@googlemail.com")
    village.poll()
    assert mails(village, DO, SPELLED) == sorted(requested(SPELLED) + granted(SPELLED) + submitted("sales", SPELLED))
    assert mails(village, SHOWN, "firstlast+jobs@googlemail.com", "firstlast@googlemail.com") == []
    assert village.poll() == []


def test_a_peer_whom_the_state_knows_by_the_spelling_of_the_folder_is_no_news(village: Village) -> None:
    """Before accounts were compared, the state held what the folder says."""
    folder(village, SHOWN, SPELLED)
    village.poll()
    told = mails(village, DO, SPELLED)
    (state,) = village.home.glob("*state*.json")
    state.write_text(state.read_text().replace(f"peer:{SHOWN}:", f"peer:{SPELLED}:"))
    village.poll()
    assert mails(village, DO, SPELLED) == told == sorted(requested(SPELLED))


class TestTheOwner:
    @pytest.fixture
    def village(self, found) -> Village:
        """The config names another spelling than Drive shows."""
        village: Village = found(do=SPELLED)
        for name in ("token_do.json", "gmail_token.json"):
            (village.home / name).write_text(village.google.token_file(SHOWN))
        (village.root / village.do).rename(village.root / "firstlast@googlemail.com")
        return village

    def test_is_one_person_by_any_spelling(self, village: Village) -> None:
        for number, spelling in enumerate((SHOWN, "firstlast@googlemail.com")):
            name = f"syft_datasite#0.10.{number}#{spelling}#inbox#ds{number}@example.org"
            village.google.drive.folder(f"ds{number}@example.org", name, share={SHOWN: "writer"})
        name = f"syft_outbox_inbox_ds2@example.org_to_{SPELLED}"
        village.google.drive.folder("ds2@example.org", name, share={SHOWN: "writer"})
        village.poll()
        assert village.report is not None
        assert village.report.problems == ()
        assert [told for told in mails(village, SPELLED) if told[1] == "peer_requested"] == [
            (SPELLED, "peer_requested", titles.new_request(f"ds{number}@example.org")) for number in range(3)
        ]

    def test_whose_token_is_of_another_account_is_told_so(self, village: Village) -> None:
        (village.home / "token_do.json").write_text(village.google.token_file("else@gmail.com"))
        village.poll()
        assert village.report is not None
        assert lacking(village.report.problems[0], "else@gmail.com", "do_email", SPELLED) == []


class TestImpostors:
    def test_a_folder_that_belongs_to_another_than_it_says_is_named_once_and_tells_nobody(
        self, village: Village, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbox = folder(village, EVIL, DS)
        sends(village, inbox, EVIL, DS)
        lines = log_of(village, 3, caplog)
        assert [lacking(line, "peers", DS, EVIL) for line in lines if "ignored" in line] == [[]]
        assert mails(village, DO, DS, EVIL) == []

    def test_a_folder_that_was_given_to_another_is_named(
        self, village: Village, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbox = village.ask(DS)
        village.poll()
        village.google.drive.share(inbox, EVIL, "owner")
        assert any(not lacking(line, DS, EVIL, "ignored") for line in log_of(village, 1, caplog))

    def test_a_crowd_of_impostors_is_a_few_lines(self, village: Village, caplog: pytest.LogCaptureFixture) -> None:
        for number in range(50):
            folder(village, EVIL, f"victim{number}@example.org")
        village.ask(DS)
        lines = log_of(village, 2, caplog)
        assert len([line for line in lines if "ignored" in line]) == 10
        assert any(not lacking(line, "peers", "40 more") for line in lines)
        village.poll()
        assert mails(village, DO, DS) == sorted(requested())


class TestHiddenOwners:
    """Drive leaves out the address of people who hide it; of a file in a shared drive it names no owner at all."""

    def test_of_a_folder_whose_owner_is_hidden_the_owner_alone_hears_with_a_warning(self, village: Village) -> None:
        village.google.people.hide_address(DS)
        inbox = village.ask(DS)
        sends(village, inbox, DS, DS)
        village.poll()
        assert mails(village, DO, DS) == [
            (DO, "job_submitted", titles.new_job("sales", DS)),
            (DO, "peer_requested", titles.new_request(DS)),
        ]
        for mail in village.google.mailbox(DO).received:
            assert "not verified" in mail.text
            assert "not verified" in mail.html
        assert village.poll() == []

    def test_nobody_else_hears_what_becomes_of_its_jobs(self, village: Village) -> None:
        village.google.people.hide_address(DS)
        village.ask(DS)
        village.accept(DS)
        job = village.submit(python_job("sales"))
        village.poll()
        village.sync()
        village.generation.approve(village.root, job, village.tick())
        village.poll()
        village.generation.finish(village.root, job, 1, "oops", village.tick())
        village.poll()
        assert mails(village, DS) == []
        assert [kind for _, kind, _ in mails(village, DO)] == ["job_failed", "job_submitted"]

    def test_a_peer_who_asked_before_does_not_ask_again_when_drive_begins_to_hide_them(self, village: Village) -> None:
        village.ask(DS)
        assert village.poll() == sorted(requested())
        village.google.people.hide_address(DS)
        assert village.poll() == []

    def test_it_does_not_silence_the_person_whose_name_it_bears(self, village: Village) -> None:
        village.google.people.hide_address(EVIL)
        folder(village, EVIL, DS)
        village.poll()
        village.ask(DS)
        assert village.poll() == sorted(requested())

    def test_a_file_whose_owner_is_hidden_is_of_the_owner_of_its_folder_if_both_have_one_id(
        self, village: Village
    ) -> None:
        inbox = village.ask(DS)
        village.accept(DS)
        message = sends(village, inbox, DS, DS)
        village.google.drive.describe(message, owners=[{"permissionId": permission_id(DS)}])
        assert village.poll() == sorted(submitted("sales"))

    @pytest.mark.parametrize("owners", [[], None, [{"permissionId": permission_id(EVIL)}]])
    def test_of_a_file_that_may_be_of_anybody_the_owner_alone_hears(self, village: Village, owners: object) -> None:
        inbox = village.ask(DS)
        village.accept(DS)
        message = sends(village, inbox, DS, DS)
        village.google.drive.describe(message, owners=owners)
        assert village.poll() == [(DO, "job_submitted", titles.new_job("sales", DS))]
        (mail,) = village.google.mailbox(DO).received
        assert lacking(mail.text, "Careful", "Drive") == []

    def test_an_archived_file_is_of_the_owner_of_the_inbox_with_the_same_id(self, village: Village) -> None:
        village.ask(DS)
        village.accept(DS)
        village.poll()
        job = village.submit(python_job("sales"))
        (message,) = village.messages
        village.google.drive.describe(message, owners=[{"permissionId": permission_id(DS)}])
        village.sync()
        village.generation.approve(village.root, job, village.tick())
        assert village.poll() == sorted(submitted("sales") + decided("approved", "sales"))
