"""A Drive, a disk and a store, and the job source that looks at them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from syft_notify.config.paths import Files
from syft_notify.domain.jobs import JobStatus, LocalJob
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Scan
from syft_notify.domain.routing import Router
from syft_notify.sources.drive_snapshot import DriveScanner
from syft_notify.sources.jobs import JobSource
from syft_notify.store.store import Store
from syft_notify.syftbox.submission import read_message
from syft_notify.testing import FakeClock, MemoryLocalJobs, MemoryRemoteFiles
from tests.worlds import GENERATIONS, Job, python_job

DO, DS, OTHER = "do@example.org", "ds@example.org", "other@example.org"
TODAY = GENERATIONS["syft-rds-0.6.1"]


@dataclass
class Post:
    """A Drive and a disk in memory, and a store; `look` is one observe, detect, admit."""

    path: Path
    clock: FakeClock = field(default_factory=FakeClock)
    local: MemoryLocalJobs = field(default_factory=MemoryLocalJobs)

    def __post_init__(self) -> None:
        self.drive = MemoryRemoteFiles(DO, self.clock)
        self.store = Store(Files(self.path / "state.json"), DO)
        self.restart()

    def restart(self) -> None:
        """Another process goes on with the same memory, as each `run --once` does."""
        scanner = DriveScanner(self.drive, self.local.accepted_peers, DO)
        self.monitor = JobSource(scanner, self.drive, self.local, DO, self.clock)

    def peer(self, ds: str = DS) -> str:
        """An accepted peer; returns the id of their inbox folder."""
        self.drive.add_folder(TODAY.reverse_folders(DO, ds)[0], DO)
        return self.drive.add_folder(TODAY.inbox_folder(DO, ds), ds)

    def submit(self, inbox: str, job: Job, ds: str = DS) -> str:
        self.clock.advance(1)
        job = replace(job, submitted_at=self.clock())
        return self.drive.add_file(inbox, *TODAY.message(job, ds, DO, self.clock()), ds)

    def on_disk(self, name: str = "sales", status: JobStatus = JobStatus.PENDING, **changes: object) -> LocalJob:
        """The job of that name as the owner's disk shows it."""
        job = python_job(name, submitted_at=self.clock())
        (found,) = read_message(TODAY.message(job, DS, DO, self.clock())[1]).submissions
        return replace(LocalJob(found[0], f"{DO}/{name}", status), **changes)

    def look(self, *, full: bool = True) -> list[Event]:
        self.store.refresh(self.clock())
        self.observation = self.monitor.observe(Scan(full), self.store)
        events = list(self.monitor.detect(self.observation, self.store, self.clock()))
        router = Router("gmail")
        offers = [(event, router.route(event).notifications) for event in events]
        self.admissions = self.store.admit(self.observation, offers, self.clock())
        return events


def kinds(events: list[Event]) -> list[tuple[str, Kind, Decision]]:
    return [(event.facts.job, event.kind, event.decision) for event in events]
