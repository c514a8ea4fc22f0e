"""A message as the text of a mail (RFC 5322 and MIME), written the same for every channel that carries mails."""

from __future__ import annotations

from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage
from email.policy import Policy
from typing import Any

from syft_notify.domain.addresses import addr_spec
from syft_notify.domain.errors import RejectedFault, TransientFault
from syft_notify.domain.notifications import Message

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


def mime(message: Message) -> EmailMessage:
    """The mail, as it is sent.

    Raises `RejectedFault` for an address that no header can hold, `TransientFault` for what else cannot be written:
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
