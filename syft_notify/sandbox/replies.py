"""Requests and answers between the wire and the services, and the answers of injected faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from werkzeug.datastructures import Headers

from syft_notify.sandbox.faults import Rule, Trouble
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


_REFUSALS: dict[Trouble, tuple[int, str, str, str]] = {
    Trouble.RATE_LIMIT: (403, "rateLimitExceeded", "Rate Limit Exceeded", ""),
    Trouble.USER_RATE_LIMIT: (403, "userRateLimitExceeded", "User Rate Limit Exceeded", ""),
    Trouble.QUOTA: (403, "quotaExceeded", "Quota exceeded for quota metric 'Queries'", "RESOURCE_EXHAUSTED"),
    Trouble.INSUFFICIENT_PERMISSIONS: (
        403, "insufficientPermissions", "Request had insufficient authentication scopes.", "PERMISSION_DENIED",
    ),
    Trouble.DOMAIN_POLICY: (403, "domainPolicy", "The domain administrators have disabled this app.", ""),
    Trouble.API_DISABLED: (
        403, "accessNotConfigured", "This API is disabled for the project.", "PERMISSION_DENIED",
    ),
    Trouble.BAD_REQUEST: (400, "badRequest", "Bad Request", ""),
    Trouble.TOO_MANY_REQUESTS: (429, "rateLimitExceeded", "Too many concurrent requests", "RESOURCE_EXHAUSTED"),
    Trouble.INTERNAL: (500, "internalError", "Internal Error", ""),
    Trouble.UNAVAILABLE: (503, "backendError", "The service is currently unavailable.", "UNAVAILABLE"),
}  # fmt: skip


def _refused(rule: Rule, now: datetime) -> Reply:
    if rule.trouble is Trouble.UNAUTHORIZED:
        return refusal_reply(invalid_credentials())
    status, reason, message, rpc = _REFUSALS[rule.trouble]
    if rule.retry_after:
        message += f".  Retry after {stamp(now + timedelta(seconds=rule.retry_after))}"
    return refusal_reply(Refusal(status, reason, message, rpc=rpc))


def _token_refused(rule: Rule) -> Reply:
    if rule.trouble is Trouble.INVALID_CLIENT:
        description = {"error_description": "The OAuth client was not found."}
        return json_reply({"error": "invalid_client", **description}, 401)
    return json_reply({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)


def _altered(reply: Reply, rule: Rule) -> Reply:
    return replace(reply, body=json.dumps({**json.loads(reply.body), **rule.changes}).encode())


def troubled(rule: Rule, now: datetime, carry_out: Callable[[], Reply]) -> Reply:
    """The answer of a request that meets `rule`; `carry_out` does what was asked, where the trouble comes after it."""
    trouble = rule.trouble
    if trouble in (Trouble.RESET, Trouble.CLOSE, Trouble.STALL):
        return Reply(0, cut=Cut.RESET if trouble is Trouble.RESET else Cut.CLOSE)
    if trouble in (Trouble.LOST, Trouble.SILENT):
        return replace(carry_out(), status=0, cut=Cut.RESET)
    if trouble is Trouble.LATE_ERROR:
        carry_out()
        return _refused(replace(rule, trouble=Trouble.INTERNAL), now)
    if trouble is Trouble.TRUNCATED:
        return replace(carry_out(), cut=Cut.HALF)
    if trouble is Trouble.ALTERED:
        return _altered(carry_out(), rule)
    if trouble is Trouble.WRONG_JSON:
        carry_out()
        return json_reply(["unexpected", {"kind": "sandbox#wrong"}])
    if trouble is Trouble.NOT_JSON:
        carry_out()
        return replace(_page(200, "Sign in"), headers=Headers({"Content-Type": JSON}))
    if trouble in (Trouble.INVALID_GRANT, Trouble.INVALID_CLIENT):
        return _token_refused(rule)
    return _page(502, "Server Error") if trouble is Trouble.BAD_GATEWAY else _refused(rule, now)
