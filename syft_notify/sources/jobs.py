"""Looks for jobs: messages in the owner's inbox and archive folders on Drive, and job folders on the owner's disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syft_notify.domain.errors import CredentialFault, Fault
from syft_notify.domain.item_guard import ItemGuard, few
from syft_notify.domain.jobs import JobStatus, LocalJob, LocalScan, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event, Inventory, Observation, Scan
from syft_notify.domain.ports import Clock, LocalJobs, Memory, RemoteFiles
from syft_notify.sources.archive_search import ArchiveSearch
from syft_notify.sources.drive_scan import DriveScan
from syft_notify.sources.drive_snapshot import DriveScanner, DriveSnapshot
from syft_notify.sources.job_events import JobDetector, LocalDetails, is_unexplained
from syft_notify.sources.job_history import (
    LOCAL,
    is_past,
    is_submission_seen,
    is_told,
    past_part,
    step_id,
    submission_id,
    told_as,
)
from syft_notify.sources.messages import MessageReader, shares
from syft_notify.syftbox.layouts import FolderRole

DRIVE = "drive"


@dataclass(frozen=True)
class JobObservation(Observation):
    """New messages with their contents, the job folders of which something may be to be told, and what that needs."""

    drive: DriveScan = field(default_factory=DriveScan)
    jobs: tuple[LocalJob, ...] = ()
    details: Mapping[str, LocalDetails] = field(default_factory=dict)


class JobSource:
    """Jobs submitted, approved, executed, failed, rejected; the two halves of the look fail independently."""

    name = "jobs"

    def __init__(
        self, scanner: DriveScanner, remote: RemoteFiles, local: LocalJobs, do_email: str, clock: Clock
    ) -> None:
        self._scanner = scanner
        self._messages = MessageReader(remote, clock)
        self._archives = ArchiveSearch(self._messages)
        self._addresses: Mapping[str, str] = {}
        self._local = local
        self._me = do_email
        self._open: dict[str, LocalJob] = {}
        self._revision = -1
        self.failed: Sequence[str] = ()

    def observe(self, look: Scan, memory: Memory) -> JobObservation:
        """Look at the disk and then at Drive, where a job's message is before the job is on disk.

        What cannot be seen is named in `problems`.
        """
        local = self._look_at_disk(full=look.full or memory.revision != self._revision)
        self._revision = memory.revision
        jobs = self._to_compare(local, memory)
        drive = self._look_at_drive(look, jobs, memory)
        return JobObservation(
            problems=(*drive.problems, *((local.absent,) if local.absent else ())),
            skipped=(*few(drive.odd), *local.problems),
            credential=drive.credential,
            files=drive.files,
            parts=(*((DRIVE,) if drive.whole else ()), *_parts_on_disk(local, memory)),
            present=_present(drive, local),
            by_feed=drive.by_feed,
            by_reconcile=drive.by_reconcile,
            trusted=drive.trusted,
            rejected=drive.rejected,
            doubtful=bool(drive.sought) or any(is_unexplained(job, memory, drive) for job in jobs),
            drive=drive,
            jobs=jobs,
            details=self._details(jobs, memory),
        )

    def detect(self, observation: JobObservation, memory: Memory, now: datetime) -> Iterator[Event]:
        """The events of both halves; the same job in the inbox, in the archive and on disk is one."""
        self.failed = ()
        if not observation.jobs and not observation.drive.messages:
            return
        detector = JobDetector(self._me, memory, observation.drive, now)
        yield from detector.detect(observation.jobs, observation.details)
        self.failed = few(detector.failed)

    def _to_compare(self, local: LocalScan, memory: Memory) -> tuple[LocalJob, ...]:
        """The jobs of which not everything is told, as far as they were seen."""
        if not local.partial:
            self._open.clear()
        self._open.update({job.path: job for job in local.jobs})
        self._open = {
            path: job for path, job in self._open.items() if path not in local.gone and not is_told(job, memory)
        }
        return tuple(self._open.values())

    def _look_at_disk(self, *, full: bool) -> LocalScan:
        failed: list[str] = []
        with ItemGuard("the SyftBox folder cannot be read", failed):
            return self._local.look(full=full)
        return LocalScan(absent=failed[0])

    def _look_at_drive(self, look: Scan, jobs: Sequence[LocalJob], memory: Memory) -> DriveScan:
        failed: list[str] = []
        with ItemGuard("the messages on Drive cannot be read", failed):
            try:
                return self._read_messages(self._scanner.snapshot(look), jobs, memory)
            except CredentialFault as fault:
                return DriveScan(problems=(fault.title,), credential=str(fault), addresses=self._addresses)
            except Fault as fault:
                return DriveScan(problems=(str(fault),), addresses=self._addresses)
        return DriveScan(problems=tuple(failed), addresses=self._addresses)

    def _read_messages(self, snapshot: DriveSnapshot, jobs: Sequence[LocalJob], memory: Memory) -> DriveScan:
        """Before the first whole look the archive is the past, and of the past only what brought these jobs is read."""
        past = not memory.started(DRIVE)
        survey, found = snapshot.survey, self._messages.find(snapshot, memory)
        old = {file.id for folder, file in found.new if past and folder.name.role is FolderRole.ARCHIVE}
        new = [(folder, file) for folder, file in found.new if file.id not in old]
        wanted, postponed = shares(self._messages.due(new))
        messages, late = self._messages.read(wanted, survey)
        read = {message.file.id for message in messages}
        searched = self._archives.search(jobs, messages, survey, memory)
        left = [(folder, file) for folder, file in new if file.id not in read]
        unread = self._messages.unread([*left, *searched.unread], survey)
        self._addresses = survey.addresses
        unlisted = () if survey.complete else ("Drive did not list all folders",)
        named = (survey.peers_problem,) if survey.peers_problem else ()
        odd = (*survey.odd, *found.odd)
        blind = bool(unlisted or named or found.problems or odd or not snapshot.full)
        return DriveScan(
            messages=(*messages, *searched.messages),
            files=(*old, *(message.file.id for message in messages)),
            unread=bool(unlisted or found.problems or postponed or late or unread.passing),
            sought=searched.sought,
            withheld=unread.archived,
            accepted=None if unlisted or named else survey.accepted,
            unanswered=survey.unanswered,
            trusted=None if unlisted or named else survey.trusted(memory),
            rejected=survey.rejected,
            whole=survey.complete and found.archives_whole,
            problems=(*unlisted, *named, *few(found.problems), *few(postponed), *late, *few(unread.problems)),
            listed=None if blind else found.all,
            by_feed=found.by_feed,
            by_reconcile=found.by_reconcile,
            odd=(*survey.notes, *found.odd),
            addresses=survey.addresses,
            full=snapshot.full,
        )

    def _details(self, jobs: Iterable[LocalJob], memory: Memory) -> dict[str, LocalDetails]:
        """Code and error output are read only of jobs about which something is still to be told."""
        details = {}
        for job in jobs:
            announced = is_submission_seen(job.submission, memory)
            outcome = step_id(told_as(job.submission, memory), Kind.JOB_FAILED, job)
            failed = job.status is JobStatus.FAILED and not memory.seen(outcome)
            if not is_past(job, memory) and (failed or not announced):
                details[job.path] = self._details_of(job, code=not announced, stderr=failed)
        return details

    def _details_of(self, job: LocalJob, *, code: bool, stderr: bool) -> LocalDetails:
        preview, tail, failed = Preview() if code else None, "", list[str]()
        with ItemGuard("the code cannot be shown", failed):
            preview = self._local.preview(job) if code else None
        with ItemGuard("the error output cannot be shown", failed):
            tail = self._local.stderr_tail(job) if stderr else ""
        if preview is not None and failed:
            preview = replace(preview, left_out=(*preview.left_out, *failed))
        return LocalDetails(preview, tail)


def _present(drive: DriveScan, local: LocalScan) -> Inventory | None:
    if drive.listed is None or local.partial or local.absent or local.unread or not local.whole:
        return None
    return Inventory(drive.listed, frozenset(submission_id(job.submission) for job in local.jobs))


def _parts_on_disk(local: LocalScan, memory: Memory) -> tuple[str, ...]:
    """The disk, once all jobs were seen; one that could not be read in that look belongs to the past too."""
    if local.absent or not local.whole:
        return ()
    return (LOCAL,) if memory.started(LOCAL) else (LOCAL, *map(past_part, local.unread))
