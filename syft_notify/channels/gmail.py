"""Sends mails through the Gmail API, from the account that the token belongs to."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

from syft_notify.errors import RejectedFault
from syft_notify.google_api.auth import Token
from syft_notify.google_api.session import Session
from syft_notify.model import Message, Receipt


class GmailChannel:
    """`ports.Channel` over `users.messages.send`."""

    name = "gmail"

    def __init__(self, token: Token, endpoint: str | None = None, **options: Any) -> None:
        """`options` are those of `Session`."""
        self._session = Session("gmail", "v1", token, endpoint, **options)

    def send(self, message: Message) -> Receipt:
        """Send once. Only a thread that this mailbox does not know is answered by a second try without it.

        A thread id is good in one mailbox only, so it fails after the owner changed the sending account.
        """
        body = {"raw": base64.urlsafe_b64encode(mime(message).as_bytes()).decode()}
        if not message.thread.remote_id:
            return self._post(body)
        try:
            return self._post({**body, "threadId": message.thread.remote_id})
        except RejectedFault:
            return self._post(body)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _post(self, body: dict[str, str]) -> Receipt:
        answer = self._session.send(lambda gmail: gmail.users().messages().send(userId="me", body=body).execute())
        return Receipt(str(answer.get("id", "")), str(answer.get("threadId", "")))


def mime(message: Message) -> EmailMessage:
    """The mail as Gmail takes it. Raises `RejectedFault` when its headers cannot be written."""
    mail = EmailMessage()
    try:
        mail["To"] = message.to
        mail["Subject"] = message.subject
        for name, value in message.headers.items():
            mail[name] = value
    except ValueError as error:
        raise RejectedFault(f"The mail to {message.to!r} cannot be written: {error}") from error
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail
