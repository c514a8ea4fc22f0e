"""The front door: every request is named, delayed, perhaps made to fail, carried out, and logged."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from syft_notify.sandbox.faults import Faults, Trouble
from syft_notify.sandbox.journal import Call, Journal
from syft_notify.sandbox.replies import Incoming, Reply, troubled
from syft_notify.sandbox.tokens import Tokens

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
            return self._carried_out(incoming)
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
            return self._carried_out(incoming)
        if rule.trouble is Trouble.STALL:
            self._wait(rule.seconds)
        reply = troubled(rule, self._now(), lambda: self._carried_out(incoming))
        if rule.trouble is Trouble.SILENT:
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

    def _carried_out(self, incoming: Incoming) -> Reply:
        response = Response.from_app(self._app.wsgi_app, _environ(incoming))
        return replace(Reply(response.status_code, response.get_data()), headers=response.headers)


def _environ(incoming: Incoming) -> dict[str, Any]:
    """The request in the words of WSGI (PEP 3333)."""
    host, _, port = incoming.headers.get("Host", "localhost").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": incoming.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(incoming.path, "latin-1"),
        "QUERY_STRING": incoming.query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(incoming.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(incoming.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in incoming.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = value
    return environ
