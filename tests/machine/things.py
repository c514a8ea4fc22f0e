"""What a site is made of: its hours, the messages and folders on Drive, and the submissions of jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.worlds.jobs import Job


@dataclass
class Hours:
    """The time of the people, which only goes on, and that of our computer, which somebody may have set back."""

    now: datetime
    behind: timedelta = timedelta()

    def people(self) -> datetime:
        return self.now

    def computer(self) -> datetime:
        return self.now - self.behind


@dataclass(eq=False)
class Thing:
    """A file or folder of Drive; `lost` says how the owner lost sight of it, and is empty while it can be seen."""

    id: str
    name: str
    lost: str = ""


@dataclass(eq=False)
class Folder(Thing):
    """Where messages lie: an inbox, which its DS owns, or the owner's archive of what was read."""

    ds: str = ""
    archive: bool = False


@dataclass(eq=False)
class MessageFile(Thing):
    """A message, and the folder that it lies in now."""

    folder: Folder = field(default_factory=lambda: Folder("", ""))

    @property
    def visible(self) -> bool:
        return not (self.lost or self.folder.lost)


@dataclass(eq=False)
class Submission:
    """One submission of a job: its message, and what became of it on the owner's disk."""

    job: Job
    message_file: MessageFile
    status: str = "received"
    runs: int = 0
    on_disk: bool = False
    deleted: bool = False

    @property
    def key(self) -> str:
        return f"{self.job.name} of {self.job.ds} at {self.job.submitted_at:%H:%M:%S.%f}"
