"""Decides what of the outbox is due, when to try again, and when to give up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from syft_notify.domain.errors import AmbiguousFault, CredentialFault, Fault, RateLimitedFault, RejectedFault
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import Outcome, OutcomeKind, Pause, Pending, Queued
from syft_notify.domain.ports import Limits

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_CLOSURE = timedelta(days=1)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# A mail is given up after five days and as many tries as take half a day, so that one that met a computer that slept,
# or a clock that was wrong, is not.
LIFETIME, FEWEST_ATTEMPTS = timedelta(days=5), 20


def due(queue: Iterable[Queued], now: datetime, closed_channels: Mapping[str, Pause]) -> Iterator[Queued]:
    """What may be sent now, in this order. While one of a conversation waits, the later ones wait behind it.

    `closed_channels` are those whose service wants to be left alone.
    """
    held: set[str] = set()
    closed = {channel for channel, pause in closed_channels.items() if pause.holds(now)}
    for queued in queue:
        if not queued.state.is_open or queued.channel in closed:
            continue
        if held & queued.conversations or (queued.pause is not None and queued.pause.holds(now)):
            held |= queued.conversations
            continue
        yield queued


def in_order(queue: Iterable[Queued], accepted: Collection[str]) -> list[Queued]:
    """What to send first: what the owner hears about accepted peers, the rest of the owner's, then all other.

    Among equals the peers who caused them take turns. Within a conversation the order of the queue stays. `accepted`
    are accounts.
    """
    turns: Counter[tuple[int, str]] = Counter()
    latest: dict[str, tuple[int, int]] = {}
    keyed = []
    for queued in queue:
        rank = _rank(queued, accepted)
        turns[rank, queued.cause] += 1
        earlier = (latest[name] for name in queued.conversations if name in latest)
        key = max([(rank, turns[rank, queued.cause]), *earlier])
        latest.update(dict.fromkeys(queued.conversations, key))
        keyed.append((key, queued))
    return [queued for _, queued in sorted(keyed, key=itemgetter(0))]


def _rank(queued: Queued, accepted: Collection[str]) -> int:
    if queued.role is not Role.DO:
        return 2
    return 0 if queued.cause in accepted else 1


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


def share_of_strangers(limits: Limits) -> Limits:
    """How much all peers together may cause whom the owner did not accept: a fifth of a day, at least one."""
    return Limits(per_day=None if limits.per_day is None else max(1, limits.per_day // 5))


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
