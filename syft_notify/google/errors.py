"""The errors of Google's libraries -> ours: what happened, how to fix it, whether to try again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Protocol

from google.auth.exceptions import GoogleAuthError, ReauthFailError, RefreshError, TransportError
from googleapiclient.errors import HttpError, UnknownApiNameOrVersion

from syft_notify.domain.clock import utc_now
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
from syft_notify.google.http import BadAnswer, Redirected, TooLarge
from syft_notify.google.reasons import Meaning, refusal_in, refusal_of
from syft_notify.google.sockets import NeverConnected, words

CONNECTION_ERRORS = (OSError, HTTPException)
_LOOK_BETWEEN = "If it stays, see whether a proxy answers in its place"
_SECONDS = re.compile(r"[0-9]{1,9}")
_RETRY_AFTER = re.compile(r"[Rr]etry after (\S+)")


class Named(Protocol):
    """A token as faults speak of it: its name, its service, and what a person does when it is no good."""

    @property
    def name(self) -> str: ...

    @property
    def service(self) -> str: ...

    @property
    def fix(self) -> str: ...


@contextmanager
def translated(service: str, token: Named, *, sending: bool = False) -> Iterator[None]:
    """Let no error of Google's libraries out.

    With `sending`, a request that broke after it may have arrived is ambiguous and not merely transient.
    """
    try:
        yield
    except RefreshError as error:
        # Without the cause: it holds what the token service answered, which a log must not keep.
        raise _refresh_fault(error, token) from None
    except TransportError as error:
        # Only a refresh raises it, and that comes before the request or after its refusal.
        cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
        reason, hint = _reason(cause)
        raise TransientFault(f"The token for {token.service} could not be refreshed ({reason})", hint) from error
    except HttpError as error:
        raise _http_fault(error, service, token, sending=sending) from error
    except (UnknownApiNameOrVersion, ImportError) as error:
        # Google's client looks for the description of a service, and for modules, when they are needed.
        fault = AmbiguousFault if sending and isinstance(error, ImportError) else TransientFault
        missing = f"a part of the Google client is missing ({type(error).__name__})"
        raise fault(f"{service} cannot be asked: {missing}", "If it stays: install syft-notify again") from error
    except NeverConnected as error:
        raise TransientFault(f"{service} cannot be reached ({error.reason})", error.hint) from error
    except Redirected as error:
        raise TransientFault(f"{service} answered with {error}", _LOOK_BETWEEN) from error
    except TooLarge as error:
        too_large = f"{service} answered with {error}"
        raise (AmbiguousFault if sending else TooLargeFault)(too_large) from error
    except CONNECTION_ERRORS as error:
        fault = AmbiguousFault if sending else TransientFault
        raise fault(f"The connection to {service} broke ({_reason(error)[0]})") from error
    except GoogleAuthError as error:
        raise CredentialFault(
            f"{service} cannot be used with {token.name} ({type(error).__name__})", token.fix
        ) from error
    except (ValueError, RecursionError) as error:
        # Not JSON, cut off, or not what was asked for: googleapiclient lets the parser's error through.
        fault = AmbiguousFault if sending else TransientFault
        raise fault(f"{service} gave an answer that cannot be understood") from error


def _reason(error: Exception) -> tuple[str, str]:
    """Why a connection failed and what a person may do about it, without anything that was sent or received."""
    if isinstance(error, NeverConnected):
        return error.reason, error.hint
    if isinstance(error, BadAnswer):
        return str(error), _LOOK_BETWEEN
    return words(error), ""


def _refresh_fault(error: RefreshError, token: Named) -> Fault:
    """Permanent only by the words that say so: Google also answers a refresh with HTML of a passing 502.

    google-auth tells them in its second argument, except for a login that a Workspace limits: then it names the command
    of another program, or (`ReauthFailError`) what became of it. In some versions only the text begins with the word.
    """
    text = str(error.args[0]) if error.args else ""
    answer = error.args[1] if len(error.args) > 1 else None
    refusal = refusal_of(answer if isinstance(answer, dict) else {"error": text.partition(":")[0]})
    if not refusal.words and (isinstance(error, ReauthFailError) or text.startswith("Reauthentication is needed")):
        refusal = refusal_of({"error": "invalid_rapt"})
    if refusal.meaning is Meaning.CONSENT:
        why = ", ".join(refusal.words)
        title = f"Google no longer accepts {token.name} for {token.service} ({why})"
        return CredentialFault(title, refusal.hint(token.fix))
    return TransientFault(f"The token for {token.service} could not be refreshed now")


def _http_fault(error: HttpError, service: str, token: Named, *, sending: bool) -> Fault:
    """A verdict on the request needs Google's own word; what a proxy or a page of Google's front end says passes."""
    status = int(getattr(error.resp, "status", 0))  # 0: a batch whose answer could not be taken apart
    refusal = refusal_in(error.content or b"")
    says = f"{service} answered {status}" + (f" ({', '.join(refusal.words)})" if refusal.words else "")
    if status >= 500 or status < 300:
        return AmbiguousFault(says) if sending else TransientFault(says)
    if refusal.meaning is Meaning.CONSENT or (status == 401 and _is_about_tokens(error.resp)):
        return CredentialFault(f"{says}: it does not accept {token.name}", refusal.hint(token.fix))
    if refusal.meaning is Meaning.SCOPE:
        return ScopeFault(f"{says}: {token.name} lacks a scope that is needed", refusal.hint(token.fix))
    if refusal.meaning is Meaning.SETUP:
        return CredentialFault(says, refusal.hint(token.fix))
    if status == 429 or refusal.meaning is Meaning.LIMIT:
        return RateLimitedFault(says, until=_retry_time(error.resp, refusal.message))
    if refusal.meaning is Meaning.MISSING:
        return MissingFault(f"{says}: it is not there")
    if refusal.meaning is Meaning.REJECTED:
        return RejectedFault(says)
    return TransientFault(says, "" if refusal.words else _LOOK_BETWEEN)


def _is_about_tokens(response: Any) -> bool:
    """Whether a 401 asks for an OAuth token (RFC 6750), as all of Google's do, and not for the login of a proxy."""
    return "bearer" in str(response.get("www-authenticate", "")).lower()


def _retry_time(response: Any, message: str) -> datetime | None:
    """When the service wants to hear from us again: the header (seconds or a date), else Gmail's sentence."""
    header = str(response.get("retry-after", "")).strip()
    now = utc_now()
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
