"""A site that knows the truth about itself: where each message lies, who can see it, how far each job has come."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.machine.things import Folder, Hours, MessageFile, Submission, Thing
from tests.stories.site import Site
from tests.worlds import ReviewGeneration, python_job

PEERS_FILE = "SYFT_peers.json"
A_MOMENT = timedelta(seconds=0.25)
NOT_A_MESSAGE = "notes.txt"


@dataclass
class TrackedSite(Site):
    """What people do, and what is true after it.

    The disk knows times only in steps of `grain`, as some file systems do.
    """

    hours: Hours = field(default_factory=lambda: Hours(datetime.now().astimezone()))
    grain: timedelta = timedelta(microseconds=1)
    inboxes: list[Folder] = field(default_factory=list)
    archives: list[Folder] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    in_file: dict[str, str] = field(default_factory=dict)
    _stamped: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = self.hours.now

    def tick(self) -> datetime:
        return self.wait(A_MOMENT)

    def wait(self, span: timedelta) -> datetime:
        """Time passes for everybody."""
        self.hours.now += span
        self.now = self.hours.now
        return self.now

    # Peers.

    def seen_inboxes(self, ds: str) -> list[Folder]:
        """The inboxes of a scientist that the owner can see."""
        return [folder for folder in self.inboxes if folder.ds == ds and not folder.lost]

    def ask(self, ds: str) -> str:
        name = self.generation.inbox_folder(self.do, ds)
        self.inboxes.append(Folder(super().ask(ds), name, ds=ds))
        return self.inboxes[-1].id

    def ask_with_another_version(self, ds: str) -> None:
        """The scientist upgrades, and its client makes an inbox under the new version's name."""
        name = f"syft_datasite#0.9.{len(self.inboxes)}#{self.do}#inbox#{ds}"
        folder_id = self.google.drive.folder(ds, name, self.box(ds), share={self.do: "writer"})
        self.inboxes.append(Folder(folder_id, name, ds=ds))

    def decide(self, ds: str, state: str) -> None:
        super().decide(ds, state)
        self.in_file = dict(self.states)

    def accept(self, ds: str) -> None:
        super().accept(ds)
        self.accepted.add(ds)
        self._stamp_disk()

    def lose_peers_file(self, way: str) -> None:
        """The file is `emptied`, `deleted`, or `replaced` by another one that says the same."""
        (file,) = self.google.drive.find(PEERS_FILE, self.do)
        content = self.google.drive.read(file)
        if way == "emptied":
            self.google.drive.write(file, b"{}")
        else:
            self.google.drive.delete(file)
        if way == "replaced":
            self.google.drive.file(self.do, PEERS_FILE, content, self.box(self.do), mime_type="text/plain")
        else:
            self.in_file = {}

    # Jobs.

    def has_live(self, ds: str, name: str) -> bool:
        """Whether a job of this name would be in the way of a new one."""
        shared = self.generation.drive == "D1"
        live = [sub.job for sub in self.submissions if not sub.deleted]
        return any(job.name == name and (shared or job.ds == ds) for job in live)

    def post(self, name: str, folder: Folder) -> Submission:
        """A scientist submits a job into one of its inboxes."""
        job = replace(python_job(name), ds=folder.ds, do=self.do, submitted_at=self.tick())
        file_name, content = self.generation.message(job, folder.ds, self.do, self.now)
        file_id = self.google.drive.file(folder.ds, file_name, content, folder.id)
        self.submissions.append(Submission(job, MessageFile(file_id, file_name, folder=folder)))
        return self.submissions[-1]

    def sync(self) -> None:
        """The owner's client reads the messages of accepted peers, as far as it sees them, and archives them."""
        for sub in self.submissions:
            message_file = sub.message_file
            if message_file.visible and not message_file.folder.archive and message_file.folder.ds in self.accepted:
                self.generation.write_received(self.root, sub.job)
                message_file.folder = self._archive_of(message_file.folder.ds)
                self.google.drive.move(message_file.id, message_file.folder.id)
                sub.on_disk = True
        self._stamp_disk()

    def _archive_of(self, ds: str) -> Folder:
        found = [folder for folder in self.archives if folder.ds == ds and not folder.lost]
        if not found:
            name = self.generation.archive_folder(self.do, ds)
            folder_id = self.google.drive.folder(self.do, name, self.box(self.do))
            found = [Folder(folder_id, name, ds=ds, archive=True)]
            self.archives += found
        return found[0]

    def on_disk(self) -> list[Submission]:
        return [sub for sub in self.submissions if sub.on_disk]

    def steps(self, sub: Submission) -> list[str]:
        """What the owner can do next with a job on disk."""
        reviews = isinstance(self.generation, ReviewGeneration)
        steps = {
            "received": ["approve", "list", "deposit", *(["reject"] if reviews else [])],
            "approved": ["finish", "fail", "start", *(["go back"] if reviews else [])],
            "running": ["finish", "fail"],
            "rejected": ["go back"],
        }
        return steps.get(sub.status, ["rerun"])

    def work(self, sub: Submission, step: str) -> None:
        """The owner goes on with a job; see `steps`."""
        at, world, job = self.tick(), self.generation, sub.job
        if step == "list":
            world.read_job_list(self.root, job, at)
        elif step == "approve":
            world.approve(self.root, job, at)
        elif step == "reject":
            world.reject(self.root, job, "not today", at)
        elif step == "start":
            world.start(self.root, job, at)
        elif step == "rerun":
            world.rerun(self.root, job)
        elif step == "deposit":
            world.deposit(self.root, job, at)
        elif step == "go back":
            assert isinstance(world, ReviewGeneration)
            world.go_back(self.root, job)
        else:
            world.finish(self.root, job, 0 if step == "finish" else 3, "", at)
        sub.runs += step in ("deposit", "finish", "fail")
        sub.status = _AFTER[step]
        self._stamp_disk()

    def delete_job(self, sub: Submission) -> None:
        """The owner deletes a job's folders."""
        folders = [self.generation.folder(self.root, sub.job)]
        if isinstance(self.generation, ReviewGeneration):
            folders.append(self.generation.review(self.root, sub.job))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        sub.on_disk, sub.deleted = False, True
        self._stamp_disk()

    # Losing sight.

    def things(self) -> list[Thing]:
        """All messages and folders that the owner can see."""
        letters = [sub.message_file for sub in self.submissions]
        return [thing for thing in (*letters, *self.archives, *self.inboxes) if not thing.lost]

    def lose(self, thing: Thing, way: str) -> None:
        """The thing is `trashed`, `renamed` to what has no meaning, `unshared`, or `deleted` for ever."""
        drive = self.google.drive
        if way == "trashed":
            drive.trash(thing.id)
        elif way == "renamed":
            drive.rename(thing.id, NOT_A_MESSAGE)
        elif way == "unshared":
            drive.unshare(thing.id, self.do)
        else:
            drive.delete(thing.id)
        thing.lost = way
        if way == "deleted":
            for message_file in [sub.message_file for sub in self.submissions if sub.message_file.folder is thing]:
                message_file.lost = way

    def bring_back(self, thing: Thing) -> None:
        """The thing is again where and what it was."""
        drive = self.google.drive
        if thing.lost == "trashed":
            drive.trash(thing.id, False)
        elif thing.lost == "renamed":
            drive.rename(thing.id, thing.name)
        else:
            drive.share(thing.id, self.do)
        thing.lost = ""

    def recoverable(self) -> list[Thing]:
        """What was lost and can come back."""
        letters = [sub.message_file for sub in self.submissions]
        return [thing for thing in (*letters, *self.archives, *self.inboxes) if thing.lost not in ("", "deleted")]

    # The disk.

    def _stamp_disk(self) -> None:
        """What was written just now gets the people's time, in the grain of this disk."""
        for path in _tree(self.root):
            if path.lstat().st_mtime_ns != self._stamped.get(path):
                steps = self.now.timestamp() // self.grain.total_seconds()
                moment = int(steps * self.grain.total_seconds() * 1e9)
                os.utime(path, ns=(moment, moment))
                self._stamped[path] = path.lstat().st_mtime_ns


_AFTER = {
    "list": "received",
    "go back": "received",
    "approve": "approved",
    "rerun": "approved",
    "start": "running",
    "reject": "rejected",
    "finish": "done",
    "deposit": "done",
    "fail": "failed",
}


def _tree(folder: Path) -> Iterator[Path]:
    """A folder with everything in it, the innermost first."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _tree(path)
        else:
            yield path
    yield folder
