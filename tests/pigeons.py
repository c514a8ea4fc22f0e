"""A channel that knows no Google, for tests: birds carry letters out of a loft, in no threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from syft_notify.config.settings import Config
from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.errors import ConfigError, Fault
from syft_notify.domain.notifications import Message, Receipt
from syft_notify.domain.ports import ChannelState, Limits
from syft_notify.mail.mime import mime

ADDRESS = "loft@example.org"


@dataclass(frozen=True)
class Lease:
    """A consent that ends by itself."""

    name: str = "the lease of the loft"
    fingerprint: str = "first"

    def warning(self, known_since: datetime, now: datetime) -> str:
        return f"{self.name} ends soon. Renew it."


@dataclass
class Loft:
    """The service: what was carried, and what shall go wrong."""

    limits: Limits = field(default_factory=lambda: Limits(60, 450))
    lease: Lease | None = None
    letters: list[EmailMessage] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    locked: Fault | None = None
    gone: ConfigError | None = None
    overseas: set[str] = field(default_factory=set)
    doors: int = 0

    def open(self, config: Config, *, heartbeat: Callable[[], None], timeout: float | None) -> PigeonChannel:
        if self.gone:
            raise self.gone
        return PigeonChannel(self)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """To whom, and the first line."""
        return [(letter["To"], text_of(letter).splitlines()[0]) for letter in self.letters]


class PigeonChannel:
    """`ports.Channel` of a loft; `doors` counts those that are open."""

    name = "pigeon"

    def __init__(self, loft: Loft) -> None:
        self._loft = loft
        self.limits = loft.limits
        self.consent = loft.lease
        loft.doors += 1

    def send(self, message: Message) -> Receipt:
        letter = mime(message).as_bytes()
        if self._loft.faults:
            raise self._loft.faults.pop(0)
        self._loft.letters.append(message_from_bytes(letter, policy=policy.default))
        return Receipt(f"bird {len(self._loft.letters)}")

    def check(self, now: datetime, *, full: bool = False) -> ChannelState:
        if self._loft.locked:
            raise self._loft.locked
        return ChannelState(ADDRESS, now)

    def reaches(self, recipient: str) -> str:
        return "lives beyond the sea" if recipient in self._loft.overseas else why_unreachable(recipient)

    def close(self) -> None:
        self._loft.doors -= 1


def text_of(letter: EmailMessage) -> str:
    """The text part."""
    body = letter.get_body(("plain",))
    return str(body.get_content()) if body else ""
