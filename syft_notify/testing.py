"""Public fakes: a clock that is set, a Drive, a SyftBox folder and a channel in memory. They fit the ports."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.drive import Changes, Listing, Overview, RemoteChange, RemoteFile
from syft_notify.domain.errors import Fault, MissingFault, RejectedFault
from syft_notify.domain.jobs import LocalJob, LocalScan, Preview
from syft_notify.domain.model import Decision, Event
from syft_notify.domain.notifications import Message, Notification, Outcome, Receipt
from syft_notify.domain.ports import ChannelState, Limits

MEMORY_LIMITS = Limits(per_minute=60, per_day=450)


class FakeClock:
    """Shows the time it was set to."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class _Stored:
    file: RemoteFile
    parent: str
    content: bytes


class MemoryRemoteFiles:
    """A Drive as `me` sees it. `faults` maps an operation or a file id to the fault that it raises.

    Its changes feed is silent about the ids in `hidden`.
    """

    def __init__(self, me: str, clock: FakeClock | None = None) -> None:
        self.me = me
        self.faults: dict[str, Fault] = {}
        self.complete = True
        self.calls: list[str] = []
        self._clock = clock or FakeClock()
        self._stored: dict[str, _Stored] = {}
        self._feed: list[str] = []
        self.hidden: set[str] = set()
        self._numbers = itertools.count(1)

    def add_folder(self, name: str, owner: str) -> str:
        """A folder at the top of the owner's Drive, visible to `me`; returns its id."""
        return self._add(name, owner, parent="", content=b"")

    def add_file(self, folder_id: str, name: str, content: bytes, owner: str) -> str:
        """A file in a folder; returns its id."""
        return self._add(name, owner, folder_id, content)

    def add_own_file(self, name: str, content: bytes) -> str:
        """A file in the SyftBox folder of `me`; one of the same name is replaced."""
        for file_id in [i for i, s in self._stored.items() if s.parent == "SyftBox" and s.file.name == name]:
            self.remove(file_id)
        return self._add(name, self.me, "SyftBox", content)

    def move(self, file_id: str, folder_id: str) -> None:
        """What the owner's client does with a message that it read."""
        self._stored[file_id].parent = folder_id
        self._feed.append(file_id)

    def touch(self, file_id: str) -> None:
        """Let the feed name it though nothing of it changed that we see."""
        self._feed.append(file_id)

    def rewrite(self, file_id: str) -> None:
        """Write the content of a file again."""
        stored = self._stored[file_id]
        stored.file = replace(stored.file, modified_at=self._clock(), version=str(next(self._numbers)))
        self._feed.append(file_id)

    def remove(self, file_id: str) -> None:
        """Delete a file or a folder."""
        del self._stored[file_id]
        self._feed.append(file_id)

    def _add(self, name: str, owner: str, parent: str, content: bytes) -> str:
        number = next(self._numbers)
        file_id = f"id-{number}-{name}"
        now = self._clock()
        mine = owner == self.me
        file = RemoteFile(file_id, name, owner, mine, now, now, len(content), version=str(number))
        self._stored[file_id] = _Stored(file, parent, content)
        self._feed.append(file_id)
        return file_id

    def overview(self, folder_prefix: str, file_name: str) -> Overview:
        """The folders whose name begins so, and the own files of that name."""
        return Overview(self.folders(folder_prefix), self.own_files(file_name))

    def feed_start(self) -> str:
        """The number of changes so far."""
        self._called("feed_start")
        return str(len(self._feed))

    def changes(self, cursor: str) -> Changes:
        """All since then, but for those that are `hidden`; each as it is now."""
        self._called("changes")
        news = dict.fromkeys(i for i in self._feed[int(cursor) :] if i not in self.hidden)
        return Changes(str(len(self._feed)), tuple(map(self._change, news)))

    def _change(self, file_id: str) -> RemoteChange:
        stored = self._stored.get(file_id)
        if stored is None:
            return RemoteChange(file_id)
        return RemoteChange(file_id, stored.file, not stored.parent, frozenset(filter(None, [stored.parent])))

    def folders(self, name_prefix: str) -> Listing:
        """All folders whose name begins so."""
        self._called("folders")
        found = (s.file for s in self._stored.values() if not s.parent and s.file.name.startswith(name_prefix))
        return Listing(tuple(found), self.complete)

    def own_files(self, name: str) -> Listing:
        """The files in the own SyftBox folder with this name."""
        self._called("own_files")
        found = (s.file for s in self._stored.values() if s.parent == "SyftBox" and s.file.name == name)
        return Listing(tuple(found), self.complete)

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        """What lies in each folder."""
        self._called("children")
        return {folder_id: self._listed(folder_id) for folder_id in folder_ids}

    def _listed(self, folder_id: str) -> Listing | Fault:
        if folder_id in self.faults:
            return self.faults[folder_id]
        if folder_id not in self._stored:
            return MissingFault(f"{folder_id} is not there")
        return Listing(tuple(s.file for s in self._stored.values() if s.parent == folder_id), self.complete)

    def download(self, file: RemoteFile, limit: int) -> bytes:
        """The content."""
        self._called(f"download {file.name}")
        if file.id in self.faults:
            raise self.faults[file.id]
        if file.id not in self._stored:
            raise MissingFault(f"{file.name} is not there")
        content = self._stored[file.id].content
        if len(content) > limit:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes")
        return content

    def downloads(self, files: Sequence[RemoteFile], limit: int) -> Iterator[tuple[RemoteFile, bytes | Fault]]:
        """One after the other."""
        for file in files:
            try:
                yield file, self.download(file, limit)
            except Fault as fault:
                yield file, fault

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.faults:
            raise self.faults[operation]


@dataclass
class MemoryLocalJobs:
    """A SyftBox folder: set `jobs` and the rest to what a look shall find."""

    jobs: list[LocalJob] = field(default_factory=list)
    peers: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    absent: str = ""
    previews: dict[str, Preview] = field(default_factory=dict)
    stderr: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    def set(self, *jobs: LocalJob) -> None:
        """Replace the jobs of the same path, keep the others."""
        paths = {job.path for job in jobs}
        self.jobs = [*(job for job in self.jobs if job.path not in paths), *jobs]

    def look(self, *, full: bool = True) -> LocalScan:
        """All jobs as they were set."""
        return LocalScan(jobs=tuple(self.jobs), problems=self.problems, absent=self.absent)

    def accepted_peers(self) -> frozenset[str]:
        """The peers with a review folder."""
        return self.peers

    def preview(self, job: LocalJob) -> Preview:
        """The preview that was set for the job's path; the reading is noted in `read`."""
        self.read.append(job.path)
        return self.previews.get(job.path, Preview())

    def stderr_tail(self, job: LocalJob) -> str:
        """The text that was set for the job's path; the reading is noted in `read`."""
        self.read.append(f"{job.path} stderr")
        return self.stderr.get(job.path, "")


class MemoryChannel:
    """Keeps what was sent. The next faults of `faults` are raised instead, first come first.

    A check raises `broken`, if that is set; `unreachable` maps recipients to why no message goes to them.
    """

    consent = None

    def __init__(
        self, name: str = "memory", faults: Iterable[Fault] = (), limits: Limits = MEMORY_LIMITS, account: str = ""
    ) -> None:
        self.name = name
        self.limits = limits
        self.account = account
        self.sent: list[Message] = []
        self.faults = list(faults)
        self.broken: Fault | None = None
        self.unreachable: dict[str, str] = {}
        self.closed = False

    def send(self, message: Message) -> Receipt:
        """Accept the message or raise the next fault."""
        if problem := self.reaches(message.to):
            raise RejectedFault(f"{message.to!r} {problem}")
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(message)
        thread = message.thread.remote_id or f"thread-{message.thread.key}"
        return Receipt(f"message-{len(self.sent)}", thread)

    def check(self, now: datetime, *, full: bool = False) -> ChannelState:
        """Good as of now, or the fault that was set."""
        if self.broken:
            raise self.broken
        return ChannelState(self.account, now)

    def reaches(self, recipient: str) -> str:
        """Everybody to whom a mail can go, but those that were set."""
        return self.unreachable.get(recipient) or why_unreachable(recipient)

    def close(self) -> None:
        """Note it in `closed`."""
        self.closed = True


@dataclass
class RecordingReporter:
    """Keeps what a poll told."""

    events: list[tuple[Event, Decision]] = field(default_factory=list)
    held: list[tuple[Notification, Decision]] = field(default_factory=list)
    drafts: list[Message] = field(default_factory=list)
    outcomes: list[tuple[Notification, Outcome]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def saw(self, event: Event, decision: Decision) -> None:
        """Keep it."""
        self.events.append((event, decision))

    def withheld(self, notification: Notification, decision: Decision) -> None:
        """Keep it."""
        self.held.append((notification, decision))

    def would_send(self, message: Message) -> None:
        """Keep it."""
        self.drafts.append(message)

    def attempted(self, notification: Notification, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append((notification, outcome))

    def problem(self, source: str, problem: str) -> None:
        """Keep it."""
        self.problems.append((source, problem))
