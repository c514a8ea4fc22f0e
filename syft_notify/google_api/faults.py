"""The errors of Google's libraries -> ours: what happened, what cures it, whether to try again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Protocol

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.errors import HttpError

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

# OAuth error codes that no repetition cures (RFC 6749 section 5.2 and Google's own `deleted_client`).
DEAD_TOKEN_CODES = ("invalid_grant", "invalid_client", "unauthorized_client", "deleted_client", "invalid_scope")
RATE_REASONS = frozenset({"ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "dailylimitexceeded"})
SCOPE_REASONS = frozenset({"insufficientpermissions", "access_token_scope_insufficient"})
SETUP_REASONS = {
    "accessnotconfigured": "Switch the API on in the Google Cloud project of the token",
    "service_disabled": "Switch the API on in the Google Cloud project of the token",
    "domainpolicy": "Ask the administrator of the Google Workspace to allow the app",
}
CONNECTION_ERRORS = (OSError, HTTPException, httplib2.HttpLib2Error)
_SECONDS = re.compile(r"[0-9]{1,9}")
_RETRY_AFTER = re.compile(r"[Rr]etry after (\S+)")


class Named(Protocol):
    """A token as faults speak of it: what it is called, and what a person does when it is no good."""

    @property
    def name(self) -> str: ...

    @property
    def cure(self) -> str: ...


class NeverConnected(ConnectionError):
    """No connection came about, so the service cannot have seen the request."""


@contextmanager
def translated(service: str, token: Named, *, sending: bool = False) -> Iterator[None]:
    """Let no error of Google's libraries out.

    With `sending`, a request that broke after it may have arrived is ambiguous and not merely transient.
    """
    try:
        yield
    except RefreshError as error:
        # Without the cause: it holds what the token service answered, which a log must not keep.
        raise _refresh_fault(error, service, token) from None
    except TransportError as error:
        # Only a refresh raises it, and that comes before the request or after its refusal.
        raise TransientFault(f"The token for {service} could not be refreshed: no connection") from error
    except HttpError as error:
        raise _http_fault(error, service, token, sending=sending) from error
    except (NeverConnected, httplib2.ServerNotFoundError, ConnectionRefusedError) as error:
        raise TransientFault(f"{service} cannot be reached ({_words(error)})", "Check the network") from error
    except CONNECTION_ERRORS as error:
        fault = AmbiguousFault if sending else TransientFault
        raise fault(f"The connection to {service} broke ({_words(error)})") from error
    except GoogleAuthError as error:
        raise CredentialFault(
            f"{service} cannot be used with {token.name} ({type(error).__name__})", token.cure
        ) from error
    except (ValueError, RecursionError) as error:
        # Not JSON, cut off, or not what was asked for: googleapiclient lets the parser's error through.
        fault = AmbiguousFault if sending else TransientFault
        raise fault(f"{service} gave an answer that cannot be understood") from error


def _words(error: BaseException) -> str:
    """An error's kind without its text: texts of network libraries can hold whole requests."""
    if isinstance(error, NeverConnected) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, TimeoutError):
        return "timeout"
    return getattr(error, "strerror", None) or type(error).__name__


def _refresh_fault(error: RefreshError, service: str, token: Named) -> Fault:
    """Permanent only by the codes that say so: Google also answers a refresh with HTML of a passing 502."""
    answer = error.args[1] if len(error.args) > 1 else None
    code = str(answer.get("error", "")) if isinstance(answer, dict) else ""
    if not code:
        code = next((c for c in DEAD_TOKEN_CODES if str(error.args[0] if error.args else "").startswith(c)), "")
    if code in DEAD_TOKEN_CODES:
        return CredentialFault(f"Google no longer accepts {token.name} ({code})", token.cure)
    return TransientFault(f"The token for {service} could not be refreshed now")


def _http_fault(error: HttpError, service: str, token: Named, *, sending: bool) -> Fault:
    status = int(getattr(error.resp, "status", 0))  # 0: a batch whose answer could not be taken apart
    words, message = _reasons(error.content)
    reasons = {word.lower() for word in words}
    says = f"{service} answered {status}" + (f" ({', '.join(sorted(words))})" if words else "")
    if status == 401:
        return CredentialFault(f"{says}: it does not accept {token.name}", token.cure)
    if reasons & SCOPE_REASONS:
        return ScopeFault(f"{says}: {token.name} lacks a scope that is needed", token.cure)
    for reason in reasons & SETUP_REASONS.keys():
        return CredentialFault(says, SETUP_REASONS[reason])
    if status == 429 or (status == 403 and reasons & RATE_REASONS):
        return RateLimitedFault(says, until=_retry_time(error.resp, message))
    if status >= 500 or status < 300:
        return AmbiguousFault(says) if sending else TransientFault(says)
    if status == 408 or status < 400:
        return TransientFault(says)
    if status == 404:
        return MissingFault(f"{says}: it is not there")
    return RejectedFault(says)


def _reasons(content: bytes) -> tuple[frozenset[str], str]:
    """The reasons and the message of a Google error body; empty when it is something else."""
    try:
        error = json.loads(content)["error"]
        found = [item.get("reason", "") for item in (*error.get("errors", ()), *error.get("details", ()))]
        return frozenset(str(reason) for reason in found if reason), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset(), ""


def _retry_time(response: Any, message: str) -> datetime | None:
    """When the service wants to hear from us again: the header (seconds or a date), else Gmail's sentence."""
    header = str(response.get("retry-after", "")).strip()
    now = datetime.now(UTC)
    if _SECONDS.fullmatch(header):
        return now + timedelta(seconds=min(int(header), 86_400))
    found = _RETRY_AFTER.search(message)
    for text, parse in ((header, parsedate_to_datetime), (found.group(1) if found else "", _rfc3339)):
        try:
            return min(parse(text), now + timedelta(days=1))
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _rfc3339(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
