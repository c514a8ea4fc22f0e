"""The consent page as a browser and a program meet it: what it asks, what it refuses, where it sends the browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY, GMAIL_SEND, TokenRefusal
from tests.unit.sandbox.test_drive_files import DO

PLACE = "http://127.0.0.1:1/"


def asked(sandbox: Sandbox, **changes: str) -> dict[str, str]:
    """What a program asks for."""
    usual = {
        "client_id": sandbox.tokens.client_id,
        "redirect_uri": PLACE,
        "response_type": "code",
        "scope": f"{DRIVE_READONLY} {GMAIL_SEND}",
        "state": "s<&>1",
        "access_type": "offline",
        "login_hint": DO,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value}


def answered(sandbox: Sandbox, question: dict[str, str], *granted: str, decision: str = "allow", account: str = DO):
    """Where the browser is sent, and with what."""
    form: list[tuple[str, str]] = [*question.items(), ("decision", decision), ("account", account)]
    form += [("granted", scope) for scope in granted]
    reply = requests.post(sandbox.auth_uri, data=form, allow_redirects=False, timeout=10)
    assert reply.status_code == 302
    place = reply.headers["Location"]
    return place.partition("?")[0], dict(parse_qsl(urlsplit(place).query))


def exchanged(sandbox: Sandbox, code: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": PLACE}
    client = {"client_id": sandbox.tokens.client_id, "client_secret": sandbox.tokens.client_secret}
    return requests.post(sandbox.token_uri, data={**form, **client}, timeout=10).json()


def test_the_page_shows_the_hint_the_people_and_a_box_for_each_scope(sandbox):
    sandbox.people.register("ds@example.org")
    page = requests.get(sandbox.auth_uri, params=asked(sandbox), timeout=10)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert f'name="account" list="people" value="{DO}"' in page.text
    assert '<option value="ds@example.org">' in page.text
    assert page.text.count('type="checkbox"') == 2
    assert 'value="s&lt;&amp;&gt;1"' in page.text


def test_who_allows_is_sent_back_with_a_code_for_what_was_ticked(sandbox):
    place, answer = answered(sandbox, asked(sandbox), DRIVE_READONLY)
    assert (place, answer["state"], answer["scope"]) == (PLACE, "s<&>1", DRIVE_READONLY)
    tokens = exchanged(sandbox, answer["code"])
    assert tokens["scope"] == DRIVE_READONLY
    assert sandbox.tokens.person(f"Bearer {tokens['access_token']}") == DO
    assert exchanged(sandbox, answer["code"])["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("granted", "how"),
    [((DRIVE_READONLY,), {"decision": "deny"}), ((), {}), (("made-up",), {}), ((DRIVE_READONLY,), {"account": "me"})],
)
def test_who_allows_nothing_is_sent_back_without_a_code(sandbox, granted, how):
    assert answered(sandbox, asked(sandbox), *granted, **how) == (PLACE, {"state": "s<&>1", "error": "access_denied"})


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": "stranger"}, 401, "invalid_client"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"scope": "drive"}, 400, "invalid_scope"),
        ({"redirect_uri": ""}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://example.org/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://127.0.0.1/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}, 400, "redirect_uri_mismatch"),
    ],
)
def test_a_program_that_is_not_trusted_gets_no_answer(sandbox, changes, status, error):
    question = asked(sandbox, **changes)
    for reply in (
        requests.get(sandbox.auth_uri, params=question, timeout=10),
        requests.post(sandbox.auth_uri, data={**question, "decision": "allow"}, allow_redirects=False, timeout=10),
    ):
        assert reply.status_code == status
        assert f"Error {status}: {error}" in reply.text


def test_a_refresh_token_comes_with_the_first_consent_or_when_it_is_forced(sandbox):
    def refresh_token(**changes: str) -> bool:
        _, answer = answered(sandbox, asked(sandbox, **changes), GMAIL_SEND)
        return "refresh_token" in exchanged(sandbox, answer["code"])

    assert refresh_token()
    assert not refresh_token()
    assert refresh_token(prompt="select_account consent")
    assert not refresh_token(prompt="consent", access_type="online")


def test_a_consent_of_an_app_in_testing_ends_after_seven_days():
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Sandbox(now=lambda: clock[0]).start() as sandbox:
        requests.post(f"{sandbox.url}/sandbox/publishing", json={"testing": True}, timeout=10)
        _, answer = answered(sandbox, asked(sandbox), GMAIL_SEND)
        tokens = exchanged(sandbox, answer["code"])
        assert tokens["refresh_token_expires_in"] == 7 * 86_400
        assert sandbox.tokens.exchange_refresh(tokens["refresh_token"]).person == DO
        requests.post(f"{sandbox.url}/sandbox/publishing", json={"testing": False}, timeout=10)
        clock[0] += timedelta(days=7)
        with pytest.raises(TokenRefusal, match="invalid_grant"):
            sandbox.tokens.exchange_refresh(tokens["refresh_token"])
        _, answer = answered(sandbox, asked(sandbox, prompt="consent"), GMAIL_SEND)
        assert "refresh_token_expires_in" not in exchanged(sandbox, answer["code"])


def test_the_client_and_the_lines_of_a_config_can_be_downloaded(sandbox):
    client = requests.get(f"{sandbox.url}/sandbox/credentials.json", timeout=10).json()
    assert client == json.loads(sandbox.client_file())
    assert client["installed"]["auth_uri"] == sandbox.auth_uri
    assert client["installed"]["token_uri"] == sandbox.token_uri
    assert requests.get(f"{sandbox.url}/sandbox/daemon.yaml", timeout=10).text.splitlines() == [
        f"drive_api_endpoint: {sandbox.drive_endpoint}",
        f"gmail_api_endpoint: {sandbox.gmail_endpoint}",
        f"oauth_token_uri: {sandbox.token_uri}",
    ]
