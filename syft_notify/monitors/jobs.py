"""Looks for jobs: messages in the owner's inbox and archive folders on Drive, and job folders on the owner's disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syft_notify.errors import CredentialFault, Fault, MissingFault, RejectedFault
from syft_notify.model import (
    Event,
    JobStatus,
    LocalJob,
    LocalLook,
    MessageContents,
    Observation,
    Opaque,
    RemoteFile,
)
from syft_notify.monitors.job_events import JobDetector, LocalDetails, SeenMessage, is_waiting, outcome_key, step_key
from syft_notify.monitors.survey import PeerFolder, Surveyor
from syft_notify.ports import LocalJobs, Memory, RemoteFiles
from syft_notify.syftbox.layouts import FolderRole
from syft_notify.syftbox.submission import MAX_PACKED_BYTES, read_message

DRIVE, LOCAL = "drive", "local"
MESSAGE_PREFIX = "msgv2_"


@dataclass(frozen=True)
class DriveLook:
    """The Drive half of a look. `accepted` is None when Drive could not say whom the owner accepted."""

    messages: tuple[SeenMessage, ...] = ()
    files: tuple[str, ...] = ()
    accepted: frozenset[str] | None = None
    whole: bool = False
    problems: tuple[str, ...] = ()
    credential: str = ""


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
        missing = () if local.present else ("the SyftBox folder on disk is not there",)
        return JobObservation(
            problems=(*drive.problems, *missing),
            skipped=local.problems,
            credential=drive.credential,
            files=drive.files,
            parts=tuple(part for part, whole in ((DRIVE, drive.whole), (LOCAL, local.present)) if whole),
            drive=drive,
            jobs=local.jobs,
            details=self._details(local, memory),
        )

    def detect(self, observation: JobObservation, memory: Memory, now: datetime) -> Sequence[Event]:
        """The events of both halves; the same job in the inbox, in the archive and on disk is one."""
        detector = JobDetector(self._me, memory, observation.drive.accepted, now, first_look=not memory.started(LOCAL))
        return detector.detect(observation.drive.messages, observation.jobs, observation.details)

    def _look_at_drive(self, memory: Memory) -> DriveLook:
        try:
            survey = self._surveyor.survey()
            # Before the first whole look the archive is the past, and the past is not read.
            past = not memory.started(DRIVE)
            inboxes, archives = survey.inboxes(), list(survey.of_role(FolderRole.ARCHIVE))
            found = self._messages.find([*inboxes, *archives], memory)
            old = {file.id for folder, file in found.files if past and folder.name.role is FolderRole.ARCHIVE}
            messages, unread = self._messages.read([(o, f) for o, f in found.files if f.id not in old])
            accepted = None if survey.peers_problem else survey.accepted(self._local.accepted_peers())
        except CredentialFault as fault:
            return DriveLook(problems=(fault.title,), credential=str(fault))
        except Fault as fault:
            return DriveLook(problems=(str(fault),))
        unlisted = () if survey.complete else ("Drive did not list all folders",)
        named = (survey.peers_problem,) if survey.peers_problem else ()
        return DriveLook(
            messages=messages,
            files=(*old, *(message.file.id for message in messages)),
            accepted=accepted,
            whole=survey.complete,
            problems=(*unlisted, *named, *found.problems, *unread),
        )

    def _details(self, local: LocalLook, memory: Memory) -> dict[str, LocalDetails]:
        """Code and error output are read only of jobs about which something is still to be told."""
        first_look = not memory.started(LOCAL)
        details = {}
        for job in local.jobs:
            announced = memory.seen(step_key(job.submission, "submitted"))
            if first_look and not announced and not is_waiting(job):
                continue
            failed = job.status is JobStatus.FAILED and not memory.seen(outcome_key(job))
            if not announced or failed:
                details[job.path] = LocalDetails(
                    preview=None if announced else self._local.preview(job),
                    stderr_tail=self._local.stderr_tail(job) if failed else "",
                )
        return details


@dataclass(frozen=True)
class _Found:
    """Message files that were never dealt with, each with the folder it lies in."""

    files: tuple[tuple[PeerFolder, RemoteFile], ...]
    problems: tuple[str, ...]


class _MessageReader:
    """Finds and reads the DSs' messages on Drive."""

    def __init__(self, remote: RemoteFiles) -> None:
        self._remote = remote

    def find(self, folders: Sequence[PeerFolder], memory: Memory) -> _Found:
        """New message files, oldest first. A folder that fails does not hide the others."""
        listings = self._remote.children([folder.file.id for folder in folders])
        files: dict[str, tuple[PeerFolder, RemoteFile]] = {}
        problems = []
        for folder in folders:
            listing = listings[folder.file.id]
            if isinstance(listing, MissingFault):
                continue
            if isinstance(listing, CredentialFault):
                raise listing
            if isinstance(listing, Fault):
                problems.append(f"the folder of {folder.name.peer} could not be listed: {listing.title}")
                continue
            if not listing.complete:
                problems.append(f"Drive did not list all messages of {folder.name.peer}")
            for file in listing.files:
                if file.name.startswith(MESSAGE_PREFIX) and not memory.file_seen(file.id):
                    files.setdefault(file.id, (folder, file))
        ordered = sorted(files.values(), key=lambda found: (found[1].created_at, found[1].name))
        return _Found(tuple(ordered), tuple(problems))

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
                unread.append(f"the message {file.name} of {folder.name.peer} could not be fetched: {fault.title}")
        return tuple(messages), tuple(unread)

    def _contents(self, file: RemoteFile) -> MessageContents:
        too_large = MessageContents(opaque=Opaque.TOO_LARGE, reason=f"it is larger than {MAX_PACKED_BYTES:,} bytes")
        try:
            content = self._remote.download(file, MAX_PACKED_BYTES)
        except MissingFault:
            raise
        except RejectedFault:
            return too_large
        return read_message(content)
