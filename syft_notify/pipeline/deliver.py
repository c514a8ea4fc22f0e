"""Hands one pending notification to its channel and says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from syft_notify.errors import Fault
from syft_notify.model import Message, Outcome, OutcomeKind, Pending
from syft_notify.pipeline.outbox import after_fault
from syft_notify.ports import Channel

log = logging.getLogger(__name__)


def deliver(
    pending: Pending, compose: Callable[[Pending], Message], channel: Channel, now: datetime, jitter: float
) -> Outcome:
    """One attempt. A mail that cannot be composed can never go: it is dead, and the others are not held up.

    So is one that meets a mistake of ours: nobody knows whether it went out, and trying again would meet it again.
    """
    try:
        receipt = channel.send(compose(pending))
    except Fault as fault:
        return after_fault(fault, pending, now, jitter)
    except Exception as error:
        log.exception("the notification %s met a mistake of ours", pending.notification.id)
        return Outcome(OutcomeKind.DEAD, now, fault=f"it met a mistake of ours ({type(error).__name__})")
    return Outcome(OutcomeKind.SENT, now, receipt=receipt)
