"""What the pipeline needs from the world, as protocols; the real ones and the fakes of `testing` fit them alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from syft_notify.domain.drive import Changes, Listing, Overview, RemoteFile
from syft_notify.domain.errors import Fault
from syft_notify.domain.ids import EventId, JobId, MessageId, SubmissionId
from syft_notify.domain.jobs import LocalJob, LocalScan, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Observation, Scan
from syft_notify.domain.notifications import Message, Notification, Outcome, Receipt

Seen = TypeVar("Seen", bound=Observation)


@dataclass(frozen=True)
class UnidentifiedRecord:
    """A message that was announced without the name of its job, which is not known yet.

    `sender` is the account that Drive proves, empty without one.
    """

    message: MessageId
    sender: str
    sent_at: datetime


class Clock(Protocol):
    """The present moment, aware and in UTC."""

    def __call__(self) -> datetime: ...


class Memory(Protocol):
    """The questions that a source may ask of the store."""

    @property
    def revision(self) -> int:
        """Grows when something that was remembered may be forgotten: then all must be compared again."""

    def seen(self, event: EventId) -> bool:
        """Whether this event was admitted before, however it was decided.

        What was told of an unproven submission also counts for the account that it names.
        """

    def runs(self, about: SubmissionId, kind: Kind) -> Sequence[str]:
        """The finished runs of a submission that were admitted before."""

    def file_seen(self, file_id: str) -> bool:
        """Whether a remote file was dealt with and needs no second look."""

    def started(self, part: str) -> bool:
        """Whether this part of the world had its first whole look; before, the past is told quietly."""

    def candidates(self, job: JobId, mark: str) -> Sequence[str]:
        """Who was proven to have sent a message with this job and mark, or was told of as its sender.

        '' stands for those of whom Drive says nothing.
        """

    def submissions(self, job: JobId) -> Sequence[SubmissionId]:
        """The submissions of a job that were told, the newest last."""

    def contents(self, about: SubmissionId) -> Sequence[str]:
        """Digests of the code with which a submission was told, and of every change of it."""

    def approved(self, account: str) -> bool:
        """Whether the owner was seen to approve a job of this account."""

    def unidentified(self) -> Sequence[UnidentifiedRecord]:
        """Messages announced without the name of their job that no job has completed yet."""


class Source(Protocol[Seen]):
    """Looks for events. `observe` does the reading and decides nothing; `detect` reads nothing.

    `failed` says in words what the last `detect` could not compare, once its events were taken.
    """

    name: str
    failed: Sequence[str]

    def observe(self, look: Scan, memory: Memory) -> Seen:
        """Look once. Raises `Fault` when nothing at all could be seen."""

    def detect(self, observation: Seen, memory: Memory, now: datetime) -> Iterable[Event]:
        """The events that the look shows and the memory does not hold yet."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many messages may go through a channel in a minute and in 24 hours; None is no limit."""

    per_minute: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelState:
    """That a channel may work: from whose account, empty when it does not tell; since when and until when, if known."""

    account: str = ""
    good_as_of: datetime | None = None
    ends_at: datetime | None = None


class Consent(Protocol):
    """What a person agreed to once and what may end by itself; how long it is in use, only our memory knows."""

    @property
    def name(self) -> str:
        """What it is kept in, for people."""

    @property
    def fingerprint(self) -> str:
        """Tells one consent of that name from the next one, and nothing else."""

    def warning(self, known_since: datetime, now: datetime) -> str:
        """What a person should do before it ends; empty while there is time, and later."""


class Channel(Protocol):
    """Carries messages out. Its `name` stands in the config, in the store and in logs."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits:
        """How much may go through it."""

    @property
    def consent(self) -> Consent | None:
        """What it works by, if that may end by itself."""

    def send(self, message: Message) -> Receipt:
        """Hand one message over. Raises the `Fault` whose class says whether to try again."""

    def check(self, now: datetime, *, full: bool = False) -> ChannelState:
        """Find out whether it may work; sends nothing.

        A full check believes nothing that was found before, and writes nothing. Raises `CredentialFault`, whose hint
        says how to fix it, when a person must act, else a passing `Fault`.
        """

    def reaches(self, recipient: str) -> str:
        """Why no message can go to this recipient, as the rest of a sentence; empty when one can."""

    def close(self) -> None:
        """Close what is open. Nothing is asked of it afterwards."""


class RemoteFiles(Protocol):
    """The reading side of a user's Drive."""

    def overview(self, folder_prefix: str, file_name: str) -> Overview:
        """All folders visible to the user whose name begins with the prefix, own and shared, not trashed; and all files
        owned by the user with exactly this name, inside a folder named `SyftBox` of theirs.
        """

    def feed_start(self) -> str:
        """The cursor from which on `changes` tells what happens after now."""

    def changes(self, cursor: str) -> Changes:
        """What Drive says has changed since. Drive promises neither that it shows everything nor how soon.

        Raises `RejectedFault` for a cursor that is no longer good.
        """

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        """What lies in each folder; a folder that could not be listed maps to its fault."""

    def download(self, file: RemoteFile, limit: int) -> bytes:
        """The whole content. Raises `RejectedFault` when it is larger than `limit` bytes, other faults as they come."""

    def downloads(self, files: Sequence[RemoteFile], limit: int) -> Iterator[tuple[RemoteFile, bytes | Fault]]:
        """The content of each, or its fault as of `download`, in any order; several are fetched at once."""


class LocalJobs(Protocol):
    """The owner's local SyftBox folder."""

    def look(self, *, full: bool = True) -> LocalScan:
        """The state of every job folder that can be read now; if not `full`, perhaps only of those that changed."""

    def accepted_peers(self) -> frozenset[str]:
        """The accounts of peers whose review folder the owner's client made when it accepted them (J2 and later)."""

    def preview(self, job: LocalJob) -> Preview:
        """The submitted code of a job as a mail shows it."""

    def stderr_tail(self, job: LocalJob) -> str:
        """The end of what a failed job wrote to stderr; empty when there is none."""


class Reporter(Protocol):
    """Hears what a poll does while it does it: the live output, the log, the demo."""

    def saw(self, event: Event, decision: Decision) -> None:
        """A source found an event; `decision` says why it is told or not."""

    def withheld(self, notification: Notification, decision: Decision) -> None:
        """A notification that the event would make is not sent, for the reason given."""

    def would_send(self, message: Message) -> None:
        """In a dry run: what would go out now."""

    def attempted(self, notification: Notification, outcome: Outcome) -> None:
        """One attempt at delivery ended."""

    def problem(self, source: str, problem: str) -> None:
        """A look failed or was incomplete; `source` is the source's name."""
