"""Consent over HTTP: every answer that a person, a browser or Google can give."""

from __future__ import annotations

import json
import logging
import os
import re
import select
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syft_notify.domain.errors import Fault, NotifyError, TransientFault, UserError
from syft_notify.google.auth import DRIVE_SCOPES, ENDS_AT, TokenFile
from syft_notify.google.consent import ask_consent
from syft_notify.google.drive import DriveFiles
from syft_notify.google.oauth_client import OAuthClient, read_client
from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY, GMAIL_SEND, TokenRefusal
from tests.browser import answered, visited
from tests.facts import lacking
from tests.unit.google.conftest import DO
from tests.unit.google.servers import elsewhere

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class Somebody:
    """A person who does with Google's page what `acts` say, each a function of its address, and types what they give.

    An act that gives nothing is one of the browser: it landed, or nobody did anything.
    """

    def __init__(self, *acts: Callable[[str], str | None]) -> None:
        self.acts = list(acts)
        self.told: list[str] = []
        self.address = ""
        self.port = 0

    def invite(self, address: str, port: int) -> None:
        self.address, self.port = address, port

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        typed = self.acts.pop(0)(self.address) if self.acts else None
        if typed is None:
            select.select([descriptor], [], [], seconds)
        return typed

    def tell(self, text: str) -> None:
        self.told.append(text)


def browser(account: str = DO, **how: Any) -> Callable[[str], None]:
    """Answers in a browser on this machine."""
    return lambda address: visited(answered(address, account, **how)) and None


def paste(account: str = DO, **how: Any) -> Callable[[str], str]:
    """Answers in a browser elsewhere, and pastes the address where it ends."""
    return lambda address: answered(address, account, **how)


@pytest.fixture
def client(sandbox: Sandbox, tmp_path: Path) -> OAuthClient:
    path = tmp_path / "credentials.json"
    path.write_text(sandbox.client_file())
    return read_client(path)


def ask(client: OAuthClient, person: Somebody, *scopes: str, **options: Any):
    return ask_consent(client, scopes or [DRIVE_READONLY], person, lambda: NOW, account=DO, **options)


class TestTheQuestion:
    def test_it_asks_for_just_the_scopes_for_a_refresh_token_and_proves_who_asks(self, client):
        somebody = Somebody(browser())
        ask(client, somebody)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(somebody.address).query).items()}
        assert somebody.address.startswith(f"{client.auth_uri}?")
        assert asked["redirect_uri"] == f"http://127.0.0.1:{somebody.port}/"
        assert (asked["scope"], asked["access_type"]) == (DRIVE_READONLY, "offline")
        assert (asked["prompt"], asked["login_hint"]) == ("select_account consent", DO)
        assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
        assert len(asked["state"]) >= 20

    def test_no_two_questions_are_alike(self, client):
        questions = [Somebody(browser()) for _ in range(2)]
        for somebody in questions:
            ask(client, somebody)
        assert len({re.search(r"state=([^&]*)", somebody.address)[1] for somebody in questions}) == 2


class TestYes:
    @pytest.mark.parametrize("act", [browser, paste])
    def test_it_becomes_a_token_file_that_syft_notify_can_use(self, sandbox, client, tmp_path, act):
        consent = ask(client, Somebody(act()))
        document = json.loads(consent.file())
        assert document["scopes"] == [DRIVE_READONLY]
        assert document["expiry"] == "2026-11-23T10:29:59Z"
        assert ENDS_AT not in document
        (tmp_path / "token.json").touch(mode=0o600)
        (tmp_path / "token.json").write_bytes(consent.file())
        token = TokenFile(tmp_path / "token.json", "Drive", DRIVE_SCOPES, sandbox.token_uri)
        drive = DriveFiles(token.proven(), sandbox.drive_endpoint)
        assert drive.account() == DO
        drive.close()

    def test_it_can_be_tried_before_it_is_written(self, sandbox, client):
        drive = DriveFiles(ask(client, Somebody(browser("other@example.org"))).token(), sandbox.drive_endpoint)
        assert drive.account() == "other@example.org"
        drive.close()

    def test_a_second_consent_has_a_refresh_token_too(self, client):
        first, second = (ask(client, Somebody(browser())).document["refresh_token"] for _ in range(2))
        assert first != second

    def test_the_port_is_the_one_that_was_named(self, client):
        somebody = Somebody(browser())
        ask(client, somebody)
        again = Somebody(browser())
        ask(client, again, port=somebody.port)
        assert again.port == somebody.port

    @pytest.mark.parametrize("frame", ["'{}'", ' "{}" ', "<{}>", "  {}\n"])
    def test_a_pasted_address_may_wear_quotes(self, client, frame):
        assert ask(client, Somebody(lambda address: frame.format(answered(address, DO)))).document["token"]

    def test_it_keeps_when_an_app_in_testing_ends_it(self, sandbox, client):
        sandbox.tokens.in_testing = True
        consent = ask(client, Somebody(browser()))
        assert consent.ends_at == NOW + timedelta(days=7)
        assert consent.document[ENDS_AT] == "2026-11-30T09:30:00+00:00"


class TestNotTheAnswer:
    """Whatever else comes is explained, and the right answer is still taken."""

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ("", "address"),
            ("4/0Acode", "address"),
            ("http://[", "address"),
            ("http://127.0.0.1:1/?state=s", "address"),
            ("http://127.0.0.1:1/?state=s&code=c", "question"),
            ("http://127.0.0.1:1/?code=c", "question"),
            ("http://127.0.0.1:1/?error=access_denied&state=s", "question"),
        ],
    )
    def test_typed(self, client, typed, says):
        somebody = Somebody(lambda _: typed, paste())
        assert ask(client, somebody).document["token"]
        assert [lacking(text, says) for text in somebody.told] == [[]]

    def test_googles_own_address(self, client):
        somebody = Somebody(lambda address: address, paste())
        ask(client, somebody)
        assert len(somebody.told) == 1
        assert lacking(somebody.told[0], "Google's page") == []

    def test_a_stranger_who_lands_first(self, client):
        def stranger(address: str) -> None:
            visited(f"{parse_qs(urlsplit(address).query)['redirect_uri'][0]}?state=guess&code=evil")

        somebody = Somebody(stranger, browser())
        assert ask(client, somebody).document["token"]
        assert [lacking(text, "question") for text in somebody.told] == [[]]

    def test_the_browser_and_the_keyboard_are_watched_at_once(self, client):
        """A line is typed half, and the browser is faster."""
        reading, writing = os.pipe()

        class Typing(Somebody):
            def typed_or(self, descriptor: int, seconds: float) -> str | None:
                ready, _, _ = select.select([descriptor, reading], [], [], seconds)
                return os.read(reading, 100).decode() if reading in ready else None

        somebody = Typing()
        somebody.invite = lambda address, port: threading.Thread(target=browser(), args=[address]).start()
        os.write(writing, b"oops\n")
        assert ask(client, somebody).document["token"]
        os.close(reading)
        os.close(writing)
        assert len(somebody.told) == 1


class TestNo:
    def refused(self, client: OAuthClient, *acts: Callable[[str], str | None], **options: Any) -> NotifyError:
        with pytest.raises((UserError, Fault)) as error:
            ask(client, Somebody(*acts), **options)
        return error.value

    @pytest.mark.parametrize("act", [browser, paste])
    def test_denied(self, sandbox, client, act):
        assert lacking(self.refused(client, act(deny=True)).title, "denied") == []
        assert sandbox.requests.count("oauth.token") == 0

    def test_an_unticked_box_is_named_and_no_token_is_made(self, sandbox, client):
        with pytest.raises(UserError) as error:
            ask(client, Somebody(browser(untick="drive.readonly")), DRIVE_READONLY, GMAIL_SEND)
        assert lacking(error.value.title, "all your Google Drive files") == []
        assert "Send email" not in error.value.title
        assert sandbox.requests.count("oauth.token") == 0

    def test_fewer_scopes_in_the_token_than_in_the_answer_are_noticed_too(self, sandbox, client):
        sandbox.faults.add(Injected.ALTERED, "oauth.token", changes={"scope": "openid"})
        assert lacking(self.refused(client, browser()).title, "all your Google Drive files") == []

    def test_an_answer_that_somebody_used_before(self, sandbox, client):
        def stolen(address: str) -> str:
            landed = answered(address, DO)
            with pytest.raises(TokenRefusal):
                sandbox.tokens.exchange_code(parse_qs(urlsplit(landed).query)["code"][0], "", "")
            return landed

        error = self.refused(client, stolen)
        assert lacking(error.title, "invalid_grant") == []
        assert lacking(error.hint, "once") == []

    def test_no_answer_in_time(self, client):
        assert lacking(self.refused(client, patience=0.05).title, "answer", "within") == []

    def test_a_word_of_google_that_nobody_foresaw(self, client):
        def strange(address: str) -> str:
            landed = answered(address, DO, deny=True)
            return landed.replace("access_denied", "admin_policy_enforced")

        error = self.refused(client, strange)
        assert "admin_policy_enforced" in error.title
        assert "administrator" in error.hint
        error = self.refused(client, lambda address: strange(address).replace("admin_policy_enforced", "%1b%5b31m"))
        assert lacking(error.title, "unknown") == []
        assert "31m" not in error.title

    def test_no_refresh_token(self, sandbox, client):
        sandbox.faults.add(Injected.ALTERED, "oauth.token", changes={"refresh_token": None})
        assert lacking(self.refused(client, browser()).title, "refresh token") == []

    @pytest.mark.parametrize(
        "problem",
        [
            Injected.RESET,
            Injected.BAD_GATEWAY,
            Injected.INTERNAL,
            Injected.WRONG_JSON,
            Injected.NOT_JSON,
            Injected.TRUNCATED,
        ],
    )
    def test_a_token_service_that_does_not_work_is_said_to_pass(self, sandbox, client, problem):
        sandbox.faults.add(problem, "oauth.token")
        assert isinstance(self.refused(client, browser()), TransientFault)

    @pytest.mark.parametrize(
        ("problem", "hint"),
        [
            (Injected.DISABLED_CLIENT, "new OAuth client"),
            (Injected.ACCESS_DENIED, "administrator"),
            (Injected.ADMIN_POLICY, "administrator"),
        ],
    )
    def test_what_a_person_must_do_first_is_said(self, sandbox, client, problem, hint):
        sandbox.faults.add(problem, "oauth.token")
        error = self.refused(client, browser())
        assert lacking(error.title, problem.value) == []
        assert lacking(error.hint, hint, "consent") == []

    @pytest.mark.parametrize("problem", [Injected.PAGE_400, Injected.PAGE_403])
    def test_the_page_of_a_proxy_passes(self, sandbox, client, problem):
        sandbox.faults.add(problem, "oauth.token")
        assert isinstance(self.refused(client, browser()), TransientFault)

    @pytest.mark.parametrize("status", [302, 307, 308])
    def test_no_code_and_no_secret_follow_a_redirect(self, client, status):
        with (
            elsewhere(status) as (endpoint, got),
            pytest.raises(TransientFault, match=str(status)),
        ):
            ask(replace(client, token_uri=f"{endpoint}token"), Somebody(browser()))
        assert got == []

    def test_a_client_that_google_does_not_know_any_more(self, sandbox, client):
        sandbox.faults.add(Injected.INVALID_CLIENT, "oauth.token")
        error = self.refused(client, browser())
        assert lacking(error.title, "invalid_client") == []
        assert lacking(error.hint, "Download", "client") == []


def test_ctrl_c_while_waiting_gives_the_port_back(client):
    class Impatient(Somebody):
        def typed_or(self, descriptor: int, seconds: float) -> str | None:
            raise KeyboardInterrupt

    somebody = Impatient()
    with pytest.raises(KeyboardInterrupt):
        ask(client, somebody)
    ask(client, Somebody(browser()), port=somebody.port)


def test_no_secret_is_logged_or_shown_and_the_environment_stays(sandbox, client, caplog):
    caplog.set_level(logging.DEBUG)
    before = dict(os.environ)
    consent = ask(client, Somebody(browser()))
    sandbox.faults.add(Injected.ALTERED, "oauth.token", changes={"refresh_token": None})
    with pytest.raises(UserError) as error:
        ask(client, Somebody(browser()))
    shown = caplog.text + logging.Formatter().formatException((error.type, error.value, error.tb)) + repr(consent)
    secrets = [consent.document["token"], consent.document["refresh_token"], client.client_secret]
    assert [secret for secret in secrets if secret in shown] == []
    assert dict(os.environ) == before
