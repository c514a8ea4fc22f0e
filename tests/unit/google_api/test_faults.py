"""What each answer and each broken connection means for the next attempt."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import IncompleteRead

import httplib2
import pytest
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from googleapiclient.errors import BatchError, HttpError

from syft_notify.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    MissingFault,
    RateLimitedFault,
    RejectedFault,
    ScopeFault,
    TransientFault,
)
from syft_notify.google_api.auth import LentToken
from syft_notify.google_api.faults import NeverConnected, translated
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.replies import refusal_reply

TOKEN = LentToken(None, "token.json", "Run `init --renew gmail`")


def fault_of(error: Exception, *, sending: bool = False) -> Fault:
    with pytest.raises(Fault) as raised, translated("Gmail", TOKEN, sending=sending):
        raise error
    assert type(error).__name__ not in ("", str(raised.value))
    return raised.value


def answer(status: int, content: bytes = b"", **headers: str) -> HttpError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpError(httplib2.Response({"status": str(status), **named}), content)


def refusal(status: int, reason: str, message: str = "No.") -> HttpError:
    return answer(status, refusal_reply(Refusal(status, reason, message)).body)


@pytest.mark.parametrize(
    ("error", "reading", "sending"),
    [
        (answer(500), TransientFault, AmbiguousFault),
        (answer(502, b"<html>Bad Gateway</html>"), TransientFault, AmbiguousFault),
        (answer(503, b"null"), TransientFault, AmbiguousFault),
        (answer(302, location="https://login.example.org/"), TransientFault, TransientFault),
        (answer(408), TransientFault, TransientFault),
        (answer(400, b'{"error": "odd"}'), RejectedFault, RejectedFault),
        (answer(413), RejectedFault, RejectedFault),
        (answer(404), MissingFault, MissingFault),
        (answer(401), CredentialFault, CredentialFault),
        (refusal(403, "forbidden"), RejectedFault, RejectedFault),
        (refusal(403, "insufficientPermissions"), ScopeFault, ScopeFault),
        (refusal(403, "accessNotConfigured"), CredentialFault, CredentialFault),
        (refusal(403, "domainPolicy"), CredentialFault, CredentialFault),
        (refusal(403, "rateLimitExceeded"), RateLimitedFault, RateLimitedFault),
        (refusal(403, "userRateLimitExceeded"), RateLimitedFault, RateLimitedFault),
        (refusal(403, "quotaExceeded"), RateLimitedFault, RateLimitedFault),
        (refusal(403, "dailyLimitExceeded"), RateLimitedFault, RateLimitedFault),
        (answer(429), RateLimitedFault, RateLimitedFault),
        (
            BatchError("Not multipart.", resp=httplib2.Response({"status": "200"}), content=b""),
            TransientFault,
            AmbiguousFault,
        ),
        (BatchError("Odd."), TransientFault, AmbiguousFault),
        (NeverConnected(), TransientFault, TransientFault),
        (ConnectionRefusedError(), TransientFault, TransientFault),
        (httplib2.ServerNotFoundError(), TransientFault, TransientFault),
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
    assert str(fault_of(refusal(403, "forbidden", "Secret words"))) == "Gmail answered 403 (forbidden)."
    assert str(fault_of(TimeoutError("POST body=..."))) == "The connection to Gmail broke (timeout)."
    unreachable = NeverConnected()
    unreachable.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert str(fault_of(unreachable)) == "Gmail cannot be reached (Connection refused). Check the network."


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
