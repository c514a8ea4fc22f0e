"""A notification, from its place in the outbox to the answer of its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syft_notify.domain.ids import EventId, Subject
from syft_notify.domain.kinds import Kind as Kind
from syft_notify.domain.model import Facts, Role


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation of one recipient: what it is about, and the subject line that mail programs thread by."""

    about: Subject
    subject: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one recipient about one event. `mark` is the (key, type) that the state file notes.

    A digest stands for its `members` and for as many `more` that it does not name; event, facts and mark are those of
    the first.
    """

    id: str
    template: str
    kind: Kind
    role: Role
    recipient: str
    channel: str
    event: EventId
    at: datetime
    mark: tuple[str, str]
    thread: Thread
    facts: Facts
    members: tuple[Notification, ...] = ()
    more: int = 0


class PendingState(StrEnum):
    """Where a notification of the outbox stands."""

    PENDING = "pending"
    DEFERRED = "deferred"
    AMBIGUOUS = "ambiguous"
    WITHDRAWN = "withdrawn"
    DEAD = "dead"

    @property
    def is_open(self) -> bool:
        """Whether it is to be sent still."""
        return self not in (PendingState.WITHDRAWN, PendingState.DEAD)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing is tried. A moment before it is of a clock that was set back: then it is over."""

    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether to wait."""
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification in the outbox with its tries so far."""

    notification: Notification
    admitted_at: datetime
    state: PendingState = PendingState.PENDING
    attempts: int = 0
    pause: Pause | None = None
    last_fault: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """What the order of sending needs to know of a notification in the outbox; its text stays in the store.

    `cause` is the account of the DS about whom it is. In each of the `conversations` it must keep its place; they are
    names of the store, good for comparison only. `members` counts the notifications for which a digest stands.
    """

    id: str
    channel: str
    recipient: str
    role: Role
    kind: Kind
    template: str
    cause: str
    conversations: frozenset[str]
    admitted_at: datetime
    state: PendingState = PendingState.PENDING
    attempts: int = 0
    pause: Pause | None = None
    last_fault: str = ""
    mark: tuple[str, str] = ("", "")
    members: int = 0


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """How a mail joins its conversation; `remote_id` is the channel's own id, once it gave one."""

    key: str
    root_id: str
    remote_id: str = ""
    started: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A mail ready to hand over."""

    id: str
    to: str
    subject: str
    headline: str
    text: str
    html: str
    thread: ThreadRef
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's acceptance."""

    message_id: str
    thread_id: str = ""


class OutcomeKind(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    RETRY = "retry"
    AMBIGUOUS = "ambiguous"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end: for `SENT` the receipt, otherwise the fault and when to try again.

    `credential` and `rate_limited` concern the channel as a whole: nothing else goes through it now.
    """

    kind: OutcomeKind
    at: datetime
    receipt: Receipt | None = None
    fault: str = ""
    retry_at: datetime | None = None
    credential: bool = False
    rate_limited: bool = False
