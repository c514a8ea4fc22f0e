"""Requests and answers between the wire and the services, and the answers of injected faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from werkzeug.datastructures import Headers

from syft_notify.sandbox.faults import Injected, Rule
from syft_notify.sandbox.file_view import stamp
from syft_notify.sandbox.refusals import Refusal, invalid_credentials

JSON = "application/json; charset=UTF-8"


class Cut(Enum):
    """How the connection ends before the answer is through."""

    RESET = "reset"
    CLOSE = "close"
    HALF = "half"


@dataclass(frozen=True)
class Incoming:
    """One HTTP request; `target` is the path with the query."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def tunnelled(self) -> Incoming:
        """A GET that came as POST because its URL was too long, as the GET that it means."""
        if self.method != "POST" or self.headers.get("X-HTTP-Method-Override", "").upper() != "GET":
            return self
        query = "&".join(part for part in (self.query, self.body.decode("ascii", "replace")) if part)
        return replace(self, method="GET", target=f"{self.path}?{query}", body=b"")


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, or how there was none."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=Headers)
    cut: Cut | None = None


def json_reply(document: Any, status: int = 200) -> Reply:
    """An answer with this JSON document."""
    return Reply(status, json.dumps(document).encode(), Headers({"Content-Type": JSON}))


def refusal_reply(refusal: Refusal) -> Reply:
    """The answer that Google gives with this refusal."""
    reply = json_reply(refusal.body(), refusal.status)
    reply.headers.extend(refusal.headers)
    return reply


def _page(status: int, title: str) -> Reply:
    body = f"<!DOCTYPE html><html lang=en><title>Error {status} ({title})!!1</title><p><b>{status}.</b> {title}.\n"
    return Reply(status, body.encode(), Headers({"Content-Type": "text/html; charset=UTF-8"}))


def not_found_page() -> Reply:
    """What Google's front end answers for a path that no service has."""
    return _page(404, "Not Found")


_REFUSALS: dict[Injected, tuple[int, str, str, str]] = {
    Injected.RATE_LIMIT: (403, "rateLimitExceeded", "Rate Limit Exceeded", ""),
    Injected.USER_RATE_LIMIT: (403, "userRateLimitExceeded", "User Rate Limit Exceeded", ""),
    Injected.QUOTA: (403, "quotaExceeded", "Quota exceeded for quota metric 'Queries'", "RESOURCE_EXHAUSTED"),
    Injected.INSUFFICIENT_PERMISSIONS: (
        403, "insufficientPermissions", "Request had insufficient authentication scopes.", "PERMISSION_DENIED",
    ),
    Injected.DOMAIN_POLICY: (403, "domainPolicy", "The domain administrators have disabled this app.", ""),
    Injected.API_DISABLED: (
        403, "accessNotConfigured", "This API is disabled for the project.", "PERMISSION_DENIED",
    ),
    Injected.BAD_REQUEST: (400, "badRequest", "Bad Request", ""),
    Injected.NO_MAILBOX: (400, "failedPrecondition", "Mail service not enabled", "FAILED_PRECONDITION"),
    Injected.DOWNLOAD_QUOTA: (403, "downloadQuotaExceeded", "The download quota for this file is exceeded.", ""),
    Injected.ABUSIVE_FILE: (
        403, "cannotDownloadAbusiveFile",
        "This file has been identified as malware or spam and cannot be downloaded.", "",
    ),
    Injected.TOO_MANY_REQUESTS: (429, "rateLimitExceeded", "Too many concurrent requests", "RESOURCE_EXHAUSTED"),
    Injected.INTERNAL: (500, "internalError", "Internal Error", ""),
    Injected.UNAVAILABLE: (503, "backendError", "The service is currently unavailable.", "UNAVAILABLE"),
}  # fmt: skip


_PAGES = {
    Injected.PAGE_400: (400, "Bad Request"),
    Injected.PAGE_401: (401, "Unauthorized"),
    Injected.PAGE_403: (403, "Sorry..."),
    Injected.PAGE_404: (404, "Not Found"),
    Injected.BAD_GATEWAY: (502, "Server Error"),
}


def _refused(rule: Rule, now: datetime) -> Reply:
    if rule.injected in _PAGES:
        return _page(*_PAGES[rule.injected])
    if rule.injected is Injected.UNAUTHORIZED:
        return refusal_reply(invalid_credentials())
    if rule.injected is Injected.QUOTA_IN_DETAILS:
        message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'"
        return refusal_reply(Refusal(403, "", message, rpc="PERMISSION_DENIED", info="RATE_LIMIT_EXCEEDED"))
    status, reason, message, rpc = _REFUSALS[rule.injected]
    if rule.retry_after:
        message += f".  Retry after {stamp(now + timedelta(seconds=rule.retry_after))}"
    return refusal_reply(Refusal(status, reason, message, rpc=rpc))


_RAPT = {"error_subtype": "invalid_rapt", "error_uri": "https://support.google.com/a/answer/9368756"}
_TOKEN_REFUSALS: dict[Injected, tuple[int, dict[str, str]]] = {
    Injected.INVALID_GRANT: (400, {"error_description": "Token has been expired or revoked."}),
    Injected.INVALID_RAPT: (
        400, {"error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)", **_RAPT},
    ),
    Injected.INVALID_CLIENT: (401, {"error_description": "The OAuth client was not found."}),
    Injected.DISABLED_CLIENT: (401, {"error_description": "The OAuth client was disabled."}),
    Injected.ACCESS_DENIED: (403, {"error_description": "Account restricted"}),
    Injected.ADMIN_POLICY: (400, {"error_description": "This app is blocked by a policy of your organization."}),
}  # fmt: skip


def _token_refused(rule: Rule) -> Reply:
    status, said = _TOKEN_REFUSALS[rule.injected]
    return json_reply({"error": rule.injected.value, **said}, status)


def _altered(reply: Reply, rule: Rule) -> Reply:
    return replace(reply, body=json.dumps({**json.loads(reply.body), **rule.changes}).encode())


def faulty_reply(rule: Rule, now: datetime, carry_out: Callable[[], Reply]) -> Reply:
    """The answer of a request that meets `rule`; `carry_out` does what was asked, where the fault comes after it."""
    injected = rule.injected
    if injected in (Injected.RESET, Injected.CLOSE, Injected.STALL):
        return Reply(0, cut=Cut.RESET if injected is Injected.RESET else Cut.CLOSE)
    if injected in (Injected.LOST, Injected.SILENT):
        return replace(carry_out(), status=0, cut=Cut.RESET)
    if injected is Injected.LATE_ERROR:
        carry_out()
        return _refused(replace(rule, injected=Injected.INTERNAL), now)
    if injected is Injected.TRUNCATED:
        return replace(carry_out(), cut=Cut.HALF)
    if injected is Injected.ALTERED:
        return _altered(carry_out(), rule)
    if injected is Injected.WRONG_JSON:
        carry_out()
        return json_reply(["unexpected", {"kind": "sandbox#wrong"}])
    if injected is Injected.NOT_JSON:
        carry_out()
        return replace(_page(200, "Sign in"), headers=Headers({"Content-Type": JSON}))
    return _token_refused(rule) if injected in _TOKEN_REFUSALS else _refused(rule, now)
