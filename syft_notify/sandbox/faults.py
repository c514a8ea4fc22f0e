"""Faults on demand: which requests fail, how often, and how.

Sources of the error bodies: developers.google.com/workspace/drive/api/guides/handle-errors,
developers.google.com/workspace/gmail/api/guides/handle-errors, and answers that people reported: Gmail's of an account
without a mailbox (fluent-smtp#152), Drive's of a file that it does not hand out (gdrive#136), those of the token
service to a login that a Workspace limits (rootjs#747).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Injected(StrEnum):
    """What can go wrong; the value is the word used over HTTP."""

    RATE_LIMIT = "rateLimitExceeded"
    USER_RATE_LIMIT = "userRateLimitExceeded"
    QUOTA = "quotaExceeded"
    INSUFFICIENT_PERMISSIONS = "insufficientPermissions"
    DOMAIN_POLICY = "domainPolicy"
    API_DISABLED = "accessNotConfigured"
    UNAUTHORIZED = "unauthorized"
    BAD_REQUEST = "badRequest"
    NO_MAILBOX = "failedPrecondition"
    QUOTA_IN_DETAILS = "RATE_LIMIT_EXCEEDED"
    DOWNLOAD_QUOTA = "downloadQuotaExceeded"
    ABUSIVE_FILE = "cannotDownloadAbusiveFile"
    PAGE_400 = "page400"
    PAGE_401 = "page401"
    PAGE_403 = "page403"
    PAGE_404 = "page404"
    TOO_MANY_REQUESTS = "tooManyRequests"
    INTERNAL = "internalError"
    BAD_GATEWAY = "badGateway"
    UNAVAILABLE = "unavailable"
    INVALID_GRANT = "invalid_grant"
    INVALID_CLIENT = "invalid_client"
    INVALID_RAPT = "invalid_rapt"
    DISABLED_CLIENT = "disabled_client"
    ACCESS_DENIED = "access_denied"
    ADMIN_POLICY = "admin_policy_enforced"
    RESET = "reset"
    CLOSE = "close"
    STALL = "stall"
    LOST = "lost"
    SILENT = "silent"
    LATE_ERROR = "lateError"
    TRUNCATED = "truncated"
    WRONG_JSON = "wrongJson"
    NOT_JSON = "notJson"
    ALTERED = "altered"


UNANSWERED = frozenset(
    {Injected.RESET, Injected.CLOSE, Injected.STALL, Injected.LOST, Injected.SILENT, Injected.TRUNCATED}
)
"""Faults of the connection; inside a batch they cannot happen to a single call."""


@dataclass
class Rule:
    """Makes some requests fail.

    A request fits when its `kind` (like `drive.files.list`), `path` and `method` fit the shell patterns and `user`
    is empty or the caller. The first `skip` that fit pass unharmed, the next `times` fail (None: for ever).
    `retry_after` (seconds) is what a rate limit asks for, `seconds` how long a stall lasts, `changes` what `ALTERED`
    puts into the JSON of the answer.
    """

    injected: Injected
    kind: str = "*"
    method: str = "*"
    path: str = "*"
    user: str = ""
    skip: int = 0
    times: int | None = 1
    retry_after: float = 0
    seconds: float = 3600
    changes: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    hits: int = 0

    def fits(self, kind: str, method: str, path: str, user: str, batched: bool) -> bool:
        return (
            fnmatchcase(kind, self.kind)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
            and self.user.lower() in ("", user)
            and not (batched and self.injected in UNANSWERED)
        )


class Faults:
    """The rules in force. The oldest rule that fits a request decides."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._delays: list[tuple[str, str, float]] = []
        self._ids = itertools.count(1)

    def add(
        self,
        injected: Injected | str,
        kind: str = "*",
        *,
        method: str = "*",
        path: str = "*",
        user: str = "",
        skip: int = 0,
        times: int | None = 1,
        retry_after: float = 0,
        seconds: float = 3600,
        changes: Mapping[str, Any] | None = None,
    ) -> Rule:
        """Let requests fail from now on; see `Rule`. The rule's `hits` counts how many did."""
        rule = Rule(Injected(injected), kind, method, path, user, skip, times, retry_after, seconds, changes or {})
        with self._lock:
            rule.id = next(self._ids)
            self._rules.append(rule)
        return rule

    def slow(self, seconds: float, kind: str = "*", *, user: str = "") -> None:
        """Let every such request take so much longer; several add up. Calls in a batch take the time of the batch."""
        with self._lock:
            self._delays.append((kind, user.lower(), seconds))

    def remove(self, rule: Rule) -> None:
        """Take one rule out of force."""
        with self._lock:
            self._rules = [other for other in self._rules if other is not rule]

    def clear(self) -> None:
        """Everything works again, at full speed."""
        with self._lock:
            self._rules.clear()
            self._delays.clear()

    def rules(self) -> list[Rule]:
        with self._lock:
            return list(self._rules)

    def delay(self, kind: str, user: str) -> float:
        """How many seconds this request has to wait."""
        with self._lock:
            return sum(
                seconds for pattern, who, seconds in self._delays if fnmatchcase(kind, pattern) and who in ("", user)
            )

    def pick(self, kind: str, method: str, path: str, user: str, batched: bool) -> Rule | None:
        """The rule that this request meets, counted as a hit; None when it may pass."""
        with self._lock:
            for rule in self._rules:
                if not rule.fits(kind, method, path, user, batched):
                    continue
                if rule.skip:
                    rule.skip -= 1
                elif rule.times is None or rule.hits < rule.times:
                    rule.hits += 1
                    return rule
        return None
