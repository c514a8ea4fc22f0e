"""Events, and what a look and a poll report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syft_notify.domain.ids import EventId, MessageId, SubmissionId
from syft_notify.domain.jobs import JobLayout, Preview, Unidentified
from syft_notify.domain.kinds import Kind as Kind


class Role(StrEnum):
    """Who receives a notification: the data owner or the data scientist."""

    DO = "do"
    DS = "ds"


class Decision(StrEnum):
    """Why an event or a notification goes out, or does not."""

    SEND = "send"
    ALREADY_SEEN = "already seen"
    BASELINE = "baseline"
    COMPLETED = "completed"
    MUTED = "muted"
    UNVERIFIED_SENDER = "unverified sender"
    UNREACHABLE_ADDRESS = "unreachable address"
    INCOMPLETE_SCAN = "incomplete look"


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """One look at the world, which all monitors share. A `full` one trusts nothing that was seen before."""

    full: bool = True


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What the mails about a job need. `warning` tells the owner when claims and Drive disagree."""

    do: str
    ds: str
    job: str
    key: str
    identity: str
    layout: JobLayout | None = None
    verified: bool = True
    warning: str = ""
    submitted_at: datetime | None = None
    code_type: str = ""
    entry_point: str = ""
    dependencies: tuple[str, ...] = ()
    file_count: int = 0
    reason: str = ""
    return_code: int | None = None
    stderr_tail: str = ""
    unidentified: Unidentified | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """What the mails about a peer need; `version` is the client's, when the folder names it.

    Not `verified` is a peer of whose folder Drive hides the owner.
    """

    do: str
    ds: str
    version: str = ""
    verified: bool = True


Facts = JobFacts | PeerFacts


@dataclass(frozen=True, slots=True)
class Event:
    """A thing that happened once. The same `id` never makes two notifications of one type.

    `completes` is the message that announced it without its name; `file` the remote file that told it, and `content` a
    digest of the code in it.
    """

    id: EventId
    at: datetime
    facts: Facts
    decision: Decision = Decision.SEND
    preview: Preview | None = None
    completes: MessageId | None = None
    file: str = ""
    content: str = ""

    @property
    def kind(self) -> Kind:
        """What happened."""
        return self.id.kind


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is there now: ids of message files on Drive, and submissions on disk, whoever sent them."""

    files: frozenset[str]
    jobs: frozenset[SubmissionId]


@dataclass(frozen=True, slots=True)
class Observation:
    """What every look has in common.

    `problems` say what could not be looked at, `skipped` which single things could not be understood;
    `credential` says what a person must do before Google lets us look again. `trusted` are the accounts
    of those whom the owner accepted, None where that cannot be told; `rejected` of those whom the owner rejected.
    `files` are the ids of remote files that need no second look once this is admitted;
    `parts` are the places that were seen whole (after the first time, their past is known).
    `present` is all that is there, when nothing at all was missed. `by_feed` and `by_reconcile` count the things on
    Drive that are new and were found by its changes feed, or only because everything was looked at. A `doubtful` look
    saw something that only a full scan can explain.
    """

    problems: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    credential: str = ""
    files: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    present: Inventory | None = None
    by_feed: int = 0
    by_reconcile: int = 0
    doubtful: bool = False
    trusted: frozenset[str] | None = None
    rejected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenState:
    """What a person must do about a token or channel; when that is nothing, when it was last proven, as far as known.

    `account` is whose account a channel sends from: empty when it does not tell, None for what sends nothing.
    """

    problem: str = ""
    good_as_of: datetime | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll did. `pending` wait in the outbox now.

    `undelivered` of them were tried in vain; `given_up` were so in this poll, `dead` in this one or before.
    `credentials` says for `drive` and for channels what a person must do before anything goes on there, `warnings` what
    a person should do before something stops. `tokens` are those that could be checked. `by_feed` and `by_reconcile`
    are as in `Observation`.
    """

    started_at: datetime
    finished_at: datetime
    events: int = 0
    sent: int = 0
    undelivered: int = 0
    given_up: int = 0
    pending: int = 0
    dead: int = 0
    problems: tuple[str, ...] = ()
    credentials: Mapping[str, str] = field(default_factory=dict)
    by_feed: int = 0
    by_reconcile: int = 0
    warnings: tuple[str, ...] = ()
    tokens: Mapping[str, TokenState] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether every look was whole and nothing is left to deliver."""
        return not (self.problems or self.credentials or self.given_up or self.pending)
