"""Looks for jobs: messages in the owner's inbox and archive folders on Drive, and job folders on the owner's disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syft_notify.domain.errors import CredentialFault, Fault
from syft_notify.domain.item_guard import ItemGuard, few
from syft_notify.domain.model import Event, Inventory, JobStatus, LocalJob, LocalScan, Observation, Preview, Scan
from syft_notify.domain.ports import Clock, LocalJobs, Memory, RemoteFiles
from syft_notify.sources.drive_snapshot import DriveScanner, DriveSnapshot
from syft_notify.sources.job_events import (
    LOCAL,
    DriveScan,
    JobDetector,
    LocalDetails,
    is_past,
    is_told,
    is_unexplained,
    outcome_key,
    past_part,
    step_key,
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
        self._surveyor = scanner
        self._messages = MessageReader(remote, clock)
        self._local = local
        self._me = do_email
        self._open: dict[str, LocalJob] = {}
        self._edition = -1
        self.failed: Sequence[str] = ()

    def observe(self, look: Scan, memory: Memory) -> JobObservation:
        """Look at Drive and at the disk; what cannot be seen is named in `problems`."""
        drive = self._look_at_drive(look, memory)
        local = self._look_at_disk(full=look.full or memory.revision != self._edition)
        self._edition = memory.revision
        jobs = self._to_compare(local, memory)
        return JobObservation(
            problems=(*drive.problems, *((local.absent,) if local.absent else ())),
            skipped=(*few(drive.odd), *local.problems),
            credential=drive.credential,
            files=drive.files,
            parts=(*((DRIVE,) if drive.whole else ()), *_parts_on_disk(local, memory)),
            present=_present(drive, local),
            by_feed=drive.by_feed,
            by_reconcile=drive.by_reconcile,
            doubtful=any(is_unexplained(job, memory, drive) for job in jobs),
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

    def _look_at_drive(self, look: Scan, memory: Memory) -> DriveScan:
        failed: list[str] = []
        with ItemGuard("the messages on Drive cannot be read", failed):
            try:
                return self._read_messages(self._surveyor.snapshot(look), memory)
            except CredentialFault as fault:
                return DriveScan(problems=(fault.title,), credential=str(fault))
            except Fault as fault:
                return DriveScan(problems=(str(fault),))
        return DriveScan(problems=tuple(failed))

    def _read_messages(self, snapshot: DriveSnapshot, memory: Memory) -> DriveScan:
        """Before the first whole look the archive is the past, and the past is not read."""
        past = not memory.started(DRIVE)
        survey, found = snapshot.survey, self._messages.find(snapshot, memory)
        old = {file.id for folder, file in found.new if past and folder.name.role is FolderRole.ARCHIVE}
        new = [(folder, file) for folder, file in found.new if file.id not in old]
        wanted, postponed = shares(self._messages.due(new))
        messages, late = self._messages.read(wanted, survey)
        read = {message.file.id for message in messages}
        unread = self._messages.unread([(folder, file) for folder, file in new if file.id not in read], survey)
        unlisted = () if survey.complete else ("Drive did not list all folders",)
        named = (survey.peers_problem,) if survey.peers_problem else ()
        odd = (*survey.odd, *found.odd)
        blind = bool(unlisted or named or found.problems or odd or not snapshot.full)
        return DriveScan(
            messages=messages,
            files=(*old, *(message.file.id for message in messages)),
            waiting=found.waiting,
            unread=bool(unlisted or found.problems or postponed or late or unread.passing),
            unread_of=unread.read_by_owner,
            accepted=None if unlisted or named else survey.accepted,
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
            announced = memory.seen(step_key(job.submission, "submitted"))
            failed = job.status is JobStatus.FAILED and not memory.seen(outcome_key(job))
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
    jobs = frozenset(f"job {job.submission.key} {job.submission.identity}" for job in local.jobs)
    return Inventory(drive.listed, jobs)


def _parts_on_disk(local: LocalScan, memory: Memory) -> tuple[str, ...]:
    """The disk, once all jobs were seen; one that could not be read in that look belongs to the past too."""
    if local.absent or not local.whole:
        return ()
    return (LOCAL,) if memory.started(LOCAL) else (LOCAL, *map(past_part, local.unread))
