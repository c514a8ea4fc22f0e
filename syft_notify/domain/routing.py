"""Who is told what: one event becomes notifications, as the catalogue says. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.catalogue import CATALOGUE, Row
from syft_notify.domain.ids import digest_of
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, JobFacts, PeerFacts, Role
from syft_notify.domain.notifications import Notification, Thread


@dataclass(frozen=True)
class Routed:
    """What an event makes: notifications to send, and those withheld with the reason."""

    notifications: tuple[Notification, ...]
    withheld: tuple[tuple[Notification, Decision], ...] = ()


class Router:
    """Applies the catalogue. `muted` are the kinds that the owner switched off.

    `reaches` is that of the channel.
    """

    def __init__(
        self,
        channel: str,
        muted: frozenset[Kind] = frozenset(),
        reaches: Callable[[str], str] = why_unreachable,
    ) -> None:
        self._channel = channel
        self._muted = muted
        self._reaches = reaches

    def route(self, event: Event) -> Routed:
        """All notifications of an event. Nothing goes to a DS for whom neither Drive nor the owner vouches."""
        made = [self._notification(event, row) for row in CATALOGUE[event.kind].rows]
        reasons = [self._reason_to_withhold(event, notification) for notification in made]
        pairs = list(zip(made, reasons, strict=True))
        return Routed(
            notifications=tuple(notification for notification, reason in pairs if reason is None),
            withheld=tuple((notification, reason) for notification, reason in pairs if reason is not None),
        )

    def _reason_to_withhold(self, event: Event, notification: Notification) -> Decision | None:
        if event.kind in self._muted:
            return Decision.MUTED
        if notification.role is Role.DS and (not event.facts.verified or not event.facts.ds):
            return Decision.UNVERIFIED_SENDER
        if self._reaches(notification.recipient):
            return Decision.UNREACHABLE_ADDRESS
        return None

    def _notification(self, event: Event, row: Row) -> Notification:
        facts = event.facts
        recipient = facts.do if row.role is Role.DO else facts.ds
        return Notification(
            id=digest_of(event.id, row.type, recipient, self._channel),
            template=row.template,
            kind=event.kind,
            role=row.role,
            recipient=recipient,
            channel=self._channel,
            event=event.id,
            at=event.at,
            mark=(_view_key(event.kind, facts, row.role), row.type),
            thread=Thread(event.id.about, _subject_line(facts, row.role)),
            facts=facts,
        )


def _view_key(kind: Kind, facts: JobFacts | PeerFacts, role: Role) -> str:
    if isinstance(facts, JobFacts):
        return facts.key
    if kind is Kind.PEER_GRANTED:
        return f"peer_granted_{facts.ds}"
    return f"peer_{'new' if facts.verified else 'unverified'}_{facts.ds}_to_{role.value}"


def _subject_line(facts: JobFacts | PeerFacts, role: Role) -> str:
    """All mails about one submission, or one peer, are one conversation of each side."""
    to_do = role is Role.DO
    if isinstance(facts, PeerFacts):
        return f"Peer {facts.ds if to_do else facts.do}"
    return f"Job {facts.job} {f'from {facts.ds}' if to_do else f'at {facts.do}'}"
