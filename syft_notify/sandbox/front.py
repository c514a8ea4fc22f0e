"""The front door: every request is named, delayed, perhaps made to fail, carried out, and logged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, unquote

from flask import Flask
from werkzeug.exceptions import HTTPException

from syft_notify.sandbox.faults import Faults, Injected
from syft_notify.sandbox.journal import Call, Journal
from syft_notify.sandbox.replies import Incoming, Reply, faulty_reply
from syft_notify.sandbox.tokens import Tokens
from syft_notify.sandbox.wsgi import carried_out

CONTROL = "sandbox."


class Front:
    """Stands before the services. `stopping` ends every wait."""

    def __init__(self, app: Flask, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self.faults = Faults()
        self.journal = Journal()
        self.stopping = threading.Event()
        self._app = app
        self._tokens = tokens
        self._now = now

    def answer(self, incoming: Incoming, batched: bool = False) -> Reply:
        """The answer to one request; `batched` when it came inside another one."""
        incoming = incoming.tunnelled()
        kind = self._kind(incoming)
        if kind.startswith(CONTROL):
            return carried_out(self._app, incoming)
        began = time.monotonic()
        user = self._caller(incoming, kind)
        reply = self._handled(incoming, kind, user, batched)
        seconds = time.monotonic() - began
        self.journal.add(
            Call(kind, incoming.method, incoming.path, incoming.query, user, reply.status, batched, seconds)
        )
        return reply

    def _handled(self, incoming: Incoming, kind: str, user: str, batched: bool) -> Reply:
        if not batched:
            self._wait(self.faults.delay(kind, user))
        rule = self.faults.pick(kind, incoming.method, incoming.path, user, batched)
        if rule is None:
            return carried_out(self._app, incoming)
        if rule.injected is Injected.STALL:
            self._wait(rule.seconds)
        reply = faulty_reply(rule, self._now(), lambda: carried_out(self._app, incoming))
        if rule.injected is Injected.SILENT:
            self._wait(rule.seconds)
        return reply

    def _caller(self, incoming: Incoming, kind: str) -> str:
        if kind == "oauth.token":
            form = parse_qs(incoming.body.decode("ascii", "replace"))
            return self._tokens.owner_of_refresh("".join(form.get("refresh_token", [])))
        return self._tokens.person(incoming.headers.get("Authorization", ""))

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.stopping.wait(seconds)

    def _kind(self, incoming: Incoming) -> str:
        try:
            kind, _ = self._app.url_map.bind("").match(unquote(incoming.path), incoming.method)
        except HTTPException:
            return "unknown"
        media = kind == "drive.files.get" and "alt=media" in incoming.query.split("&")
        return "drive.files.media" if media else str(kind)
