"""Hands one pending notification to its channel and says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from syft_notify.domain.errors import AmbiguousFault, Fault, TransientFault
from syft_notify.domain.notifications import Message, Outcome, OutcomeKind, Pending
from syft_notify.domain.outbox import after_fault
from syft_notify.domain.ports import Channel

log = logging.getLogger(__name__)


def deliver(
    pending: Pending, compose: Callable[[Pending], Message], channel: Channel, now: datetime, jitter: float
) -> Outcome:
    """One attempt. An internal error is tried again like a fault of the network, and holds up no other mail.

    It may pass: an upgrade below a running service takes modules away for seconds. One in sending is ambiguous.
    """
    try:
        with _internal_errors(pending, "writing", TransientFault):
            message = compose(pending)
        with _internal_errors(pending, "sending", AmbiguousFault):
            receipt = channel.send(message)
    except Fault as fault:
        return after_fault(fault, pending, now, jitter)
    return Outcome(OutcomeKind.SENT, now, receipt=receipt)


@contextmanager
def _internal_errors(pending: Pending, action: str, kind: type[Fault]) -> Iterator[None]:
    """Raises a fault of this kind for every error that is none."""
    try:
        yield
    except Fault:
        raise
    except Exception as error:
        log.exception("internal error while %s the notification %s", action, pending.notification.id)
        raise kind(
            f"internal error while {action} the mail ({type(error).__name__})",
            "It is tried again. After an upgrade restart syft-notify; if it stays, report it",
        ) from error
