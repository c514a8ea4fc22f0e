"""The types of the pipeline, from what a source saw to what became of a mail. Imports only identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syft_notify.domain.ids import EventId, JobId, MessageId, Subject, SubmissionId
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


class JobLayout(StrEnum):
    """The generations of job folders, told apart by their paths."""

    J0 = "J0"
    J1 = "J1"
    J2 = "J2"
    J3 = "J3"


class JobStatus(StrEnum):
    """What the owner's side says of a job; the words of syft-job's state.yaml."""

    RECEIVED = "received"
    PENDING = "pending"
    APPROVED = "approved"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"


class Unidentified(StrEnum):
    """Why the content of a submission cannot be shown."""

    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of the submitted code as the mail shows it; `cut` when only the beginning is here."""

    path: str
    text: str
    size: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """The submitted code within the limits of a mail; `left_out` says the rest in words, one reason each."""

    files: tuple[CodeFile, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A job as its DS sent it. All text comes from the DS and proves nothing.

    `key` is the job's key in the view: the bare name in J0, `<ds>/<name>` where each DS has a namespace.
    `identity` tells one submission of the name from the next one; equal in the message and on disk. `content` is a
    digest of all files in the message that brought it, empty on disk.
    """

    key: str
    name: str
    claimed_ds: str
    layout: JobLayout
    identity: str
    submitted_at: datetime | None
    code_type: str = ""
    entry_point: str = ""
    dependencies: tuple[str, ...] = ()
    file_count: int = 0
    content: str = field(default="", compare=False)

    @property
    def job(self) -> JobId:
        """The name in its namespace: the DS's folder, or in J0 the one that all share."""
        return JobId("" if self.layout is JobLayout.J0 else self.claimed_ds, self.name)


@dataclass(frozen=True, slots=True)
class CodeChange:
    """Files that a message writes where a job may lie, without the file that makes a job of them.

    `content` is a digest of them.
    """

    job: JobId
    layout: JobLayout
    content: str
    preview: Preview
    file_count: int


@dataclass(frozen=True, slots=True)
class MessageContents:
    """What one message on Drive holds. `unidentified` says why nothing could be read of it."""

    claimed_sender: str = ""
    submissions: tuple[tuple[Submission, Preview], ...] = ()
    unidentified: Unidentified | None = None
    reason: str = ""
    changes: tuple[CodeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file or folder on Drive.

    `owner` is lower case and empty when Drive hides it; `owner_id` is Drive's id of the same person, who has one id on
    all files, and empty when there is none. `plain` files have content; folders, shortcuts and documents have not.
    """

    id: str
    name: str
    owner: str
    owned_by_me: bool
    created_at: datetime
    modified_at: datetime
    size: int = 0
    version: str = ""
    owner_id: str = ""
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """The result of a listing; `complete` only if Drive promised that nothing is missing.

    `odd` are in words the entries that could not be understood and so are not among the files.
    """

    files: tuple[RemoteFile, ...]
    complete: bool = True
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The owner's corner of Drive: the SyftBox folders, and the files of one name in the owner's own SyftBox folder."""

    folders: Listing
    files: Listing


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """That something about a file changed. `file` is what it is now, None when it is gone or trashed."""

    file_id: str
    file: RemoteFile | None = None
    is_folder: bool = False
    parents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """What Drive says has changed, oldest first, and from where to ask the next time."""

    cursor: str
    changes: tuple[RemoteChange, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """One look at the world, which all monitors share. A `full` one trusts nothing that was seen before."""

    full: bool = True


@dataclass(frozen=True, slots=True)
class LocalJob:
    """A job folder of the owner at one moment. `run` names the finished run, so that a rerun is told apart.

    Where the times of files name the run, `copy` is its beginning, which is another one after the folder was copied.
    `readable` is false when its state could not be read now; `status` is then only that it is there.
    """

    submission: Submission
    path: str
    status: JobStatus
    reason: str = ""
    return_code: int | None = None
    run: str = ""
    copy: str = ""
    changed_at: datetime | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class LocalScan:
    """The job folders that could be read. `absent` says why none could, when the SyftBox folder itself is missing.

    `unread` are the paths of jobs of which not all could be read; `whole` is false when there may be more jobs. A
    `partial` look has only the jobs that changed since the one before; `gone` are the paths of those that are not there
    any more.
    """

    jobs: tuple[LocalJob, ...] = ()
    problems: tuple[str, ...] = ()
    absent: str = ""
    whole: bool = True
    unread: tuple[str, ...] = ()
    partial: bool = False
    gone: frozenset[str] = frozenset()


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
