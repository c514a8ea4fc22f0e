"""Gmail v1 over HTTP: sending, and as much reading as tests need."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

from flask import request

from syft_notify.sandbox import fields
from syft_notify.sandbox.mailboxes import Mail, Mailbox, missing_entity
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.tokens import (
    GMAIL_ALL,
    GMAIL_COMPOSE,
    GMAIL_METADATA,
    GMAIL_MODIFY,
    GMAIL_READONLY,
    GMAIL_SEND,
)
from syft_notify.sandbox.uploads import Sessions, Upload
from syft_notify.sandbox.web import Route, World, number

SEND = (GMAIL_SEND, GMAIL_COMPOSE, GMAIL_MODIFY, GMAIL_ALL)
PROFILE = (GMAIL_COMPOSE, GMAIL_METADATA, GMAIL_MODIFY, GMAIL_READONLY, GMAIL_ALL)
READ = (GMAIL_METADATA, GMAIL_MODIFY, GMAIL_READONLY, GMAIL_ALL)


class Gmail:
    """The views of Gmail; each gets the caller's key first, then the `userId` of the path."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions = Sessions()

    def routes(self) -> Sequence[Route]:
        user = "/gmail/v1/users/<user_id>"
        return (
            Route("gmail.users.getProfile", "GET", f"{user}/profile", self.profile, PROFILE),
            Route("gmail.messages.send", "POST", f"{user}/messages/send", self.send, SEND),
            Route("gmail.messages.send", "POST", f"/upload{user}/messages/send", self.send, SEND),
            Route("gmail.messages.chunk", "PUT", f"/upload{user}/messages/send", self.chunk, SEND),
            Route("gmail.messages.list", "GET", f"{user}/messages", self.list, READ),
            Route("gmail.messages.get", "GET", f"{user}/messages/<mail_id>", self.get, READ),
            Route("gmail.threads.list", "GET", f"{user}/threads", self.threads, READ),
            Route("gmail.threads.get", "GET", f"{user}/threads/<thread_id>", self.thread, READ),
        )

    def profile(self, me: str, user_id: str) -> Any:
        box = self._box(me, user_id)
        document = {
            "emailAddress": self._world.people.spelling(me),
            "messagesTotal": len(box.mails),
            "threadsTotal": len(box.threads()),
            "historyId": str(1000 + len(box.mails)),
        }
        return _selected(document)

    def send(self, me: str, user_id: str) -> Any:
        self._box(me, user_id)
        return self._sessions.receive(me, lambda upload: self._sent(me, upload))

    def chunk(self, me: str, user_id: str) -> Any:
        return self._sessions.go_on(me)

    def list(self, me: str, user_id: str) -> Any:
        wanted = set(request.args.getlist("labelIds"))
        mails = [mail for mail in reversed(self._box(me, user_id).mails) if wanted <= set(mail.labels)]
        size, start = number("maxResults", 100, 1, 500), number("pageToken", 0, 0, len(mails))
        page: dict[str, Any] = {"resultSizeEstimate": len(mails)}
        if mails:
            page["messages"] = [{"id": mail.id, "threadId": mail.thread_id} for mail in mails[start : start + size]]
        if start + size < len(mails):
            page["nextPageToken"] = str(start + size)
        return _selected(page)

    def get(self, me: str, user_id: str, mail_id: str) -> Any:
        for mail in self._box(me, user_id).mails:
            if mail.id == mail_id:
                return _selected(_resource(mail, request.args.get("format", "full")))
        raise missing_entity()

    def threads(self, me: str, user_id: str) -> Any:
        threads = [
            {"id": mails[0].thread_id, "snippet": _snippet(mails[-1])} for mails in self._box(me, user_id).threads()
        ]
        return _selected({"threads": threads[::-1], "resultSizeEstimate": len(threads)})

    def thread(self, me: str, user_id: str, thread_id: str) -> Any:
        mails = self._box(me, user_id).thread(thread_id)
        if not mails:
            raise missing_entity()
        shape = request.args.get("format", "full")
        messages = [_resource(mail, shape) for mail in mails]
        return _selected({"id": thread_id, "historyId": "1000", "messages": messages})

    def _box(self, me: str, user_id: str) -> Mailbox:
        if user_id.lower() not in ("me", me):
            raise Refusal(403, "forbidden", f"Delegation denied for {me}", rpc="PERMISSION_DENIED")
        return self._world.mail.of(me)

    def _sent(self, me: str, upload: Upload) -> Any:
        raw = upload.content if upload.content is not None else _raw(upload.metadata.get("raw"))
        mail = self._world.mail.send(me, raw, str(upload.metadata.get("threadId") or ""))
        return _selected({"id": mail.id, "threadId": mail.thread_id, "labelIds": list(mail.labels)})


def _selected(document: dict[str, Any]) -> Any:
    """What the caller's `fields` ask for. Raises `Refusal` 400 if they cannot be read."""
    return fields.parse(request.args.get("fields") or "*").applied(document)


def _raw(text: object) -> bytes:
    if not isinstance(text, str) or not text:
        message = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
        raise Refusal(400, "invalidArgument", message, rpc="INVALID_ARGUMENT")
    if not re.fullmatch(r"[A-Za-z0-9_+/-]*={0,2}", text):
        raise _bad_bytes()
    try:
        return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
    except binascii.Error:
        raise _bad_bytes() from None


def _bad_bytes() -> Refusal:
    message = "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
    return Refusal(400, "badRequest", message, rpc="INVALID_ARGUMENT")


def _snippet(mail: Mail) -> str:
    return " ".join(mail.text.split())[:100]


def _resource(mail: Mail, shape: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": mail.id,
        "threadId": mail.thread_id,
        "labelIds": list(mail.labels),
        "snippet": _snippet(mail),
        "internalDate": str(int(mail.at.timestamp() * 1000)),
        "sizeEstimate": len(mail.raw),
        "historyId": "1000",
    }
    if shape == "raw":
        document["raw"] = base64.urlsafe_b64encode(mail.raw).decode()
    elif shape in ("full", "metadata"):
        headers = [{"name": name, "value": str(value)} for name, value in mail.message.items()]
        document["payload"] = {"mimeType": mail.message.get_content_type(), "headers": headers}
    return document
