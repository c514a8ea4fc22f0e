"""What the words in Google's error answers mean: one table, and where an answer holds such words. Pure.

Sources: developers.google.com/search/apis/indexing-api/v3/core-errors (reasons that all APIs share), the guides
"Resolve errors" of Drive and Gmail, google.rpc.Code (`status`) and ErrorInfo (`details`), RFC 6749 section 5.2 and
developers.google.com/identity/protocols/oauth2 for the token service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

LARGEST_BODY = 100_000
LONGEST_MESSAGE = 1_000
_SHAPE = re.compile(r"[A-Za-z][A-Za-z_]{0,60}")


class Meaning(Enum):
    """What an answer is about."""

    CONSENT = "consent"
    SCOPE = "scope"
    SETUP = "setup"
    LIMIT = "limit"
    MISSING = "missing"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


_NEW_CLIENT = "Make a new OAuth client and download its file (docs/google-setup.md), then {renew}"
_ASK = "Ask the administrator of the Google Workspace to allow the app"
_API = "Switch the API on in the Google Cloud project of the token"
_MAILBOX = (
    "This Google account has no Gmail mailbox, or it is switched off. Open Gmail once with the account, ask the "
    "administrator to switch Gmail on, or use another account: {renew}"
)

# What to do, with `{renew}` for the command that gives consent again, and the words in any of Google's spellings. Of
# several words the one in the first row counts.
#
# `REJECTED` holds what concerns one request, so that it ends a mail at the first try: Gmail's words for a bad
# recipient or thread ("Invalid To header", "Recipient address required", "Invalid thread_id value": FlowCrypt#1370,
# google-apis-rs#351), for a mail that it cannot read or that is too large (google-api-dotnet-client#856), and Drive's
# for a cursor that is too old. `forbidden` and the like are not among them: they are said of accounts, networks and
# projects, too. FAILED_PRECONDITION is what Gmail says of an account without a mailbox (FlowCrypt#435, #4838).
_TABLE = (
    (Meaning.CONSENT, "Your Google Workspace limits how long a login lasts: {renew}", "invalid_rapt rapt_required"),
    (Meaning.CONSENT, _NEW_CLIENT, "deleted_client disabled_client"),
    (Meaning.CONSENT, f"{_ASK}, then {{renew}}", "access_denied admin_policy_enforced org_internal"),
    (Meaning.CONSENT, "Log in to Google with this account and do what it asks, then {renew}",
     "accountDeleted accountDisabled accountUnverified"),
    (Meaning.CONSENT, "{Renew}",
     "invalid_grant invalid_client unauthorized_client invalid_scope authError UNAUTHENTICATED"),
    (Meaning.SCOPE, "{Renew}", "insufficientPermissions ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    (Meaning.SETUP, _API, "accessNotConfigured SERVICE_DISABLED"),
    (Meaning.SETUP, _ASK, "domainPolicy"),
    (Meaning.SETUP, _MAILBOX, "failedPrecondition"),
    (Meaning.LIMIT, "", "rateLimitExceeded rateLimitExceededUnreg userRateLimitExceeded userRateLimitExceededUnreg "
     "dailyLimitExceeded dailyLimitExceededUnreg limitExceeded concurrentLimitExceeded servingLimitExceeded "
     "variableTermLimitExceeded variableTermExpiredDailyExceeded quotaExceeded RESOURCE_EXHAUSTED"),
    (Meaning.MISSING, "", "notFound"),
    (Meaning.REJECTED, "", "invalidArgument badRequest invalid uploadTooLarge backendRequestTooLarge pageTokenExpired"),
)  # fmt: skip


def _plain(word: str) -> str:
    return word.replace("_", "").lower()


_ROWS = {_plain(word): row for row, (_, _, words) in enumerate(_TABLE) for word in words.split()}


@dataclass(frozen=True)
class Refusal:
    """A "no" of Google's: the `words` that give the reason, each once, its gRPC `status` and its `message`.

    All are empty for what Google's programs do not answer, like the page of a proxy.
    """

    words: tuple[str, ...] = ()
    status: str = ""
    message: str = ""
    meaning: Meaning = Meaning.UNKNOWN
    _hint: str = "{Renew}"

    def hint(self, renew: str) -> str:
        """What a person does; `renew` is the sentence that says how consent is given again."""
        return self._hint.format(Renew=renew, renew=f"{renew[:1].lower()}{renew[1:]}")


def refusal_in(content: bytes) -> Refusal:
    """The refusal in the body of an answer, however large, nested or odd that is."""
    try:
        return refusal_of(json.loads(content) if len(content) <= LARGEST_BODY else None)
    except (ValueError, RecursionError):
        return Refusal()


def refusal_of(document: object) -> Refusal:
    """The refusal in an answer that was parsed.

    APIs put their reasons into `errors`, `details` and `status` of an object; the token service names one in `error`.
    """
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        reasons = [item.get("reason") for key in ("errors", "details") for item in _objects(error.get(key))]
        return _refusal(reasons, error.get("status"), error.get("message"))
    if isinstance(document, dict):
        return _refusal([document.get("error_subtype"), error], None, None)
    return Refusal()


def canonical(content: bytes) -> bytes:
    """The refusal in the body of an answer and nothing else, as Google's APIs write it; empty where there is none."""
    refusal = refusal_in(content)
    if refusal == Refusal():
        return b""
    errors = [{"reason": word} for word in refusal.words]
    return json.dumps({"error": {"errors": errors, "status": refusal.status, "message": refusal.message}}).encode()


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _refusal(reasons: Iterable[object], status: object, message: object) -> Refusal:
    """The status says less than a reason, so that it is among the words only where there is none."""
    shown = {_plain(word): word for word in reasons if isinstance(word, str) and _SHAPE.fullmatch(word)}
    general = status if isinstance(status, str) and _SHAPE.fullmatch(status) else ""
    words = tuple(shown.values()) or tuple(filter(None, [general]))
    said = message[:LONGEST_MESSAGE] if isinstance(message, str) else ""
    row = min((_ROWS[word] for word in (*shown, _plain(general)) if word in _ROWS), default=None)
    if row is None:
        return Refusal(words, general, said)
    meaning, hint, _ = _TABLE[row]
    return Refusal(words, general, said, meaning, hint)
