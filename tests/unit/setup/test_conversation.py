"""The whole set-up over HTTP: from nothing, from what is there, from what is dead, and what is left of an early end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.settings import load_config
from syft_notify.domain.errors import UserError
from syft_notify.engine.app import open_app
from syft_notify.google.auth import ENDS_AT
from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.tokens import DRIVE, DRIVE_READONLY, GMAIL_SEND
from syft_notify.setup.browser import Ways
from syft_notify.setup.conversation import set_up
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.plan import Given
from syft_notify.testing import RecordingReporter
from tests.browser import answered, visited
from tests.facts import lacking
from tests.folders import contents
from tests.newcomer import Newcomer
from tests.unit.setup.scripted import Scripted, place_in

DO = "do@example.org"
ROOT = f"~/SyftBox_{DO}"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def agree(address: str) -> str:
    """Paste the address where the browser ends after the owner ticked all and allowed."""
    return answered(address, DO)


def differently(*acts: dict[str, Any]) -> Callable[[str], str]:
    """At the first pages as told, at the others agree."""
    left = list(acts)
    return lambda address: answered(address, **{"account": DO, **(left.pop(0) if left else {})})


class Person(Newcomer):
    """A newcomer who is led through the set-up."""

    place: SetupPaths

    def sets_up(self, person: Scripted, test_mail: bool | None = False, browser: bool = False, **given: Any):
        return set_up(person, self.place, Given(**given), Ways(browser), lambda: NOW, test_mail)


@pytest.fixture
def newcomer(sandbox: Sandbox, tmp_path: Path) -> Person:
    place = place_in(tmp_path)
    person = Person(sandbox, place.home, DO)
    person.place = place
    return person


class TestFromNothing:
    def test_a_few_answers_and_two_consents_make_a_set_up(self, newcomer):
        person = Scripted("", "", "", "y", at_the_page=agree)
        config = newcomer.sets_up(person, test_mail=None)
        facts = ("email", "SyftBox", "OAuth client", DO)
        assert [lacking(question, fact) for fact, (question, _) in zip(facts, person.asked, strict=True)] == [[]] * 4
        assert newcomer.token()["scopes"] == [DRIVE_READONLY]
        assert newcomer.token("gmail_token.json")["scopes"] == [GMAIL_SEND]
        modes = {path.name: path.stat().st_mode & 0o777 for path in newcomer.place.folder.iterdir()}
        assert modes == dict.fromkeys(["credentials.json", "daemon.yaml", "gmail_token.json", "token_do.json"], 0o600)
        (mail,) = newcomer.google.mailbox(DO).received
        assert (mail.sender, lacking(mail.subject, "Test", "syft-notify")) == (DO, [])
        assert mail.header("Auto-Submitted") == "auto-generated"
        with open_app(config) as app:
            assert app.poll(RecordingReporter()).problems == ()

    def test_the_folder_is_made_for_the_owner_alone(self, newcomer):
        newcomer.is_set_up()
        settings = newcomer.place.config.read_text()
        newcomer.place = replace(newcomer.place, config=newcomer.place.home / "new" / "daemon.yaml")
        person = Scripted(at_the_page=agree)
        endpoints = {
            "drive_api_endpoint": newcomer.google.drive_endpoint,
            "gmail_api_endpoint": newcomer.google.gmail_endpoint,
        }
        client = newcomer.place.home / "Downloads" / "client_secret_1.json"
        root = newcomer.place.home / f"SyftBox_{DO}"
        newcomer.sets_up(person, email=DO, syftbox_root=root, credentials=client, settings=endpoints)
        assert person.asked == []
        assert newcomer.place.folder.stat().st_mode & 0o777 == 0o700
        text = newcomer.place.config.read_text()
        assert f"\noauth_token_uri: {newcomer.google.token_uri}\n" in text
        assert (newcomer.place.home / ".syft-creds" / "daemon.yaml").read_text() == settings

    def test_a_folder_that_others_can_look_into_is_told_and_left(self, newcomer):
        newcomer.place.folder.chmod(0o755)
        person = Scripted("", "", "", at_the_page=agree)
        newcomer.sets_up(person)
        assert lacking(person.heard, newcomer.place.folder, "`chmod 700`") == []
        assert newcomer.place.folder.stat().st_mode & 0o777 == 0o755

    def test_the_browser_of_this_machine_is_opened_and_comes_back_by_itself(self, newcomer, monkeypatch):
        opened = []

        def opens(address: str) -> None:
            opened.append(address)
            visited(answered(address, DO))

        monkeypatch.setattr("syft_notify.setup.consents.open_page", opens)
        person = Scripted("", "", "")
        newcomer.sets_up(person, browser=True)
        assert len(opened) == 2
        assert "ssh -L" not in person.heard

    def test_on_a_server_the_ways_back_are_told_with_the_port(self, newcomer):
        person = Scripted("", "", "", at_the_page=lambda address: visited(answered(address, DO)) and None)
        newcomer.sets_up(person)
        assert person.heard.count("ssh -L") == 2


class TestWrongTurns:
    """Each is explained, and the way goes on from where it was."""

    def test_denied_unticked_and_the_wrong_account(self, newcomer):
        wrong = differently({"deny": True}, {"account": "other@example.org"}, {})
        person = Scripted("", "", "", "", at_the_page=wrong)
        newcomer.sets_up(person)
        assert [text for text in person.told if not lacking(text, "denied")]
        assert [text for text in person.told if not lacking(text, "Drive", "other@example.org", DO)]
        assert newcomer.token()["scopes"] == [DRIVE_READONLY]

    def test_a_drive_that_is_not_switched_on_needs_no_new_consent(self, newcomer):
        newcomer.google.faults.add(Injected.API_DISABLED, "drive.about.get")
        person = Scripted("", "", "", "y", at_the_page=agree)
        newcomer.sets_up(person)
        assert lacking(person.heard, "accessNotConfigured", "API", "Google Cloud") == []
        assert person.heard.count("/o/oauth2/auth?") == 2

    def test_a_gmail_that_is_not_switched_on_shows_in_the_test_mail(self, newcomer):
        newcomer.google.faults.add(Injected.API_DISABLED, "gmail.messages.send")
        person = Scripted("", "", "", "y", "y", at_the_page=agree)
        newcomer.sets_up(person, test_mail=None)
        assert lacking(person.heard, "accessNotConfigured", "API", "Google Cloud") == []
        assert len(newcomer.google.mailbox(DO).received) == 1

    def test_a_test_mail_that_is_given_up_leaves_all_set_up(self, newcomer):
        newcomer.google.faults.add(Injected.API_DISABLED, "gmail.messages.send", times=None)
        person = Scripted("", "", "", "n", at_the_page=agree)
        with pytest.raises(UserError, match="test mail"):
            newcomer.sets_up(person, test_mail=True)
        assert load_config(newcomer.place.config, {}, newcomer.place.home).do_email == DO

    def test_an_app_in_testing_is_told_at_once_with_the_day_and_the_fix(self, newcomer):
        newcomer.google.tokens.in_testing = True
        person = Scripted("", "", "", at_the_page=agree)
        newcomer.sets_up(person)
        assert person.heard.count("Testing") == 2
        assert person.heard.count("Publish app") == 1
        assert lacking(person.heard, "2026-11-30", "syft-notify init --renew gmail") == []
        assert newcomer.token()[ENDS_AT] == "2026-11-30T09:30:00+00:00"


class TestWhatIsThere:
    def test_nothing_is_changed_when_all_is_good(self, newcomer):
        newcomer.is_set_up()
        before = contents(newcomer.place.home)
        person = Scripted("", "")
        newcomer.sets_up(person)
        assert contents(newcomer.place.home) == before
        assert [default for _, default in person.asked] == [DO, ROOT]

    def test_a_token_whose_access_lives_but_whose_consent_is_dead_is_asked_for_again(self, newcomer):
        newcomer.is_set_up()
        good = newcomer.token("gmail_token.json")
        newcomer.google.tokens.revoke(newcomer.token()["refresh_token"])
        person = Scripted("", "", "", at_the_page=agree)
        newcomer.sets_up(person)
        assert [text for text in person.told if not lacking(text, "Drive", "invalid_grant")]
        assert person.heard.count("/o/oauth2/auth?") == 1
        assert newcomer.token("gmail_token.json") == good

    def test_a_token_that_lacks_the_scope_or_is_no_token_is_asked_for_again(self, newcomer):
        newcomer.is_set_up()
        (newcomer.place.folder / "gmail_token.json").write_text("{")
        (newcomer.place.folder / "token_do.json").write_text(newcomer.google.token_file(DO, (GMAIL_SEND,)))
        person = Scripted("", "", "", at_the_page=agree)
        newcomer.sets_up(person)
        assert [text for text in person.told if not lacking(text, "Drive", DRIVE_READONLY)]
        assert [text for text in person.told if not lacking(text, "Gmail", "JSON")]
        assert set(newcomer.token()["scopes"]) == {DRIVE_READONLY, GMAIL_SEND}

    def test_a_wider_token_that_another_program_uses_is_kept_and_renewed_as_wide(self, newcomer):
        newcomer.is_set_up()
        newcomer.has_tokens((DRIVE, GMAIL_SEND))
        before = newcomer.token()
        newcomer.sets_up(Scripted("", ""))
        assert newcomer.token() == before
        person = Scripted("", at_the_page=agree)
        newcomer.sets_up(person, renew="drive")
        assert newcomer.token()["scopes"] == [DRIVE]
        assert newcomer.token()["refresh_token"] != before["refresh_token"]
        assert [text for text in person.told if not lacking(text, "token file", "drive")]

    def test_an_unticked_box_of_the_wider_token_leaves_it_as_it_was(self, newcomer):
        newcomer.is_set_up()
        both = newcomer.google.token_file(DO, (DRIVE_READONLY, GMAIL_SEND))
        (newcomer.place.folder / "token_do.json").write_text(both)
        before = contents(newcomer.place.home)
        person = Scripted("", "n", at_the_page=lambda address: answered(address, DO, untick="gmail.send"))
        with pytest.raises(UserError):
            newcomer.sets_up(person, renew="drive")
        assert lacking(person.heard, "'Send email on your behalf'") == []
        assert contents(newcomer.place.home) == before

    def test_a_token_of_another_account_is_asked_for_again(self, newcomer):
        newcomer.is_set_up()
        newcomer.has_tokens(account="other@example.org")
        person = Scripted("", "", "", at_the_page=agree)
        newcomer.sets_up(person)
        assert [text for text in person.told if not lacking(text, "Drive", "other@example.org", DO)]

    def test_when_google_cannot_be_reached_nobody_is_asked_for_a_new_consent(self, newcomer):
        newcomer.is_set_up()
        newcomer.google.faults.add(Injected.BAD_GATEWAY, "oauth.token")
        person = Scripted("", "", "y")
        newcomer.sets_up(person)
        assert [text for text in person.told if not lacking(text, "refreshed")]
        assert "/o/oauth2/auth?" not in person.heard

    def test_only_what_is_renewed_is_touched_and_nothing_else_is_asked(self, newcomer):
        newcomer.is_set_up()
        before = contents(newcomer.place.folder)
        person = Scripted("", at_the_page=agree)
        newcomer.sets_up(person, renew="gmail")
        after = contents(newcomer.place.folder)
        changed = {name for name in after if after[name] != before.get(name)}
        assert changed == {"gmail_token.json", "credentials.json"}
        ((question, _),) = person.asked
        assert lacking(question, "OAuth client") == []

    def test_what_the_person_changes_is_changed_and_the_rest_of_the_config_stays(self, newcomer):
        newcomer.is_set_up()
        with newcomer.place.config.open("a") as file:
            file.write("interval: 60  # mine\n")
        other = newcomer.place.home / "box"
        (other / DO).mkdir(parents=True)
        before = newcomer.place.config.read_text()
        newcomer.sets_up(Scripted("", "~/box"))
        assert newcomer.place.config.read_text() == before.replace(ROOT, "~/box")

    def test_a_broken_config_is_kept_beside_the_new_one(self, newcomer):
        newcomer.is_set_up()
        with newcomer.place.config.open("a") as file:
            file.write("intervall: 60\n")
        broken = newcomer.place.config.read_text()
        newcomer.sets_up(Scripted("y", "", ""))
        (aside,) = newcomer.place.folder.glob("daemon.yaml.old-*")
        assert aside.read_text() == broken
        assert "intervall" not in newcomer.place.config.read_text()
        assert load_config(newcomer.place.config, {}, newcomer.place.home).do_email == DO

    def test_a_config_that_is_a_link_stays_one(self, newcomer):
        newcomer.is_set_up()
        real = newcomer.place.home / "dotfiles.yaml"
        newcomer.place.config.rename(real)
        newcomer.place.config.symlink_to(real)
        other = newcomer.place.home / "box"
        (other / DO).mkdir(parents=True)
        newcomer.sets_up(Scripted("", "~/box"))
        assert newcomer.place.config.is_symlink()
        assert "syftbox_root: ~/box" in real.read_text()


class TestNobody:
    """With --no-input."""

    def test_what_is_there_is_enough(self, newcomer):
        newcomer.is_set_up()
        newcomer.sets_up(Scripted(alone=True), test_mail=None)
        assert newcomer.google.mailbox(DO).received == []

    def test_a_test_mail_goes_when_it_was_asked_for(self, newcomer):
        newcomer.is_set_up()
        newcomer.sets_up(Scripted(alone=True), test_mail=True)
        assert len(newcomer.google.mailbox(DO).received) == 1

    def test_a_missing_consent_needs_a_person(self, newcomer):
        before = contents(newcomer.place.home)
        with pytest.raises(UserError, match="Drive and Gmail") as error:
            newcomer.sets_up(Scripted(alone=True))
        assert lacking(error.value.hint, "syft-notify init", "--no-input") == []
        assert contents(newcomer.place.home) == before


class TestEndedEarly:
    @pytest.mark.parametrize("answers", range(4))
    def test_before_the_last_answer_nothing_is_changed(self, newcomer, answers):
        newcomer.has_tokens()
        newcomer.google.tokens.revoke_person(DO)
        before = contents(newcomer.place.home)

        def leaves(address: str) -> str:
            if "drive.readonly" in address:
                return agree(address)
            raise KeyboardInterrupt

        class Leaving(Scripted):
            def ask(self, question: str, default: str = "", flag: str = "") -> str:
                if not self.answers:
                    raise KeyboardInterrupt
                return super().ask(question, default, flag)

        with pytest.raises(UserError, match="Interrupted") as error:
            newcomer.sets_up(Leaving(*[""] * answers, at_the_page=leaves))
        assert error.value.exit_code == 1
        assert contents(newcomer.place.home) == before

    def test_a_disk_that_takes_no_more_is_said_and_the_config_comes_last(self, newcomer, monkeypatch):
        before = newcomer.place.config.read_text()

        def full(path: Path, content: bytes) -> None:
            raise UserError(f"{path} cannot be written: No space left on device")

        monkeypatch.setattr("syft_notify.setup.plan.write_atomically", full)
        with pytest.raises(UserError, match="No space left"):
            newcomer.sets_up(Scripted("", "", "", at_the_page=agree))
        assert newcomer.place.config.read_text() == before


def test_no_secret_is_told(newcomer, caplog):
    caplog.set_level("DEBUG")
    newcomer.google.tokens.in_testing = True
    person = Scripted("", "", "", "y", at_the_page=agree)
    newcomer.sets_up(person, test_mail=True)
    secrets = [newcomer.google.tokens.client_secret]
    for name in ("token_do.json", "gmail_token.json"):
        secrets += [newcomer.token(name)["token"], newcomer.token(name)["refresh_token"]]
    assert [secret for secret in secrets if secret in person.heard + caplog.text] == []
