"""Conversations with one Google service: one connection a thread, reads repeated in place, sends never."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from googleapiclient.discovery import build

from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import Fault, RateLimitedFault, TransientFault
from syft_notify.google.auth import Token
from syft_notify.google.authorized_http import AuthorizedHttp
from syft_notify.google.errors import translated
from syft_notify.google.http import LISTS, MAILS, Bounds, Http

TIMEOUT_SECONDS = 60.0
READ_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
LONGEST_READ_SECONDS = 90.0

Answer = TypeVar("Answer")


class Session:
    """Requests to one service with one token."""

    def __init__(
        self,
        service: str,
        version: str,
        token: Token,
        endpoint: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        heartbeat: Callable[[], None] = lambda: None,
    ) -> None:
        """`service` and `version` as Google's discovery names them; `endpoint` None is Google.

        `timeout` is how many seconds the service may be silent. `heartbeat` is called before each attempt.
        """
        self._service = service
        self._version = version
        self._token = token
        self._endpoint = endpoint
        self._timeout = timeout
        self._sleep = sleep
        self._heartbeat = heartbeat
        self._local = threading.local()
        self._connections: list[Http] = []

    def close(self) -> None:
        """Close the connections of all threads; the session can be used again."""
        self._local = threading.local()
        while self._connections:
            self._connections.pop().close()

    def read(self, ask: Callable[[Any], Answer], bounds: Bounds = LISTS) -> Answer:
        """The answer of `ask(service)`, which must change nothing: it is repeated a few times on a passing fault.

        `bounds` are those of each of its requests.
        """
        deadline = time.monotonic() + LONGEST_READ_SECONDS
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                return self._ask(ask, bounds, sending=False)
            except (TransientFault, RateLimitedFault) as fault:
                self._forget("reading")
                if attempt == READ_ATTEMPTS or time.monotonic() > deadline:
                    raise
                self.wait(attempt, fault)
        raise AssertionError("the last attempt returns or raises")

    def send(self, ask: Callable[[Any], Answer]) -> Answer:
        """The answer of `ask(service)`, tried once; a connection that breaks raises `AmbiguousFault`."""
        return self._ask(ask, MAILS, sending=True)

    def wait(self, attempt: int, fault: Fault) -> None:
        """Pause before the next attempt: as long as the service asks, else exponentially with jitter.

        Raises `fault` itself when the service wants to be left alone for longer than a poll may take.
        """
        until = fault.until if isinstance(fault, RateLimitedFault) else None
        asked = (until - utc_now()).total_seconds() if until else 0.0
        if asked > LONGEST_PAUSE_SECONDS:
            raise fault
        usual = FIRST_PAUSE_SECONDS * (1 << attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        self._sleep(max(asked, usual))

    def batch_uri(self) -> str:
        """Where this service takes batches; at another endpoint it lies beside the service as it does at Google."""
        root = self._endpoint.removesuffix("drive/v3/") if self._endpoint else "https://www.googleapis.com/"
        return f"{root}batch/{self._service}/{self._version}"

    def _ask(self, ask: Callable[[Any], Answer], bounds: Bounds, *, sending: bool) -> Answer:
        self._heartbeat()
        with translated(self._service.capitalize(), self._token, sending=sending):
            return ask(self._resource(bounds, sending=sending))

    def _resource(self, bounds: Bounds, *, sending: bool) -> Any:
        """This thread's service object, for `Http` is not safe to share; built again when the token changed."""
        slot = "sending" if sending else "reading"
        credentials = self._token.credentials()
        known = getattr(self._local, slot, None)
        if known is None or known[0] is not credentials:
            self._forget(slot)
            # An idle connection may have gone stale unnoticed, and a mail is sent only once.
            http = Http(self._timeout, keep=not sending)
            self._connections.append(http)
            known = (credentials, self._build(AuthorizedHttp(credentials, http=http)), http)
            setattr(self._local, slot, known)
        known[2].bounds = bounds
        return known[1]

    def _forget(self, slot: str) -> None:
        """The next request of this thread uses a fresh connection."""
        known = getattr(self._local, slot, None)
        if known is not None:
            setattr(self._local, slot, None)
            self._connections.remove(known[2])
            known[2].close()

    def _build(self, http: Any) -> Any:
        options = {"api_endpoint": self._endpoint} if self._endpoint else None
        return build(
            self._service,
            self._version,
            http=http,
            client_options=options,
            cache_discovery=False,
            static_discovery=True,
        )
