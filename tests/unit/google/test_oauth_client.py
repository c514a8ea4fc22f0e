"""The downloaded file of the OAuth client: what is taken, and what each other file is called."""

from __future__ import annotations

import json
import os

import pytest

from syft_notify.domain.errors import UserError
from syft_notify.google.oauth_client import read_client
from tests.facts import lacking

GOOD = {
    "client_id": "id",
    "client_secret": "s3cret",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def problem(tmp_path, content: str | bytes) -> UserError:
    path = tmp_path / "credentials.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as error:
        read_client(path)
    assert str(path) in error.value.title
    assert error.value.hint
    return error.value


def test_what_google_offers_is_read_and_shows_no_secret(tmp_path):
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"installed": {**GOOD, "project_id": "p", "redirect_uris": ["http://localhost"]}}))
    client = read_client(path)
    assert (client.client_id, client.client_secret) == ("id", "s3cret")
    assert (client.auth_uri, client.token_uri) == (GOOD["auth_uri"], GOOD["token_uri"])
    assert "s3cret" not in repr(client)


def test_the_local_google_offers_the_same(sandbox, tmp_path):
    path = tmp_path / "credentials.json"
    path.write_text(sandbox.client_file())
    assert read_client(path).token_uri == sandbox.token_uri


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("", ["JSON"]),
        ("[" * 100_000, ["JSON"]),
        (b"\xff\xfe", ["JSON"]),
        ("[]", ["OAuth client"]),
        ('{"installed": "yes"}', ["OAuth client"]),
        (json.dumps({"web": GOOD}), ["Web application"]),
        ('{"type": "service_account", "private_key": "x"}', ["service account"]),
        ('{"refresh_token": "x"}', ["token file"]),
        ('{"installed": {}}', ["client_id", "client_secret", "auth_uri", "token_uri"]),
        (json.dumps({"installed": {**GOOD, "client_secret": 5}}), ["client_secret"]),
        (json.dumps({"installed": {**GOOD, "client_id": "a\nb"}}), ["client_id"]),
    ],
)
def test_another_file_is_called_what_it_is(tmp_path, content, facts):
    assert lacking(problem(tmp_path, content).title, *facts) == []


@pytest.mark.parametrize("key", ["auth_uri", "token_uri"])
def test_a_server_that_would_see_secrets_in_the_clear_is_refused(tmp_path, key):
    client = {**GOOD, key: "http://example.org/"}
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"installed": client}))
    with pytest.raises(UserError, match=f"{key} .*unencrypted"):
        read_client(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"none\.json.*No such file"):
        read_client(tmp_path / "none.json")
    with pytest.raises(UserError, match="Is a directory"):
        read_client(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="Is a pipe"):
        read_client(tmp_path / "pipe")
