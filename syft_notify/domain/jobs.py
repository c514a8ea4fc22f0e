"""Jobs as a DS sent them and as they lie on the owner's disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syft_notify.domain.ids import JobId
from syft_notify.domain.kinds import Kind as Kind


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
