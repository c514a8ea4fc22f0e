"""The handle for other processes: faults, tokens, mail and the request log over HTTP, below `/sandbox/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response, request

from syft_notify.sandbox.consent import AUTH_PATH
from syft_notify.sandbox.front import Front
from syft_notify.sandbox.mailboxes import Mail
from syft_notify.sandbox.query import moment_of
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.replies import JSON
from syft_notify.sandbox.tokens import DRIVE, FAR_FUTURE, GMAIL_SEND
from syft_notify.sandbox.web import Route, World, json_body


class Control:
    """The views of the control endpoint; they are neither logged nor made to fail."""

    def __init__(self, world: World, front: Front) -> None:
        self._world = world
        self._front = front

    def routes(self) -> Sequence[Route]:
        return (
            Route("sandbox.faults.add", "POST", "/sandbox/faults", self.add_fault),
            Route("sandbox.faults.list", "GET", "/sandbox/faults", self.faults),
            Route("sandbox.faults.clear", "DELETE", "/sandbox/faults", self.clear_faults),
            Route("sandbox.delays.add", "POST", "/sandbox/delays", self.slow),
            Route("sandbox.requests.list", "GET", "/sandbox/requests", self.requests),
            Route("sandbox.requests.clear", "DELETE", "/sandbox/requests", self.clear_requests),
            Route("sandbox.mail", "GET", "/sandbox/mail/<email>", self.mail),
            Route("sandbox.tokens.issue", "POST", "/sandbox/tokens", self.issue),
            Route("sandbox.tokens.revoke", "DELETE", "/sandbox/tokens/<email>", self.revoke),
            Route("sandbox.client", "GET", "/sandbox/credentials.json", self.client),
            Route("sandbox.config", "GET", "/sandbox/daemon.yaml", self.config),
            Route("sandbox.publishing", "POST", "/sandbox/publishing", self.publishing),
            Route("sandbox.changes.hide", "POST", "/sandbox/changes", self.hide_changes),
        )

    def add_fault(self) -> Any:
        body = json_body(request)
        try:
            rule = self._front.faults.add(**body)
        except (TypeError, ValueError) as error:
            raise Refusal(400, "badRequest", str(error)) from None
        return asdict(rule)

    def faults(self) -> Any:
        return [asdict(rule) for rule in self._front.faults.rules()]

    def clear_faults(self) -> None:
        self._front.faults.clear()

    def slow(self) -> None:
        body = json_body(request)
        try:
            self._front.faults.slow(**body)
        except TypeError as error:
            raise Refusal(400, "badRequest", str(error)) from None

    def requests(self) -> Any:
        return self._front.journal.lines()

    def clear_requests(self) -> None:
        self._front.journal.clear()

    def mail(self, email: str) -> Any:
        return [_written(mail) for mail in self._world.mail.of(email).mails]

    def issue(self) -> Any:
        body = {"scopes": [DRIVE, GMAIL_SEND], **json_body(request)}
        if "email" not in body:
            raise Refusal(400, "required", "Required parameter: email", location="email")
        expiry: datetime = moment_of(str(body.get("expiry", ""))) or FAR_FUTURE
        token_uri = f"{request.host_url}token"
        return {"file": self._world.tokens.file(body["email"], body["scopes"], token_uri, expiry)}

    def revoke(self, email: str) -> None:
        self._world.tokens.revoke_person(email)

    def client(self) -> Any:
        root = request.host_url
        text = self._world.tokens.client_file(f"{root}{AUTH_PATH[1:]}", f"{root}token")
        return Response(text, content_type=JSON)

    def config(self) -> Any:
        """The lines of a daemon.yaml that lead here instead of to Google."""
        root = request.host_url
        keys = {"drive_api_endpoint": f"{root}drive/v3/", "gmail_api_endpoint": root, "oauth_token_uri": f"{root}token"}
        text = "".join(f"{key}: {url}\n" for key, url in keys.items())
        return Response(text, content_type="text/plain; charset=UTF-8")

    def publishing(self) -> None:
        """The app is in Testing, or in production."""
        self._world.tokens.in_testing = bool(json_body(request).get("testing", False))

    def hide_changes(self) -> None:
        body = json_body(request)
        self._world.store.feed.hide_all = bool(body.get("all", False))
        self._world.store.feed.hidden = set(body.get("files", ()))


def _written(mail: Mail) -> dict[str, Any]:
    headers = [[name, str(value)] for name, value in mail.message.items()]
    return {
        "id": mail.id, "thread_id": mail.thread_id, "labels": list(mail.labels), "subject": mail.subject,
        "sender": mail.sender, "to": list(mail.to), "headers": headers, "text": mail.text, "html": mail.html,
    }  # fmt: skip
