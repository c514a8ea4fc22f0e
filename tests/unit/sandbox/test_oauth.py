"""Tokens: how they are given out, renewed, narrowed and taken back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import google_auth_httplib2
import httplib2
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE, GMAIL_SEND, Grant
from tests.unit.sandbox.conftest import credentials
from tests.unit.sandbox.test_drive_files import DO, DS

PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def transport() -> Iterator[google_auth_httplib2.Request]:
    http = httplib2.Http()
    yield google_auth_httplib2.Request(http)
    http.close()


def about(sandbox: Sandbox, token: str) -> tuple[int, Any]:
    """Status and error status of a call with this access token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{sandbox.drive_endpoint}about?fields=user", headers=headers, timeout=10)
    return answer.status_code, answer.json().get("error", {}).get("status")


def ask(sandbox: Sandbox, **form: str) -> tuple[int, Any]:
    """What the token endpoint answers to this form."""
    client = {"client_id": sandbox.tokens.client_id, "client_secret": sandbox.tokens.client_secret}
    answer = requests.post(sandbox.token_uri, data={**client, **form}, timeout=10)
    return answer.status_code, answer.json()


def test_a_token_file_is_what_googles_library_reads(sandbox: Sandbox) -> None:
    document = json.loads(sandbox.token_file(DO, [DRIVE]))
    assert document["expiry"] == "2099-01-01T00:00:00Z"
    assert document["token_uri"] == sandbox.token_uri
    read = Credentials.from_authorized_user_info(document)
    assert (read.valid, read.scopes) == (True, [DRIVE])
    assert about(sandbox, document["token"]) == (200, None)
    assert json.loads(sandbox.token_file(DO, [DRIVE]))["token"] != document["token"]


def test_an_expired_token_is_refused_until_it_is_renewed(
    sandbox: Sandbox, transport: google_auth_httplib2.Request
) -> None:
    mine = credentials(sandbox, DO, DRIVE, expiry=PAST)
    assert (mine.expired, about(sandbox, mine.token)) == (True, (401, "UNAUTHENTICATED"))
    mine.refresh(transport)
    assert (mine.expired, about(sandbox, mine.token)) == (False, (200, None))
    assert [call.user for call in sandbox.requests.find("oauth.token")] == [DO]


def test_a_token_dies_when_its_hour_is_over() -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Sandbox(now=lambda: clock[0]).start() as sandbox:
        refresh = json.loads(sandbox.token_file(DO, [DRIVE]))["refresh_token"]
        status, answer = ask(sandbox, grant_type="refresh_token", refresh_token=refresh)
        assert (status, answer["expires_in"], answer["token_type"]) == (200, 3599, "Bearer")
        assert about(sandbox, answer["access_token"])[0] == 200
        clock[0] += timedelta(hours=1)
        assert about(sandbox, answer["access_token"])[0] == 401


def test_no_token_and_a_made_up_token_are_told_apart(sandbox: Sandbox) -> None:
    for token, reason in (("", "required"), ("made-up", "authError")):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.get(f"{sandbox.drive_endpoint}files", headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (401, reason)


def test_a_revoked_consent_cannot_be_renewed(sandbox: Sandbox, transport: google_auth_httplib2.Request) -> None:
    mine, other = credentials(sandbox, DO, DRIVE), credentials(sandbox, DS, DRIVE)
    sandbox.tokens.revoke_person(DO)
    assert about(sandbox, mine.token)[0] == 401
    with pytest.raises(RefreshError, match="invalid_grant") as error:
        mine.refresh(transport)
    assert error.value.retryable is False
    other.refresh(transport)
    assert about(sandbox, other.token)[0] == 200


def test_access_can_run_out_while_the_consent_lives(sandbox: Sandbox, transport: google_auth_httplib2.Request) -> None:
    mine = credentials(sandbox, DO, DRIVE)
    sandbox.tokens.expire_access(DO)
    assert about(sandbox, mine.token)[0] == 401
    mine.refresh(transport)
    assert about(sandbox, mine.token)[0] == 200


@pytest.mark.parametrize("which", ["token", "refresh_token"])
def test_a_person_can_hand_a_token_back(sandbox: Sandbox, which: str) -> None:
    document = json.loads(sandbox.token_file(DO, [DRIVE]))
    revoke = f"{sandbox.url}/revoke"
    assert requests.post(revoke, data={"token": document[which]}, timeout=10).status_code == 200
    assert about(sandbox, document["token"])[0] == 401
    assert ask(sandbox, grant_type="refresh_token", refresh_token=document["refresh_token"])[0] == 400
    answer = requests.post(revoke, data={"token": document[which]}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")


def test_a_renewal_may_ask_for_less_but_not_for_more(sandbox: Sandbox) -> None:
    refresh = json.loads(sandbox.token_file(DO, [DRIVE, GMAIL_SEND]))["refresh_token"]
    status, answer = ask(sandbox, grant_type="refresh_token", refresh_token=refresh, scope=GMAIL_SEND)
    assert (status, answer["scope"], about(sandbox, answer["access_token"])[0]) == (200, GMAIL_SEND, 403)
    status, answer = ask(sandbox, grant_type="refresh_token", refresh_token=refresh, scope=f"{DRIVE} other")
    assert (status, answer["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_id": "stranger"}, 401, "invalid_client"),
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "1//made-up"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "4/made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_says_no_in_the_words_of_the_standard(
    sandbox: Sandbox, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(sandbox, **form)
    assert (answer[0], answer[1]["error"]) == (status, error)


def test_a_code_is_good_once_at_its_own_address_with_its_own_verifier(sandbox: Sandbox) -> None:
    verifier, place = "v" * 43, "http://localhost:1/"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    form = {"grant_type": "authorization_code", "redirect_uri": place, "code_verifier": verifier}

    def code() -> str:
        return sandbox.tokens.code(Grant(DO, (DRIVE,), place, challenge))

    good = code()
    status, answer = ask(sandbox, **form, code=good)
    assert (status, answer["scope"], about(sandbox, answer["access_token"])[0]) == (200, DRIVE, 200)
    assert ask(sandbox, grant_type="refresh_token", refresh_token=answer["refresh_token"])[0] == 200
    assert ask(sandbox, **form, code=good)[1]["error"] == "invalid_grant"
    assert (
        ask(sandbox, **{**form, "redirect_uri": "http://elsewhere/"}, code=code())[1]["error"]
        == "redirect_uri_mismatch"
    )
    assert ask(sandbox, **{**form, "code_verifier": "w" * 43}, code=code())[1]["error"] == "invalid_grant"
