"""The mailboxes of the local Gmail: what each person sent and received, in threads as Gmail makes them.

Sources: developers.google.com/workspace/gmail/api/guides/threads; that Gmail replaces a message's own Message-ID and
keeps it as X-Google-Original-Message-ID is what its users see.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from functools import cached_property

from syft_notify.sandbox.people import People
from syft_notify.sandbox.refusals import Refusal

# RFC 5322, section 3.4.1, in ASCII: a dot-atom or a quoted string before the @.
_ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"
_ADDRESS = re.compile(rf"(?:{_ATEXT}(?:\.{_ATEXT})*|\"(?P<quoted>[ -!#-\[\]-~]+)\")@{_ATEXT}(?:\.{_ATEXT})*")
_PREFIX = re.compile(r"^\s*(?:(?:re|fwd?)\s*:\s*)+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_MESSAGE_ID_BYTES = re.compile(_MESSAGE_ID.pattern.encode())
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(?:[^\n]*\n)(?:[ \t][^\n]*\n)*")


@dataclass(frozen=True)
class Mail:
    """One message as it lies in one mailbox."""

    id: str
    thread_id: str
    labels: tuple[str, ...]
    raw: bytes
    at: datetime

    @cached_property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def sender(self) -> str:
        """The sender's address, without a name."""
        return parseaddr(self.header("From"))[1]

    @property
    def to(self) -> tuple[str, ...]:
        """The addresses of the To field."""
        return tuple(address for _, address in getaddresses([self.header("To")]))

    @property
    def text(self) -> str:
        """The plain text part."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part; empty when there is none."""
        return self._part("html")

    def header(self, name: str) -> str:
        """One header, decoded; empty when it is not there."""
        return str(self.message.get(name, ""))

    def _part(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


@dataclass
class _Conversation:
    """A thread of one mailbox: its subject and every message id that was named in it."""

    subject: str
    known: set[str]


@dataclass
class Mailbox:
    """Everything one person sent and received, oldest first."""

    email: str
    mails: list[Mail] = field(default_factory=list)
    _threads: dict[str, _Conversation] = field(default_factory=dict)

    @property
    def received(self) -> list[Mail]:
        return [mail for mail in self.mails if "INBOX" in mail.labels]

    @property
    def sent(self) -> list[Mail]:
        return [mail for mail in self.mails if "SENT" in mail.labels]

    def thread(self, thread_id: str) -> list[Mail]:
        """The messages of one conversation, oldest first."""
        return [mail for mail in self.mails if mail.thread_id == thread_id]

    def threads(self) -> list[list[Mail]]:
        """All conversations, in the order of their first messages."""
        return [self.thread(thread_id) for thread_id in self._threads]

    def check_thread(self, thread_id: str, subject: str) -> None:
        """Raises `Refusal` unless a message with this subject may join the thread."""
        if not re.fullmatch(r"[0-9a-f]{1,16}", thread_id):
            raise _invalid("Invalid thread_id value")
        if thread_id not in self._threads:
            raise missing_entity()
        if self._threads[thread_id].subject != _bare(subject):
            raise _invalid("Invalid thread_id value: the subject does not match")

    def file(self, raw: bytes, labels: Iterable[str], at: datetime, thread_id: str = "") -> Mail:
        """Put a message into the box, in the thread named or in the one that its subject and references fit."""
        headers = message_from_bytes(raw)
        subject = _bare(_subject(raw))
        names = ("Message-ID", "X-Google-Original-Message-ID", "In-Reply-To", "References")
        known = {found for name in names for found in _MESSAGE_ID.findall(str(headers.get(name, "")))}
        mail_id = secrets.token_hex(8)
        thread_id = thread_id or self._thread_of(subject, known) or mail_id
        self._threads.setdefault(thread_id, _Conversation(subject, set())).known.update(known)
        mail = Mail(mail_id, thread_id, tuple(labels), raw, at)
        self.mails.append(mail)
        return mail

    def _thread_of(self, subject: str, known: set[str]) -> str:
        for thread_id, conversation in self._threads.items():
            if conversation.subject == subject and conversation.known & known:
                return thread_id
        return ""


class Mailboxes:
    """All mailboxes, and the post between them. Callers hold `lock`; `arrived` is notified at each delivery."""

    def __init__(self, people: People, now: Callable[[], datetime], lock: threading.RLock) -> None:
        self._people = people
        self._now = now
        self._boxes: dict[str, Mailbox] = {}
        self.arrived = threading.Condition(lock)

    def of(self, person: str) -> Mailbox:
        """The person's mailbox; everybody has one."""
        return self._boxes.setdefault(person.lower(), Mailbox(person.lower()))

    def send(self, sender: str, raw: bytes, thread_id: str = "") -> Mail:
        """Send as `sender` and deliver at once; the sender's copy. Raises `Refusal` as Gmail does."""
        headers = message_from_bytes(raw)
        recipients = _recipients(headers.get_all("To", []), headers.get_all("Cc", []) + headers.get_all("Bcc", []))
        box = self.of(sender)
        if thread_id:
            box.check_thread(thread_id, _subject(raw))
        now = self._now()
        stamped = _stamped(raw, self._people.spelling(sender), str(headers.get("From", "")), now)
        to_self = ("UNREAD", "INBOX") if sender in recipients else ()
        mail = box.file(stamped, (*to_self, "SENT"), now, thread_id)
        for person in recipients - {sender}:
            self.of(person).file(stamped, ("UNREAD", "INBOX"), now)
        self.arrived.notify_all()
        return mail


def missing_entity() -> Refusal:
    """Gmail's word for a message or thread that this mailbox does not hold."""
    return Refusal(404, "notFound", "Requested entity was not found.", rpc="NOT_FOUND")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "invalidArgument", message, rpc="INVALID_ARGUMENT")


def _recipients(to: list[str], others: list[str]) -> set[str]:
    people = {address for _, address in getaddresses([str(value) for value in (*to, *others)]) if address}
    if not people:
        raise _invalid("Recipient address required")
    found = [_ADDRESS.fullmatch(address) for address in people]
    if None in found:
        raise _invalid("Invalid To header")
    return {_mailbox(match) for match in found if match}


def _mailbox(address: re.Match[str]) -> str:
    """Whose mailbox it is: quotes are a part of the header and not of the address."""
    quoted, domain = address["quoted"], address.group().rpartition("@")[2]
    return (f"{quoted}@{domain}" if quoted else address.group()).lower()


def _subject(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=policy.default).get("Subject", ""))


def _bare(subject: str) -> str:
    """The subject without `Re:` and the like, to compare conversations by."""
    return " ".join(_PREFIX.sub("", subject).split()).casefold()


def _stamped(raw: bytes, account: str, written_from: str, now: datetime) -> bytes:
    """The message as it leaves Gmail: From is the account, Message-ID is Gmail's, Bcc is gone."""
    raw = re.sub(rb"\r?\n", b"\n", raw)
    head, _, body = raw.partition(b"\n\n")
    fields = [(match.group(1).lower(), match.group()) for match in _FIELD.finditer(head + b"\n")]
    kept = [line for name, line in fields if name not in (b"from", b"message-id", b"bcc")]
    name, address = parseaddr(written_from)
    sender = written_from if address.lower() == account.lower() else formataddr((name, account))
    added = [f"From: {sender}", f"Message-ID: <CA{secrets.token_urlsafe(30)}@mail.gmail.com>"]
    added += [
        f"X-Google-Original-Message-ID: {found.decode('ascii', 'replace')}"
        for key, line in fields if key == b"message-id"
        for found in _MESSAGE_ID_BYTES.findall(line)
    ]  # fmt: skip
    if not any(name == b"date" for name, _ in fields):
        added.append(f"Date: {format_datetime(now)}")
    lines = [f"{line}\n".encode("ascii", "replace") for line in added]
    return (b"".join(lines + kept) + b"\n" + body).replace(b"\n", b"\r\n")
