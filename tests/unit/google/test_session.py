"""Conversations with a service: reads are repeated in place, sends go out once, nothing carries the token away."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import Any

import pytest

from syft_notify.domain.errors import AmbiguousFault, CredentialFault, RateLimitedFault, TransientFault
from syft_notify.google.session import READ_ATTEMPTS
from syft_notify.sandbox.faults import Injected
from tests.unit.google.conftest import DO
from tests.unit.google.servers import answering, elsewhere, serving

RAW = "VG86IGRzQGV4YW1wbGUub3JnDQoNCkhlbGxv"  # To: ds@example.org, and "Hello"


def send(gmail: Any) -> Any:
    return gmail.users().messages().send(userId="me", body={"raw": RAW}).execute()


class TestReading:
    @pytest.mark.parametrize(
        "problem", [Injected.RESET, Injected.TRUNCATED, Injected.INTERNAL, Injected.TOO_MANY_REQUESTS]
    )
    def test_a_passing_fault_is_tried_again(self, sandbox, drive, pauses, problem):
        sandbox.faults.add(problem, "drive.about.get", times=READ_ATTEMPTS - 1)
        assert drive.account() == DO
        assert len(pauses) <= READ_ATTEMPTS - 1
        assert all(0.25 <= pause <= 5 for pause in pauses)

    def test_after_a_few_times_it_is_given_up(self, sandbox, drive, pauses):
        rule = sandbox.faults.add(Injected.UNAVAILABLE, "drive.about.get", times=None)
        with pytest.raises(TransientFault, match="503"):
            drive.account()
        assert rule.hits == READ_ATTEMPTS
        assert sorted(pauses) == pauses

    def test_it_waits_as_long_as_it_is_asked_to(self, sandbox, drive, pauses):
        sandbox.faults.add(Injected.TOO_MANY_REQUESTS, "drive.about.get", retry_after=4)
        assert drive.account() == DO
        assert [round(pause) for pause in pauses] in ([3], [4])

    def test_but_not_for_longer_than_a_poll_may_take(self, sandbox, drive, pauses):
        rule = sandbox.faults.add(Injected.TOO_MANY_REQUESTS, "drive.about.get", retry_after=60)
        with pytest.raises(RateLimitedFault) as error:
            drive.account()
        assert error.value.until is not None
        assert (rule.hits, pauses) == (1, [])

    def test_a_token_that_google_no_longer_takes_is_refreshed_once(self, sandbox, drive):
        sandbox.tokens.expire_access(DO)
        assert drive.account() == DO
        assert sandbox.requests.count("oauth.token") == 1

    def test_a_revoked_token_is_not_tried_again(self, sandbox, drive):
        sandbox.tokens.revoke_person(DO)
        with pytest.raises(CredentialFault, match="invalid_grant"):
            drive.account()
        assert sandbox.requests.count("oauth.token") == 1

    def test_a_session_that_was_closed_can_be_used_again(self, drive):
        drive.close()
        assert drive.account() == DO


class TestSending:
    def test_once_over_a_connection_of_its_own(self, sandbox, gmail):
        session = gmail()
        for _ in range(2):
            assert session.send(send)["id"]
        assert len(sandbox.mailbox("ds@example.org").received) == 2

    @pytest.mark.parametrize(
        "problem",
        [
            Injected.RESET,
            Injected.CLOSE,
            Injected.LOST,
            Injected.TRUNCATED,
            Injected.INTERNAL,
            Injected.BAD_GATEWAY,
        ],
    )
    def test_what_may_have_arrived_is_not_sent_again(self, sandbox, gmail, problem):
        rule = sandbox.faults.add(problem, "gmail.*send", times=None)
        with pytest.raises(AmbiguousFault):
            gmail().send(send)
        assert rule.hits == 1

    def test_a_stall_is_left_after_the_timeout(self, sandbox, gmail):
        rule = sandbox.faults.add(Injected.STALL, "gmail.*send", seconds=20)
        with pytest.raises(AmbiguousFault, match="timeout"):
            gmail(timeout=0.2).send(send)
        assert rule.hits == 1

    def test_a_token_that_google_no_longer_takes_is_refreshed_and_the_mail_goes_once(self, sandbox, gmail):
        sandbox.tokens.expire_access(DO)
        gmail().send(send)
        assert len(sandbox.mailbox("ds@example.org").received) == 1

    def test_a_refresh_that_breaks_has_sent_nothing(self, sandbox, gmail):
        sandbox.tokens.expire_access(DO)
        sandbox.faults.add(Injected.RESET, "oauth.token", times=None)
        with pytest.raises(TransientFault):
            gmail().send(send)


class TestBodiesThatAreNotGoogles:
    """A proxy may answer in JSON of its own, which Google's client library cannot read."""

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error": "denied"}',
            b'{"error": "bad status"}',
            b'{"error": null}',
            b'{"error": {}}',
            b'{"error": {"errors": [7]}}',
            b'{"error": {"message": {"text": "denied"}}}',
            b"[]",
            b"[1]",
            b'"denied"',
            b"7",
            b"[" * 100_000,
            b"\xff\xfe",
            b"<html>" + b"x" * 1_000_000,
        ],
    )
    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_decide_nothing_about_a_mail(self, gmail, caplog, status, body):
        head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with (
            answering(head.encode() + body) as (endpoint, _),
            pytest.raises(TransientFault, match=f"answered {status}"),
        ):
            gmail(endpoint).send(send)
        assert len(caplog.text) < 1_000

    def test_keep_what_google_says_in_another_shape(self, gmail):
        body = b'{"error": "access_denied", "error_description": "Account restricted"}'
        head = f"HTTP/1.1 403 No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with answering(head.encode() + body) as (endpoint, _), pytest.raises(CredentialFault, match="access_denied"):
            gmail(endpoint).send(send)


class TestNoConnection:
    """Nothing was sent, so trying again can duplicate nothing."""

    def test_nobody_listens(self, gmail):
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoint = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(TransientFault, match="Connection refused"):
            gmail(endpoint).send(send)

    def test_the_name_is_unknown(self, gmail):
        with pytest.raises(TransientFault, match="reached"):
            gmail("https://gmail.invalid/").send(send)

    def test_the_other_side_speaks_no_tls(self, gmail):
        with (
            serving(lambda request: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], reads=False) as server,
            pytest.raises(TransientFault, match="reached"),
        ):
            gmail(server.url.replace("http:", "https:")).send(send)

    def test_the_other_side_takes_no_more_connections(self, gmail):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server, closing(socket.socket()) as waiting:
            waiting.connect(server.getsockname())
            with pytest.raises(TransientFault, match="timeout"):
                gmail(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.3).send(send)


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_nothing_is_read_at_another_place(self, gmail, status):
        with elsewhere(status) as (endpoint, got), pytest.raises(TransientFault, match=str(status)):
            gmail(endpoint, sleep=lambda seconds: None).read(
                lambda service: service.users().getProfile(userId="me").execute()
            )
        assert got == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_mail_follows_no_redirect_and_is_not_lost(self, gmail, status):
        with elsewhere(status) as (endpoint, got), pytest.raises(TransientFault, match=str(status)):
            gmail(endpoint).send(send)
        assert got == []


def test_threads_share_no_connection(session):
    """A connection is not safe to share: each thread builds a service of its own."""
    services: list[Any] = []
    threads = [threading.Thread(target=lambda: session.read(services.append)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(service) for service in services}) == 3
    assert session.read(lambda drive: drive.about().get(fields="user").execute())["user"]["emailAddress"] == DO
