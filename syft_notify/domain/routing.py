"""The table that says who is told what: one event becomes notifications. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.model import Decision, Event, JobFacts, Kind, Notification, PeerFacts, Role, Thread


@dataclass(frozen=True)
class Route:
    """One row: this role gets this template; `type` is what the ledger notes under the event's key."""

    role: Role
    type: str
    template: str


ROUTES: Mapping[Kind, tuple[Route, ...]] = {
    Kind.JOB_SUBMITTED: (
        Route(Role.DO, "new", "job_submitted_do"),
        Route(Role.DS, "submitted", "job_submitted_ds"),
    ),
    Kind.JOB_APPROVED: (Route(Role.DS, "approved", "job_approved_ds"),),
    Kind.JOB_EXECUTED: (Route(Role.DS, "executed", "job_executed_ds"),),
    Kind.JOB_FAILED: (
        Route(Role.DO, "failed", "job_failed_do"),
        Route(Role.DS, "failed_ds", "job_failed_ds"),
    ),
    Kind.JOB_REJECTED: (Route(Role.DS, "rejected", "job_rejected_ds"),),
    Kind.PEER_REQUESTED: (
        Route(Role.DO, "new_peer_request", "peer_requested_do"),
        Route(Role.DS, "peer_request_sent", "peer_requested_ds"),
    ),
    Kind.PEER_GRANTED: (Route(Role.DS, "peer_granted", "peer_granted_ds"),),
}


@dataclass(frozen=True)
class Routed:
    """What an event makes: notifications to send, and those withheld with the reason."""

    notifications: tuple[Notification, ...]
    withheld: tuple[tuple[Notification, Decision], ...] = ()


class Router:
    """Applies the table. `muted` are the kinds that the owner switched off."""

    def __init__(self, channel: str, muted: frozenset[Kind] = frozenset()) -> None:
        self._channel = channel
        self._muted = muted

    def route(self, event: Event) -> Routed:
        """All notifications of an event. Nothing goes to a DS for whom neither Drive nor the owner vouches."""
        made = [self._notification(event, route) for route in ROUTES[event.kind]]
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
        if why_unreachable(notification.recipient):
            return Decision.UNREACHABLE_ADDRESS
        return None

    def _notification(self, event: Event, route: Route) -> Notification:
        facts = event.facts
        recipient = facts.do if route.role is Role.DO else facts.ds
        identity = "\n".join((event.key, route.type, recipient, self._channel))
        return Notification(
            id=hashlib.sha256(identity.encode()).hexdigest()[:24],
            template=route.template,
            kind=event.kind,
            role=route.role,
            recipient=recipient,
            channel=self._channel,
            event_key=event.key,
            at=event.at,
            mark=(_ledger_key(event.kind, facts, route.role), route.type),
            thread=_thread(facts, route.role),
            facts=facts,
        )


def _ledger_key(kind: Kind, facts: JobFacts | PeerFacts, role: Role) -> str:
    if isinstance(facts, JobFacts):
        return facts.key
    if kind is Kind.PEER_GRANTED:
        return f"peer_granted_{facts.ds}"
    return f"peer_{'new' if facts.verified else 'unverified'}_{facts.ds}_to_{role.value}"


def _thread(facts: JobFacts | PeerFacts, role: Role) -> Thread:
    """All mails about one submission, or one peer, are one conversation of each side."""
    to_do = role is Role.DO
    if isinstance(facts, PeerFacts):
        key = f"peer {facts.ds}" if facts.verified else f"peer {facts.ds} unverified"
        return Thread(key, f"Peer {facts.ds if to_do else facts.do}")
    other = f"from {facts.ds}" if to_do else f"at {facts.do}"
    return Thread(f"job {facts.key} {facts.identity}", f"Job {facts.job} {other}")
