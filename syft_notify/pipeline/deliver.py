"""Hands one pending notification to its channel and says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syft_notify.errors import Fault
from syft_notify.model import Message, Outcome, OutcomeKind, Pending
from syft_notify.pipeline.outbox import after_fault
from syft_notify.ports import Channel


def deliver(
    pending: Pending, compose: Callable[[Pending], Message], channel: Channel, now: datetime, jitter: float
) -> Outcome:
    """One attempt. A mail that cannot be composed can never go: it is dead, and the others are not held up."""
    try:
        receipt = channel.send(compose(pending))
    except Fault as fault:
        return after_fault(fault, pending.attempts, now, jitter)
    return Outcome(OutcomeKind.SENT, now, receipt=receipt)
