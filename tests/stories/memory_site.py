"""The site without HTTP: a Drive in memory, in which single answers can fail or have gaps. All else is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from pathlib import Path

from syft_notify.config.paths import Files
from syft_notify.domain.drive import Listing, RemoteFile
from syft_notify.domain.errors import Fault
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import PollReport
from syft_notify.domain.routing import Router
from syft_notify.engine.poll import Poll
from syft_notify.engine.sender import Sender
from syft_notify.mail.compose import Composer
from syft_notify.sources.drive_snapshot import DriveScanner
from syft_notify.sources.jobs import JobSource
from syft_notify.sources.peers import PeerSource
from syft_notify.store.store import Store
from syft_notify.syftbox.local_jobs import LocalJobFolder
from syft_notify.testing import FakeClock, MemoryChannel, MemoryRemoteFiles, RecordingReporter
from tests.stories.site import DO, Told
from tests.worlds import Generation, Job

DS = "ds@example.org"
A_YEAR = 365 * 86_400


class GappyDrive(MemoryRemoteFiles):
    """Leaves names that contain a word of `hidden` out of its listings, which it admits."""

    hidden: tuple[str, ...] = ()

    def folders(self, name_prefix: str) -> Listing:
        return self._with_gaps(super().folders(name_prefix))

    def own_files(self, name: str) -> Listing:
        return self._with_gaps(super().own_files(name))

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        found = super().children(folder_ids)
        return {key: self._with_gaps(value) if isinstance(value, Listing) else value for key, value in found.items()}

    def _with_gaps(self, listing: Listing) -> Listing:
        return Listing(tuple(file for file in listing.files if not self._hides(file)), complete=not self.hidden)

    def _hides(self, file: RemoteFile) -> bool:
        return any(word in file.name for word in self.hidden)


@dataclass
class MemorySite:
    """What people do and what a poll says, as in a site; each act takes a second."""

    home: Path
    generation: Generation
    muted: frozenset[Kind] = frozenset()
    reconcile_interval: timedelta = timedelta()
    clock: FakeClock = field(default_factory=FakeClock)
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    inboxes: dict[str, str] = field(default_factory=dict)
    archives: dict[str, str] = field(default_factory=dict)
    messages: dict[str, Job] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    report: PollReport | None = None
    _mailed: int = 0

    def __post_init__(self) -> None:
        self.datasite.mkdir(parents=True)
        self.drive = GappyDrive(DO, self.clock)
        self.local = LocalJobFolder(self.root, DO)
        self.start()

    @property
    def root(self) -> Path:
        return self.home / "SyftBox"

    @property
    def datasite(self) -> Path:
        return self.root / DO

    def start(self) -> None:
        """Our program starts anew: only its files are left of what it knew."""
        self.store = Store(Files(self.home / "state.json"), DO)
        scanner = DriveScanner(self.drive, self.local.accepted_peers, DO)
        self.peers = PeerSource(scanner, DO)
        channels = {self.channel.name: self.channel}
        self.line = Poll(
            sources=[self.peers, JobSource(scanner, self.drive, self.local, DO, self.clock)],
            router=Router(self.channel.name, self.muted),
            store=self.store,
            sender=Sender(self.store, channels, Composer(UTC).compose, self.clock, lambda: 0.0),
            clock=self.clock,
            reconcile_interval=self.reconcile_interval,
        )

    def tick(self, seconds: float = 1):
        self.clock.advance(seconds)
        return self.clock()

    def ask(self, ds: str = DS) -> str:
        self.inboxes[ds] = self.drive.add_folder(self.generation.inbox_folder(DO, ds), ds)
        return self.inboxes[ds]

    def decide(self, ds: str, state: str) -> None:
        self.tick()
        self.states[ds] = state
        content = self.generation.peers_file(self.states)
        if content is not None:
            self.drive.add_own_file("SYFT_peers.json", content)

    def accept(self, ds: str = DS) -> None:
        self.decide(ds, "accepted")
        for name in self.generation.reverse_folders(DO, ds):
            self.drive.add_folder(name, DO)
        self.generation.accept(self.root, DO, ds)

    def send(self, name: str, content: bytes, ds: str = DS) -> str:
        return self.drive.add_file(self.inboxes[ds], name, content, ds)

    def submit(self, job: Job, ds: str = DS, after: float = 1) -> Job:
        job = replace(job, ds=ds, do=DO, submitted_at=self.tick(after))
        self.messages[self.send(*self.generation.message(job, ds, DO, self.clock()), ds)] = job
        return job

    def sync(self) -> None:
        for message, job in self.messages.items():
            self.generation.write_received(self.root, job)
            self.drive.move(message, self.archive(job.ds))
        self.messages = {}

    def archive(self, ds: str = DS) -> str:
        if ds not in self.archives:
            self.archives[ds] = self.drive.add_folder(self.generation.archive_folder(DO, ds), DO)
        return self.archives[ds]

    def approve(self, job: Job) -> None:
        self.generation.approve(self.root, job, self.tick())

    def finish(self, job: Job, code: int = 0) -> None:
        self.generation.finish(self.root, job, code, "", self.tick())

    def poll(self, after: float = 30) -> list[Told]:
        """The mails that one poll brought, sorted."""
        self.tick(after)
        self.reporter = RecordingReporter()
        try:
            self.report = self.line(self.reporter)
        finally:
            self.store.release()
        return self.new_mails()

    def grant(self, ds: str = DS) -> list[Told]:
        """The mails that `peer-granted` brought."""
        try:
            self.line.tell([self.peers.granted(ds, self.tick())], self.reporter)
        finally:
            self.store.release()
        return self.new_mails()

    def new_mails(self) -> list[Told]:
        new = self.channel.sent[self._mailed :]
        self._mailed = len(self.channel.sent)
        return sorted((mail.to, mail.headers["X-Syft-Event"], mail.headline) for mail in new)
