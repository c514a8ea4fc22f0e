"""Sends mails through the Gmail API, from the account that the token belongs to."""

from __future__ import annotations

import base64
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage
from email.policy import Policy
from typing import Any

from syft_notify.domain.addresses import addr_spec
from syft_notify.domain.errors import MissingFault, RejectedFault, TransientFault
from syft_notify.domain.model import Message, Receipt
from syft_notify.google.auth import PROFILE_SCOPES, Token
from syft_notify.google.session import Session


class GmailChannel:
    """`ports.Channel` over `users.messages.send`."""

    name = "gmail"

    def __init__(self, token: Token, endpoint: str | None = None, **options: Any) -> None:
        """`options` are those of `Session`."""
        self._token = token
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
        except (RejectedFault, MissingFault):
            return self._post(body)

    def account(self) -> str:
        """The mailbox that mails go out from; empty when the token may not ask. Raises `Fault`."""
        if not self._token.scopes & PROFILE_SCOPES:
            return ""
        return self.profile()

    def profile(self) -> str:
        """The mailbox's address. Raises `ScopeFault` when the token is good but may not ask, else other faults."""
        return self._session.read(
            lambda gmail: str(gmail.users().getProfile(userId="me", fields="emailAddress").execute()["emailAddress"])
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _post(self, body: dict[str, str]) -> Receipt:
        return self._session.send(
            lambda gmail: _receipt(gmail.users().messages().send(userId="me", body=body).execute())
        )


_SHORT = 60  # characters that fit into a line of 78 (RFC 5322, section 2.1.1) behind the name of the header


class _Subject(str):
    """A subject that arrives exactly as it is. `name` and `fold` are what email policies ask of a header object.

    Python's own folding drops blanks between encoded words, and stumbles over a text that looks like one.
    """

    name = "Subject"

    def fold(self, *, policy: Policy[Any]) -> str:
        if self.isascii() and self.isprintable() and "=?" not in self and len(self) <= _SHORT:
            return f"{self.name}: {self}{policy.linesep}"
        words = Header(str(self), "utf-8", header_name=self.name)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


class _Recipient(str):
    """A header of one address exactly as it is given. Python's own folding drops the quotes of some local parts."""

    name = "To"

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _receipt(answer: object) -> Receipt:
    """Raises `ValueError` for an answer that names no message: whether the mail went out is then unknown."""
    if not isinstance(answer, dict) or not answer.get("id"):
        raise ValueError("an answer without a message id")
    return Receipt(str(answer["id"]), str(answer.get("threadId", "")))


def mime(message: Message) -> EmailMessage:
    """The mail as Gmail takes it.

    Raises `RejectedFault` for an address that Gmail cannot send to, `TransientFault` for what else cannot be written:
    that is our error, which the next version may not have.
    """
    mail = EmailMessage()
    try:
        to = addr_spec(message.to)
    except ValueError as error:
        raise RejectedFault(f"The mail to {message.to!r} cannot be written: {error}") from error
    try:
        mail["To"] = _Recipient(to)
        mail["Subject"] = _Subject(message.subject)
        for name, value in message.headers.items():
            mail[name] = value
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        mail.as_bytes()
    except (ValueError, IndexError, MessageError) as error:
        raise TransientFault(f"The mail to {message.to!r} cannot be written: {error}") from error
    return mail
