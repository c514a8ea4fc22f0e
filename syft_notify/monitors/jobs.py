"""Looks for jobs: messages in the owner's inbox and archive folders on Drive, and job folders on the owner's disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syft_notify.errors import CredentialFault, Fault, MissingFault, RejectedFault
from syft_notify.model import (
    Event,
    JobStatus,
    Listing,
    LocalJob,
    LocalLook,
    MessageContents,
    Observation,
    Opaque,
    Present,
    RemoteFile,
)
from syft_notify.monitors.job_events import (
    LOCAL,
    DriveLook,
    JobDetector,
    LocalDetails,
    SeenMessage,
    is_past,
    outcome_key,
    past_part,
    step_key,
)
from syft_notify.monitors.survey import PeerFolder, Survey, Surveyor
from syft_notify.ports import LocalJobs, Memory, RemoteFiles
from syft_notify.syftbox.layouts import FolderRole, printable
from syft_notify.syftbox.submission import MAX_PACKED_BYTES, read_message

DRIVE = "drive"
MESSAGE_PREFIX = "msgv2_"
# So many messages of one peer are read in one poll: a flood of one must not keep the others waiting.
MAX_MESSAGES = 100


@dataclass(frozen=True)
class JobObservation(Observation):
    """New messages with their contents, all job folders, and what is needed to tell of those not told yet."""

    drive: DriveLook = field(default_factory=DriveLook)
    jobs: tuple[LocalJob, ...] = ()
    details: Mapping[str, LocalDetails] = field(default_factory=dict)


class JobMonitor:
    """Jobs submitted, approved, executed, failed, rejected; the two halves of the look fail independently."""

    name = "jobs"

    def __init__(self, surveyor: Surveyor, remote: RemoteFiles, local: LocalJobs, do_email: str) -> None:
        self._surveyor = surveyor
        self._messages = _MessageReader(remote)
        self._local = local
        self._me = do_email

    def observe(self, memory: Memory) -> JobObservation:
        """Look at Drive and at the disk; what cannot be seen is named in `problems`."""
        drive = self._look_at_drive(memory)
        local = self._local.look()
        return JobObservation(
            problems=(*drive.problems, *((local.absent,) if local.absent else ())),
            skipped=local.problems,
            credential=drive.credential,
            files=drive.files,
            parts=(*((DRIVE,) if drive.whole else ()), *_parts_on_disk(local, memory)),
            present=_present(drive, local),
            drive=drive,
            jobs=local.jobs,
            details=self._details(local, memory),
        )

    def detect(self, observation: JobObservation, memory: Memory, now: datetime) -> Sequence[Event]:
        """The events of both halves; the same job in the inbox, in the archive and on disk is one."""
        detector = JobDetector(self._me, memory, observation.drive, now)
        return detector.detect(observation.jobs, observation.details)

    def _look_at_drive(self, memory: Memory) -> DriveLook:
        try:
            return self._read_messages(self._surveyor.survey(), memory)
        except CredentialFault as fault:
            return DriveLook(problems=(fault.title,), credential=str(fault))
        except Fault as fault:
            return DriveLook(problems=(str(fault),))

    def _read_messages(self, survey: Survey, memory: Memory) -> DriveLook:
        """Before the first whole look the archive is the past, and the past is not read."""
        past = not memory.started(DRIVE)
        found = self._messages.find([*survey.inboxes(), *survey.of_role(FolderRole.ARCHIVE)], memory)
        old = {file.id for folder, file in found.files if past and folder.name.role is FolderRole.ARCHIVE}
        wanted, postponed = _shares([(folder, file) for folder, file in found.files if file.id not in old])
        messages, unfetched = self._messages.read(wanted)
        unread = (*postponed, *unfetched)
        unlisted = () if survey.complete else ("Drive did not list all folders",)
        named = (survey.peers_problem,) if survey.peers_problem else ()
        return DriveLook(
            messages=messages,
            files=(*old, *(message.file.id for message in messages)),
            waiting=found.waiting,
            unread=bool(unlisted or found.problems or unread),
            accepted=None if unlisted or named else survey.accepted(self._local.accepted_peers()),
            whole=survey.complete and found.archives_whole,
            problems=(*unlisted, *named, *found.problems, *unread),
            listed=None if unlisted or named or found.problems else found.listed,
        )

    def _details(self, local: LocalLook, memory: Memory) -> dict[str, LocalDetails]:
        """Code and error output are read only of jobs about which something is still to be told."""
        details = {}
        for job in local.jobs:
            announced = memory.seen(step_key(job.submission, "submitted"))
            failed = job.status is JobStatus.FAILED and not memory.seen(outcome_key(job))
            if not is_past(job, memory) and (failed or not announced):
                details[job.path] = LocalDetails(
                    preview=None if announced else self._local.preview(job),
                    stderr_tail=self._local.stderr_tail(job) if failed else "",
                )
        return details


def _present(drive: DriveLook, local: LocalLook) -> Present | None:
    if drive.listed is None or local.absent or local.unread or not local.whole:
        return None
    jobs = frozenset(f"job {job.submission.key} {job.submission.identity}" for job in local.jobs)
    return Present(drive.listed, jobs)


def _parts_on_disk(local: LocalLook, memory: Memory) -> tuple[str, ...]:
    """The disk, once all jobs were seen; one that could not be read in that look belongs to the past too."""
    if local.absent or not local.whole:
        return ()
    return (LOCAL,) if memory.started(LOCAL) else (LOCAL, *map(past_part, local.unread))


@dataclass(frozen=True)
class _Found:
    """Message files that were never dealt with, each with the folder it lies in.

    `waiting` are all in inboxes, `listed` all in archives too.
    """

    files: tuple[tuple[PeerFolder, RemoteFile], ...]
    waiting: frozenset[str]
    listed: frozenset[str]
    problems: tuple[str, ...]
    archives_whole: bool


class _MessageReader:
    """Finds and reads the DSs' messages on Drive."""

    def __init__(self, remote: RemoteFiles) -> None:
        self._remote = remote

    def find(self, folders: Sequence[PeerFolder], memory: Memory) -> _Found:
        """New message files, oldest first. A folder that fails does not hide the others."""
        listings = self._remote.children([folder.file.id for folder in folders])
        files: dict[str, tuple[PeerFolder, RemoteFile]] = {}
        waiting: set[str] = set()
        everything: set[str] = set()
        problems: dict[PeerFolder, str] = {}
        for folder in folders:
            listed, problem = _messages_of(folder, listings[folder.file.id])
            if problem:
                problems[folder] = problem
            everything.update(file.id for file in listed)
            if folder.name.role is FolderRole.INBOX:
                waiting.update(file.id for file in listed)
            files.update({f.id: (folder, f) for f in listed if f.id not in files and not memory.file_seen(f.id)})
        return _Found(
            files=tuple(sorted(files.values(), key=lambda found: (found[1].created_at, found[1].name))),
            waiting=frozenset(waiting),
            listed=frozenset(everything),
            problems=tuple(problems.values()),
            archives_whole=all(folder.name.role is not FolderRole.ARCHIVE for folder in problems),
        )

    def read(self, found: Sequence[tuple[PeerFolder, RemoteFile]]) -> tuple[tuple[SeenMessage, ...], tuple[str, ...]]:
        """The messages that could be fetched, and a problem for each that must be fetched again later."""
        messages, unread = [], []
        for folder, file in found:
            try:
                messages.append(SeenMessage(file, folder.name.peer, folder.name.role, self._contents(file)))
            except MissingFault:
                continue
            except CredentialFault:
                raise
            except Fault as fault:
                name = printable(file.name)
                unread.append(f"the message {name} of {folder.name.peer} could not be fetched: {fault.title}")
        return tuple(messages), tuple(unread)

    def _contents(self, file: RemoteFile) -> MessageContents:
        try:
            return read_message(self._remote.download(file, MAX_PACKED_BYTES))
        except MissingFault:
            raise
        except RejectedFault as fault:
            if file.size > MAX_PACKED_BYTES:
                reason = f"it is larger than {MAX_PACKED_BYTES:,} bytes"
                return MessageContents(opaque=Opaque.TOO_LARGE, reason=reason)
            return MessageContents(opaque=Opaque.UNREADABLE, reason=fault.title)


def _shares(
    found: Sequence[tuple[PeerFolder, RemoteFile]],
) -> tuple[list[tuple[PeerFolder, RemoteFile]], tuple[str, ...]]:
    """The first messages of each peer, and in words what the next polls will read."""
    counts: Counter[str] = Counter()
    wanted = []
    for folder, file in found:
        counts[folder.name.peer] += 1
        if counts[folder.name.peer] <= MAX_MESSAGES:
            wanted.append((folder, file))
    postponed = tuple(
        f"Of {peer} only the first {MAX_MESSAGES} messages were read; {count - MAX_MESSAGES} wait for the next polls"
        for peer, count in counts.items()
        if count > MAX_MESSAGES
    )
    return wanted, postponed


def _messages_of(folder: PeerFolder, listing: Listing | Fault) -> tuple[list[RemoteFile], str]:
    """The message files in one folder, and what is wrong with the listing. Raises `CredentialFault`."""
    if isinstance(listing, CredentialFault):
        raise listing
    if isinstance(listing, Fault):
        gone = isinstance(listing, MissingFault)
        return [], "" if gone else f"the folder of {folder.name.peer} could not be listed: {listing.title}"
    messages = [file for file in listing.files if file.name.startswith(MESSAGE_PREFIX)]
    return messages, "" if listing.complete else f"Drive did not list all messages of {folder.name.peer}"
