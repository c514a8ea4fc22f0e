"""Decides what of the outbox is due, when to try again, and when to give up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from syft_notify.errors import AmbiguousFault, CredentialFault, Fault, RateLimitedFault, RejectedFault
from syft_notify.model import Outcome, OutcomeKind, Pending, PendingState

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_CLOSURE = timedelta(days=1)


def due(outbox: Iterable[Pending], now: datetime, closed_until: Mapping[str, datetime]) -> Iterator[Pending]:
    """What to send now, oldest first. While one mail of a conversation waits, the later ones wait behind it.

    `closed_until` says of channels until when their service wants to be left alone.
    """
    held: set[tuple[str, str]] = set()
    closed = {channel for channel, until in closed_until.items() if _is_ahead(until, now)}
    for pending in outbox:
        conversation = (pending.notification.recipient, pending.notification.thread.key)
        if pending.state is PendingState.DEAD or pending.notification.channel in closed or conversation in held:
            continue
        if pending.not_before is not None and _is_ahead(pending.not_before, now):
            held.add(conversation)
            continue
        yield pending


def _is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether to wait for a moment. Nobody waits for longer than a day: then the clock was wrong and was set back."""
    return now < moment <= now + LONGEST_CLOSURE


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after the given number of attempts: exponential, within a half of it by `jitter` in [0, 1)."""
    full = min(FIRST_PAUSE * (1 << min(attempts - 1, 16)), LONGEST_PAUSE)
    return full * (0.5 + jitter / 2)


def after_fault(fault: Fault, attempts: int, now: datetime, jitter: float) -> Outcome:
    """What a fault means for the notification, given the attempts made so far."""
    retry_at = now + pause(attempts, jitter)
    text = str(fault)
    if isinstance(fault, CredentialFault):
        return Outcome(OutcomeKind.RETRY, now, fault=text, credential=True)
    if isinstance(fault, RejectedFault):
        return Outcome(OutcomeKind.DEAD, now, fault=text)
    if isinstance(fault, RateLimitedFault):
        not_before = min(max(retry_at, fault.until or retry_at), now + LONGEST_CLOSURE)
        return Outcome(OutcomeKind.RETRY, now, fault=text, retry_at=not_before, rate_limited=True)
    kind = OutcomeKind.AMBIGUOUS if isinstance(fault, AmbiguousFault) else OutcomeKind.RETRY
    return Outcome(kind, now, fault=text, retry_at=retry_at)
