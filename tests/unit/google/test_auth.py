"""Token files: what can be used, what is refreshed, what is written back, what a person is told."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from syft_notify.config.settings import load_config
from syft_notify.domain.errors import ConfigError, CredentialFault, TransientFault
from syft_notify.google.auth import DRIVE_SCOPES, ENDS_AT, GMAIL_SCOPES, LentToken, TokenFile, scopes_in
from syft_notify.google.token_files import drive_token, gmail_token
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Injected
from syft_notify.sandbox.tokens import DRIVE
from tests.facts import lacking
from tests.unit.google.conftest import DO
from tests.unit.google.servers import ENDLESS, elsewhere, response, serving

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def opened(sandbox: Sandbox, path: Path) -> TokenFile:
    return TokenFile(path, "Drive", DRIVE_SCOPES, sandbox.token_uri)


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


class TestAFileThatIsNone:
    @pytest.mark.parametrize(
        ("content", "facts"),
        [
            ("", ["JSON"]),
            ("{", ["JSON"]),
            ("[" * 100_000, ["JSON"]),
            ('"\udc80"', ["JSON"]),
            ("null", ["JSON object"]),
            ("7", ["JSON object"]),
            ('"installed"', ["JSON object"]),
            ("[]", ["JSON object"]),
            ("{}", ["refresh_token", "client_id", "client_secret"]),
            ('{"refresh_token": 1, "client_id": "a", "client_secret": "b"}', ["refresh_token"]),
            ('{"refresh_token": "\\ud800", "client_id": "a", "client_secret": "b"}', ["refresh_token"]),
            ('{"installed": {}}', ["credentials.json"]),
        ],
    )
    def test_is_named_with_what_is_wrong(self, sandbox, tmp_path, content, facts):
        path = tmp_path / "token.json"
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        with pytest.raises(ConfigError) as error:
            opened(sandbox, path)
        assert lacking(error.value.title, path) == []
        assert lacking(error.value, *facts) == []
        assert lacking(error.value.hint, "`syft-notify init --renew drive`") == []

    def test_that_is_missing_or_a_folder(self, sandbox, tmp_path):
        with pytest.raises(ConfigError, match=r"none\.json .*missing"):
            opened(sandbox, tmp_path / "none.json")
        with pytest.raises(ConfigError, match="Is a directory"):
            opened(sandbox, tmp_path)

    def test_that_became_a_pipe_is_reported_at_once(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        token_path.unlink()
        os.mkfifo(token_path)
        with pytest.raises(CredentialFault, match="pipe"):
            token.credentials()

    def test_lacks_the_scope(self, sandbox, token_path):
        token_path.write_text(sandbox.token_file(DO, (DRIVE,)))
        with pytest.raises(CredentialFault, match=r"https://www.googleapis.com/auth/gmail\.send"):
            TokenFile(token_path, "Gmail", GMAIL_SCOPES, sandbox.token_uri)

    @pytest.mark.parametrize("scopes", [None, 5, "", [], f"openid {DRIVE}", [DRIVE, 7]])
    def test_scopes_in_any_form_are_read(self, sandbox, token_path, scopes):
        rewrite(token_path, scopes=scopes)
        assert opened(sandbox, token_path).credentials().valid


class TestRefresh:
    @pytest.mark.parametrize(
        "expiry",
        ["2020-01-01T00:00:00Z", "2020-01-01T02:00:00.123456+02:00", "soon", None, 5, "0001-01-01T00:00:00+14:00"],
    )
    def test_a_token_that_is_or_may_be_stale_is_refreshed_and_kept(self, sandbox, token_path, expiry):
        rewrite(token_path, expiry=expiry, note="a person's own")
        before = json.loads(token_path.read_text())
        credentials = opened(sandbox, token_path).credentials()
        after = json.loads(token_path.read_text())
        assert after["token"] == credentials.token != before["token"]
        assert {**after, "token": 0, "expiry": 0} == {**before, "token": 0, "expiry": 0}
        assert stat.S_IMODE(token_path.stat().st_mode) == 0o600
        assert opened(sandbox, token_path).credentials().token == after["token"]
        assert sandbox.requests.count("oauth.token") == 1

    @pytest.mark.parametrize("token", ["two\nlines", "é", 7, None])
    def test_a_token_that_cannot_stand_in_a_header_counts_as_stale(self, sandbox, token_path, token):
        rewrite(token_path, token=token)
        assert opened(sandbox, token_path).credentials().token.startswith("ya29.")

    @pytest.mark.parametrize(
        ("problem", "facts"),
        [
            (Injected.INVALID_GRANT, []),
            (Injected.INVALID_CLIENT, []),
            (Injected.INVALID_RAPT, ["Workspace", "login"]),
            (Injected.DISABLED_CLIENT, ["OAuth client", "docs/google-setup.md"]),
            (Injected.ACCESS_DENIED, ["administrator"]),
            (Injected.ADMIN_POLICY, ["administrator"]),
        ],
    )
    def test_a_dead_token_needs_a_person(self, sandbox, token_path, problem, facts):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        sandbox.faults.add(problem, "oauth.token", times=None)
        with pytest.raises(CredentialFault) as error:
            opened(sandbox, token_path).credentials()
        assert lacking(error.value.title, token_path, "Drive", problem.value) == []
        assert lacking(error.value.hint, *facts, "`syft-notify init --renew drive`") == []

    @pytest.mark.parametrize(
        "problem",
        [
            Injected.WRONG_JSON,
            Injected.NOT_JSON,
            Injected.BAD_GATEWAY,
            Injected.INTERNAL,
            Injected.RESET,
            Injected.CLOSE,
            Injected.TRUNCATED,
            Injected.PAGE_400,
            Injected.PAGE_401,
            Injected.PAGE_403,
        ],
    )
    def test_anything_else_passes(self, sandbox, token_path, problem):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        before = token_path.read_text()
        rule = sandbox.faults.add(problem, "oauth.token", times=None)
        token = opened(sandbox, token_path)
        with pytest.raises(TransientFault, match=r"Drive .*refreshed"):
            token.credentials()
        assert token_path.read_text() == before
        sandbox.faults.remove(rule)
        assert token.credentials().valid

    @pytest.mark.parametrize(
        "odd",
        [
            {"expires_in": 10**12},
            {"expires_in": [1]},
            *({"access_token": text} for text in ("", 5, ["x"], "a\r\nX: b", "\u00fc")),
        ],
    )
    def test_an_answer_that_is_no_token_passes_and_is_not_kept(self, sandbox, token_path, odd):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        rule = sandbox.faults.add(Injected.ALTERED, "oauth.token", changes=odd, times=None)
        token = opened(sandbox, token_path)
        for _ in range(2):
            with pytest.raises(TransientFault, match=r"Drive .*refreshed"):
                token.credentials()
        sandbox.faults.remove(rule)
        assert token.credentials().token.startswith("ya29.")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_secret_follows_a_redirect(self, sandbox, token_path, status):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        with elsewhere(status) as (endpoint, got):
            token = TokenFile(token_path, "Drive", DRIVE_SCOPES, f"{endpoint}token")
            with pytest.raises(TransientFault, match=str(status)):
                token.credentials()
        assert got == []
        assert "stolen" not in token_path.read_text()

    def test_a_token_service_that_never_ends_is_left(self, token_path):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        with serving(lambda request: chain([ENDLESS], repeat(b" " * 65_536))) as server:
            token = TokenFile(token_path, "Drive", DRIVE_SCOPES, f"{server.url}token")
            with pytest.raises(TransientFault, match=r"more than 1,000,000 bytes"):
                token.credentials()
            assert server.ended.wait(5)

    def test_no_error_shows_a_secret(self, sandbox, token_path):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        secrets = [json.loads(token_path.read_text())[key] for key in ("token", "refresh_token", "client_secret")]
        sandbox.faults.add(Injected.ALTERED, "oauth.token", changes={"access_token": None, "id_token": secrets[1]})
        with pytest.raises(TransientFault) as error:
            opened(sandbox, token_path).credentials()
        shown = logging.Formatter().formatException((error.type, error.value, error.tb))
        assert not [secret for secret in secrets if secret in shown]

    def test_a_link_stays_a_link(self, sandbox, token_path):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        link = token_path.with_name("link.json")
        link.symlink_to(token_path)
        fresh = opened(sandbox, link).credentials().token
        assert link.is_symlink()
        assert json.loads(token_path.read_text())["token"] == fresh


class TestAFileThatChanges:
    def test_a_new_file_is_used(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        token.credentials()
        token_path.unlink()
        token_path.write_text(sandbox.token_file(DO))
        assert token.credentials().token == json.loads(token_path.read_text())["token"]

    @pytest.mark.parametrize("content", [None, "", "null", '{"refresh_token": '])
    def test_a_file_that_was_corrupted_waits_for_a_person_and_loses_no_mail(self, sandbox, token_path, content):
        token = opened(sandbox, token_path)
        good = token_path.read_text()
        token_path.unlink()
        if content is not None:
            token_path.write_text(content)
        for _ in range(3):
            with pytest.raises(CredentialFault, match=str(token_path)):
                token.credentials()
        token_path.write_text(good)
        assert token.credentials().valid

    def test_a_file_with_other_scopes_is_refused_until_it_is_replaced(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        good, consent = token_path.read_text(), token.consent
        token_path.write_text(sandbox.token_file(DO, ("https://www.googleapis.com/auth/gmail.send",)))
        for _ in range(3):
            with pytest.raises(CredentialFault, match=DRIVE_SCOPES[0]):
                token.credentials()
        assert token.consent == consent
        token_path.write_text(good)
        assert token.credentials().valid

    def test_a_file_put_there_during_a_refresh_is_not_overwritten(self, sandbox, token_path):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        new = sandbox.token_file(DO)

        def slow_answer(request: bytes) -> Iterator[bytes]:
            token_path.unlink()
            token_path.write_text(new)
            yield response(b'{"access_token": "of-the-old-file", "expires_in": 3600}', "Content-Type: application/json")

        with serving(slow_answer) as server:
            token = TokenFile(token_path, "Drive", DRIVE_SCOPES, f"{server.url}token")
            assert token.credentials().token == "of-the-old-file"
            assert token_path.read_text() == new
            assert token.credentials().token == json.loads(new)["token"]

    def test_a_file_that_cannot_be_written_is_told_once(self, sandbox, token_path, monkeypatch, caplog):
        rewrite(token_path, expiry="2020-01-01T00:00:00Z")
        token = opened(sandbox, token_path)
        monkeypatch.setattr("syft_notify.google.auth.write_atomically", refused)
        assert token.credentials().valid
        sandbox.tokens.expire_access(DO)
        token.credentials().expiry = PAST.replace(tzinfo=None)
        assert token.credentials().valid
        assert len(caplog.records) == 1

    def test_a_file_that_others_can_read_is_told(self, sandbox, token_path, caplog):
        token_path.chmod(0o644)
        opened(sandbox, token_path)
        assert lacking(caplog.text, "chmod 600", token_path) == []


class TestProve:
    """Only a refresh tells that the consent lives; an access token outlives it."""

    def test_google_is_asked_once_in_ten_minutes_by_whatever_process(self, sandbox, token_path):
        begun = datetime.now(UTC)
        for minute in range(30):
            now = begun + timedelta(minutes=minute)
            token = opened(sandbox, token_path)
            assert token.prove(now) == token.prove(now) == begun + timedelta(minutes=minute // 10 * 10)
            assert token.credentials().token == json.loads(token_path.read_text())["token"]
        assert sandbox.requests.count("oauth.token") == 3

    @pytest.mark.parametrize("last", [None, "soon", 5, "2999-01-01T00:00:00+00:00"])
    def test_a_time_that_is_none_or_to_come_proves_nothing(self, sandbox, token_path, last):
        rewrite(token_path, syft_notify_renewed_at=last)
        now = datetime.now(UTC)
        assert opened(sandbox, token_path).prove(now) == now
        assert sandbox.requests.count("oauth.token") == 1

    def test_a_revoked_consent_is_seen_while_the_access_token_still_works(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        sandbox.faults.add(Injected.INVALID_GRANT, "oauth.token", times=None)
        assert token.credentials().valid
        for _ in range(2):
            with pytest.raises(CredentialFault, match="invalid_grant"):
                token.prove(datetime.now(UTC))

    @pytest.mark.parametrize("problem", [Injected.BAD_GATEWAY, Injected.RESET, Injected.NOT_JSON])
    def test_a_token_service_that_fails_for_a_moment_costs_no_good_token(self, sandbox, token_path, problem):
        token = opened(sandbox, token_path)
        before = token_path.read_text()
        rule = sandbox.faults.add(problem, "oauth.token", times=None)
        with pytest.raises(TransientFault):
            token.prove(datetime.now(UTC))
        assert token.credentials().valid
        assert token_path.read_text() == before
        sandbox.faults.remove(rule)
        assert token.prove(datetime.now(UTC))

    def test_connections_that_are_open_use_the_new_token(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        credentials = token.credentials()
        old = credentials.token
        token.prove(datetime.now(UTC))
        assert token.credentials() is credentials
        assert credentials.token != old

    def test_when_a_lent_token_is_renewed_is_not_ours_to_say(self, sandbox, token_path):
        lent = opened(sandbox, token_path).proven()
        assert lent.prove(datetime.now(UTC)) is None
        assert sandbox.requests.count("oauth.token") == 1


class TestProof:
    def test_a_good_file_gives_a_fresh_access_and_stays_as_it_is(self, sandbox, token_path):
        before = token_path.read_text()
        proven = opened(sandbox, token_path).proven()
        assert proven.credentials().valid
        assert proven.credentials().token != json.loads(before)["token"]
        assert token_path.read_text() == before
        assert sandbox.requests.count("oauth.token") == 1

    def test_an_access_that_still_lives_proves_nothing(self, sandbox, token_path):
        token = opened(sandbox, token_path)
        sandbox.tokens.revoke_person(DO)
        assert token.credentials().valid
        with pytest.raises(CredentialFault, match="invalid_grant"):
            token.proven()

    @pytest.mark.parametrize(
        ("text", "ends_at"),
        [
            ("2026-12-01T09:00:00+00:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
            ("2026-12-01T09:00:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
            ("soon", None),
            (None, None),
        ],
    )
    def test_the_end_of_a_consent_is_what_the_file_tells(self, sandbox, token_path, text, ends_at):
        rewrite(token_path, **{ENDS_AT: text})
        assert opened(sandbox, token_path).ends_at == ends_at


@pytest.mark.parametrize(
    ("content", "scopes"),
    [
        (b'{"scopes": ["a", "b"]}', {"a", "b"}),
        (b'{"scopes": "a b"}', {"a", "b"}),
        (b"{}", set()),
        (b"[]", set()),
        (b"{", set()),
        (b"\xff", set()),
        (None, set()),
    ],
)
def test_the_scopes_of_a_file_can_be_read_even_when_it_is_of_no_use(tmp_path, content, scopes):
    path = tmp_path / "token.json"
    if content is not None:
        path.write_bytes(content)
    assert scopes_in(path) == scopes


def test_the_fix_of_a_token_file_names_the_config_unless_it_is_the_default_one(tmp_path):
    for folder, command in ((".syft-creds", ""), ("my other", f" -c '{tmp_path}/my other/daemon.yaml'")):
        path = tmp_path / folder / "daemon.yaml"
        path.parent.mkdir()
        path.write_text("do_email: do@example.org\nsyftbox_root: /x\n")
        config = load_config(path, {}, tmp_path)
        for service, token in (("drive", drive_token), ("gmail", gmail_token)):
            with pytest.raises(ConfigError) as error:
                token(config)
            assert lacking(error.value.hint, f"`syft-notify init --renew {service}{command}`") == []


def refused(path: Path, content: bytes) -> None:
    raise ConfigError(f"{path} cannot be written")


def test_lent_credentials_are_refreshed_and_written_nowhere(sandbox, token_path):
    credentials = opened(sandbox, token_path).credentials()
    credentials.expiry = PAST.replace(tzinfo=None)
    before = token_path.read_text()
    assert LentToken(credentials).credentials().valid
    assert token_path.read_text() == before
    assert sandbox.requests.count("oauth.token") == 1


@pytest.mark.parametrize("problem", [Injected.INVALID_GRANT, Injected.INVALID_RAPT])
def test_lent_credentials_that_are_dead_need_a_person(sandbox, token_path, problem):
    """Those of a client are google-auth's own class, not ours."""
    document = json.loads(token_path.read_text())
    needed = ("refresh_token", "token_uri", "client_id", "client_secret")
    lent = LentToken(Credentials(None, **{key: document[key] for key in needed}))
    sandbox.faults.add(problem, "oauth.token", times=None)
    with pytest.raises(CredentialFault, match=f"client for Drive .*{problem.value}") as error:
        lent.credentials()
    assert lacking(error.value.hint, "again", "client") == []
