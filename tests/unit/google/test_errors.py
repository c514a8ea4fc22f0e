"""What each answer and each broken connection means for the next attempt."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import IncompleteRead

import httplib2
import pytest
from google.auth.exceptions import DefaultCredentialsError, ReauthFailError, RefreshError, TransportError
from googleapiclient.errors import BatchError, HttpError

from syft_notify.domain.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    MissingFault,
    RateLimitedFault,
    RejectedFault,
    ScopeFault,
    TooLargeFault,
    TransientFault,
)
from syft_notify.google.auth import LentToken
from syft_notify.google.errors import translated
from syft_notify.google.http import BadAnswer, Redirected, TooLarge
from syft_notify.google.sockets import NeverConnected
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.replies import refusal_reply
from tests.facts import lacking

TOKEN = LentToken(None, "token.json", "Run `init --renew gmail`", "Gmail")
PAGE = b"<!DOCTYPE html><title>Sorry...</title><p>Access to this address is blocked."
LIMITS = (
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
    "dailyLimitExceeded",
    "dailyLimitExceededUnreg",
    "userRateLimitExceededUnreg",
    "limitExceeded",
    "concurrentLimitExceeded",
)
DEAD = ("invalid_grant", "disabled_client", "deleted_client", "access_denied", "admin_policy_enforced")


def fault_of(error: Exception, *, sending: bool = False) -> Fault:
    with pytest.raises(Fault) as raised, translated("Gmail", TOKEN, sending=sending):
        raise error
    assert type(error).__name__ not in ("", str(raised.value))
    return raised.value


def answer(status: int, content: bytes = b"", **headers: str) -> HttpError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpError(httplib2.Response({"status": str(status), **named}), content)


def refusal(status: int, reason: str, message: str = "No.", **more: str) -> HttpError:
    return answer(status, refusal_reply(Refusal(status, reason, message, **more)).body)


@pytest.mark.parametrize(
    ("error", "reading", "sending"),
    [
        (answer(500), TransientFault, AmbiguousFault),
        (answer(502, b"<html>Bad Gateway</html>"), TransientFault, AmbiguousFault),
        (answer(503, b"null"), TransientFault, AmbiguousFault),
        (answer(302, location="https://login.example.org/"), TransientFault, TransientFault),
        (answer(408), TransientFault, TransientFault),
        *((answer(status, PAGE), TransientFault, TransientFault) for status in (400, 401, 403, 404, 407, 410, 413)),
        *((refusal(status, "surprise"), TransientFault, TransientFault) for status in (400, 403, 404, 413)),
        (answer(400, b'{"error": "odd"}'), TransientFault, TransientFault),
        (answer(403, b'{"error": {"message": "Blocked by policy"}}'), TransientFault, TransientFault),
        (refusal(403, "forbidden"), TransientFault, TransientFault),
        (refusal(403, "", rpc="PERMISSION_DENIED"), TransientFault, TransientFault),
        (refusal(400, "invalidArgument", rpc="INVALID_ARGUMENT"), RejectedFault, RejectedFault),
        (refusal(400, "", rpc="INVALID_ARGUMENT"), RejectedFault, RejectedFault),
        (refusal(400, "badRequest"), RejectedFault, RejectedFault),
        (refusal(413, "uploadTooLarge"), RejectedFault, RejectedFault),
        (refusal(404, "notFound", rpc="NOT_FOUND"), MissingFault, MissingFault),
        (answer(401, www_authenticate='Bearer realm="https://accounts.google.com/"'), CredentialFault, CredentialFault),
        (answer(401, PAGE, www_authenticate='Basic realm="proxy"'), TransientFault, TransientFault),
        (refusal(401, "authError"), CredentialFault, CredentialFault),
        (answer(401, b'{"error": "invalid_grant"}'), CredentialFault, CredentialFault),
        (answer(403, b'{"error": "admin_policy_enforced"}'), CredentialFault, CredentialFault),
        (refusal(400, "failedPrecondition", rpc="FAILED_PRECONDITION"), CredentialFault, CredentialFault),
        (refusal(403, "", rpc="PERMISSION_DENIED", info="SERVICE_DISABLED"), CredentialFault, CredentialFault),
        (refusal(403, "insufficientPermissions"), ScopeFault, ScopeFault),
        (refusal(403, "accessNotConfigured"), CredentialFault, CredentialFault),
        (refusal(403, "domainPolicy"), CredentialFault, CredentialFault),
        *((refusal(403, reason), RateLimitedFault, RateLimitedFault) for reason in LIMITS),
        (refusal(403, "", info="RATE_LIMIT_EXCEEDED"), RateLimitedFault, RateLimitedFault),
        (refusal(403, "", rpc="RESOURCE_EXHAUSTED"), RateLimitedFault, RateLimitedFault),
        (answer(429), RateLimitedFault, RateLimitedFault),
        (
            BatchError("Not multipart.", resp=httplib2.Response({"status": "200"}), content=b""),
            TransientFault,
            AmbiguousFault,
        ),
        (BatchError("Odd."), TransientFault, AmbiguousFault),
        (NeverConnected("Connection refused"), TransientFault, TransientFault),
        (Redirected("a redirect (308), which is never followed"), TransientFault, TransientFault),
        (TooLarge("more than 10 bytes"), TooLargeFault, AmbiguousFault),
        (BadAnswer("content that cannot be unpacked"), TransientFault, AmbiguousFault),
        (TransportError("refreshing"), TransientFault, TransientFault),
        (TimeoutError(), TransientFault, AmbiguousFault),
        (ConnectionResetError(), TransientFault, AmbiguousFault),
        (ssl.SSLError(), TransientFault, AmbiguousFault),
        (socket.gaierror(), TransientFault, AmbiguousFault),
        (IncompleteRead(b""), TransientFault, AmbiguousFault),
        (ValueError("not JSON"), TransientFault, AmbiguousFault),
        (RecursionError(), TransientFault, AmbiguousFault),
        (RefreshError("invalid_grant: Bad Request", {"error": "invalid_grant"}), CredentialFault, CredentialFault),
        (RefreshError("invalid_client: gone"), CredentialFault, CredentialFault),
        *((RefreshError("no", {"error": word}), CredentialFault, CredentialFault) for word in DEAD),
        (RefreshError("Reauthentication is needed. Please run `gcloud`."), CredentialFault, CredentialFault),
        (ReauthFailError("It failed."), CredentialFault, CredentialFault),
        (RefreshError("invalid_grant: old", '{"error": "invalid_grant"}'), CredentialFault, CredentialFault),
        (RefreshError("<html>502</html>"), TransientFault, TransientFault),
        (RefreshError("temporarily_unavailable", {"error": "temporarily_unavailable"}), TransientFault, TransientFault),
        (RefreshError(), TransientFault, TransientFault),
        (DefaultCredentialsError(), CredentialFault, CredentialFault),
    ],
)
def test_every_error_has_its_verdict(error, reading, sending):
    assert type(fault_of(error)) is reading
    assert type(fault_of(error, sending=True)) is sending


def test_a_mistake_of_ours_is_none_of_google_s_faults():
    with pytest.raises(AttributeError), translated("Drive", TOKEN):
        raise AttributeError("a mistake")


def test_the_words_name_the_service_and_the_reason_and_no_request():
    refused = fault_of(refusal(400, "badRequest", "Secret words"))
    assert lacking(refused, "Gmail", "400", "badRequest", "Secret") == ["Secret"]
    assert lacking(fault_of(refusal(403, "", rpc="PERMISSION_DENIED")), "Gmail", "403", "PERMISSION_DENIED") == []
    assert lacking(fault_of(answer(403, PAGE)), "Gmail", "403", "proxy", "blocked") == ["blocked"]
    assert lacking(fault_of(TimeoutError("POST body=...")), "Gmail", "connection", "timeout", "POST") == ["POST"]
    assert lacking(fault_of(NeverConnected("Connection refused")), "Gmail", "Connection refused", "network") == []
    refreshing = TransportError(NeverConnected("timeout"))
    assert lacking(fault_of(refreshing), "Gmail", "token", "timeout", "network") == []


@pytest.mark.parametrize(
    ("document", "words", "told"),
    [
        ({"error": "invalid_grant"}, ["invalid_grant"], []),
        (
            {"error": "invalid_grant", "error_subtype": "invalid_rapt"},
            ["invalid_rapt", "invalid_grant"],
            ["Workspace", "login"],
        ),
        ({"error": "access_denied"}, ["access_denied"], ["administrator"]),
        ({"error": "disabled_client"}, ["disabled_client"], ["new OAuth client"]),
    ],
)
def test_a_dead_consent_names_its_service_and_what_to_do(document, words, told):
    fault = fault_of(RefreshError("no", document))
    assert lacking(fault.title, "token.json", "Gmail", *words) == []
    assert lacking(fault.hint, *told, "`init --renew gmail`") == []


def test_an_account_without_a_mailbox_is_told_so():
    fault = fault_of(refusal(400, "failedPrecondition", "Mail service not enabled", rpc="FAILED_PRECONDITION"))
    assert lacking(fault.title, "Gmail", "400", "failedPrecondition") == []
    assert lacking(fault.hint, "mailbox") == []


class TestWhenToComeBack:
    def seconds(self, error: HttpError) -> float | None:
        fault = fault_of(error)
        assert isinstance(fault, RateLimitedFault)
        return fault.until and round((fault.until - datetime.now(UTC)).total_seconds())

    def test_a_header_in_seconds(self):
        assert self.seconds(answer(429, retry_after="120")) == 120

    def test_a_header_with_a_date(self):
        soon = datetime.now(UTC) + timedelta(seconds=90)
        assert self.seconds(answer(429, retry_after=format_datetime(soon, usegmt=True))) in (89, 90)

    def test_a_sentence_of_gmail(self):
        soon = (datetime.now(UTC) + timedelta(seconds=300)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        limit = refusal(429, "rateLimitExceeded", f"User-rate limit exceeded.  Retry after {soon}")
        assert self.seconds(limit) in (299, 300)

    def test_never_longer_than_a_day(self):
        assert self.seconds(answer(429, retry_after="999999999")) == 86_400
        assert self.seconds(refusal(429, "quotaExceeded", "Retry after 9999-01-01T00:00:00Z")) == 86_400

    @pytest.mark.parametrize(
        "header",
        ["", "soon", "²", "٣٣", "-5", "1e3", "9" * 5000, "0001-01-01T00:00:00+14:00"],
    )
    def test_what_cannot_be_read_names_no_time(self, header):
        assert self.seconds(answer(429, retry_after=header)) is None
        assert self.seconds(refusal(429, "rateLimitExceeded", f"Retry after {header}")) is None
