"""Decides what of the outbox is due, when to try again, and when to give up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from syft_notify.domain.errors import AmbiguousFault, CredentialFault, Fault, RateLimitedFault, RejectedFault
from syft_notify.domain.model import Outcome, OutcomeKind, Pause, Pending, PendingState
from syft_notify.domain.ports import Limits

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_CLOSURE = timedelta(days=1)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# A mail is given up after five days and as many tries as take half a day, so that one that met a computer that slept,
# or a clock that was wrong, is not.
LIFETIME, FEWEST_ATTEMPTS = timedelta(days=5), 20


def due(outbox: Iterable[Pending], now: datetime, closed_channels: Mapping[str, Pause]) -> Iterator[Pending]:
    """What to send now, oldest first. While one mail of a conversation waits, the later ones wait behind it.

    `closed_channels` are those whose service wants to be left alone.
    """
    held: set[tuple[str, str]] = set()
    closed = {channel for channel, pause in closed_channels.items() if pause.holds(now)}
    for pending in outbox:
        conversations = pending.notification.conversations
        if pending.state is PendingState.DEAD or pending.notification.channel in closed:
            continue
        if held & conversations or (pending.pause is not None and pending.pause.holds(now)):
            held |= conversations
            continue
        yield pending


def opens_at(delivered: Sequence[datetime], now: datetime, limits: Limits) -> datetime | None:
    """When the next message may go through a channel with these limits; None for now.

    `delivered` are the times of earlier ones through it, oldest first. A time to come is of a clock that was wrong: it
    is ignored.
    """
    waits = []
    for cap, span in ((limits.per_day, DAY), (limits.per_minute, MINUTE)):
        times = [at for at in delivered if now - span < at <= now]
        if cap is not None and len(times) >= cap:
            waits.append(times[-cap] + span)
    return max(waits, default=None)


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after the given number of attempts: exponential, within a half of it by `jitter` in [0, 1)."""
    full = min(FIRST_PAUSE * (1 << min(attempts - 1, 16)), LONGEST_PAUSE)
    return full * (0.5 + jitter / 2)


def after_fault(fault: Fault, pending: Pending, now: datetime, jitter: float) -> Outcome:
    """What a fault means for the notification, whose attempts count this one."""
    attempts = pending.attempts
    retry_at = now + pause(attempts, jitter)
    text = str(fault)
    if isinstance(fault, CredentialFault):
        return Outcome(OutcomeKind.RETRY, now, fault=text, credential=True)
    if isinstance(fault, RejectedFault):
        return Outcome(OutcomeKind.DEAD, now, fault=text)
    if isinstance(fault, RateLimitedFault):
        not_before = min(max(retry_at, fault.until or retry_at), now + LONGEST_CLOSURE)
        return Outcome(OutcomeKind.RETRY, now, fault=text, retry_at=not_before, rate_limited=True)
    if attempts >= FEWEST_ATTEMPTS and now - pending.admitted_at >= LIFETIME:
        return Outcome(OutcomeKind.DEAD, now, fault=f"{text} It was tried {attempts} times in {LIFETIME.days} days.")
    kind = OutcomeKind.AMBIGUOUS if isinstance(fault, AmbiguousFault) else OutcomeKind.RETRY
    return Outcome(kind, now, fault=text, retry_at=retry_at)
