"""Decides, from what was seen of jobs on Drive and on disk, which events that makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from syft_notify.model import (
    Decision,
    Event,
    JobFacts,
    JobStatus,
    Kind,
    LocalJob,
    MessageContents,
    Preview,
    RemoteFile,
    Submission,
)
from syft_notify.monitors.survey import event_time
from syft_notify.ports import Memory, OpaqueRecord
from syft_notify.syftbox.layouts import FolderRole

# A client uploads the message right after it wrote the job's submission time, by the same clock.
COMPLETION_WINDOW = timedelta(hours=1)

_WAITING = (JobStatus.RECEIVED, JobStatus.PENDING)
_FINISHED = {JobStatus.DONE: Kind.JOB_EXECUTED, JobStatus.FAILED: Kind.JOB_FAILED}
_APPROVED = (JobStatus.APPROVED, JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED)
_STEPS = {Kind.JOB_SUBMITTED: "submitted", Kind.JOB_APPROVED: "approved", Kind.JOB_REJECTED: "rejected"}


@dataclass(frozen=True)
class SeenMessage:
    """A message on Drive with its contents, and the peer in whose folder it lies."""

    file: RemoteFile
    peer: str
    role: FolderRole
    contents: MessageContents

    @property
    def event_key(self) -> str:
        """The event that announces it when nobody can tell what job is in it."""
        return f"message:{self.file.id}:submitted"


@dataclass(frozen=True)
class LocalDetails:
    """What only a mail needs of a local job."""

    preview: Preview | None = None
    stderr_tail: str = ""


def is_waiting(job: LocalJob) -> bool:
    """Whether the owner has not decided on the job yet."""
    return job.status in _WAITING


def step_key(submission: Submission, step: str) -> str:
    """The key of what happens once to a submission: a status that comes again after going backwards is no news."""
    return f"job:{submission.key}:{submission.identity}:{step}"


def outcome_key(job: LocalJob) -> str:
    """The key of a finished run: a rerun that finishes is news."""
    step = _FINISHED[job.status].value.removeprefix("job_")
    return f"job:{job.submission.key}:{step}:{job.run or job.submission.identity}"


@dataclass(frozen=True)
class _Sender:
    """Whose job it is, and whether Drive or the owner vouches for that."""

    ds: str
    verified: bool


class JobDetector:
    """Turns one look into events. `accepted` is None when nobody could say whom the owner accepted."""

    def __init__(
        self, do: str, memory: Memory, accepted: frozenset[str] | None, now: datetime, *, first_look: bool
    ) -> None:
        self._do = do
        self._memory = memory
        self._accepted = accepted
        self._now = now
        self._first_look = first_look
        self._announced: dict[str, Event] = {}
        self._matched: set[str] = set()

    def detect(
        self, messages: Sequence[SeenMessage], jobs: Sequence[LocalJob], details: Mapping[str, LocalDetails]
    ) -> list[Event]:
        """The events, in the order in which things happened to each job."""
        for message in messages:
            for event in self._message_events(message):
                self._announced.setdefault(event.key, event)
        followers = [event for job in jobs for event in self._job_events(job, details.get(job.path, LocalDetails()))]
        return [*self._announced.values(), *followers]

    # Messages on Drive.

    def _message_events(self, message: SeenMessage) -> list[Event]:
        if message.contents.opaque:
            return [self._opaque_event(message)]
        return [self._submitted_by(message, *found) for found in message.contents.submissions]

    def _opaque_event(self, message: SeenMessage) -> Event:
        file, opaque = message.file, message.contents.opaque
        assert opaque is not None  # noqa: S101 - tells mypy what the caller checked
        facts = JobFacts(
            do=self._do,
            ds=file.owner or message.peer,
            job=f"{opaque.value} submission",
            key=f"message:{file.id}",
            identity=file.id,
            submitted_at=_sent_at(file),
            opaque=opaque,
            size=file.size,
            reason=message.contents.reason,
        )
        return Event(message.event_key, Kind.JOB_SUBMITTED, event_time(file, self._now), facts, file=file.id)

    def _submitted_by(self, message: SeenMessage, submission: Submission, preview: Preview) -> Event:
        owner = message.file.owner or message.peer
        facts = replace(
            _facts(self._do, submission, _Sender(owner, verified=True)),
            warning=_disagreement(owner, message, submission),
            size=message.file.size,
        )
        return Event(
            step_key(submission, "submitted"),
            Kind.JOB_SUBMITTED,
            event_time(message.file, self._now),
            facts,
            preview=preview,
            file=message.file.id,
        )

    # Job folders on disk.

    def _job_events(self, job: LocalJob, details: LocalDetails) -> list[Event]:
        key = step_key(job.submission, "submitted")
        known = self._announced.get(key)
        sender = self._sender(job, known)
        past = self._first_look and known is None and not self._memory.seen(key) and not is_waiting(job)
        if sender is None and not past:
            return []
        facts = _facts(self._do, job.submission, sender or _Sender(job.submission.claimed_ds, verified=False))
        events = [] if known else [self._submitted_on_disk(job, facts, details)]
        events += [
            Event(self._later_key(job, kind), kind, job.changed_at or self._now, self._later_facts(job, facts, details))
            for kind in _later_steps(job.status)
        ]
        unseen = [event for event in events if not self._memory.seen(event.key)]
        return [replace(event, decision=Decision.BASELINE) for event in unseen] if past else unseen

    def _submitted_on_disk(self, job: LocalJob, facts: JobFacts, details: LocalDetails) -> Event:
        key = step_key(job.submission, "submitted")
        at = job.submission.submitted_at or job.changed_at or self._now
        event = Event(key, Kind.JOB_SUBMITTED, min(at, self._now), facts, preview=details.preview)
        return event if self._memory.seen(key) else self._completing(event, job)

    def _completing(self, event: Event, job: LocalJob) -> Event:
        """A job may be what an earlier message without a readable name announced; then that is not told twice."""
        new = [
            OpaqueRecord(e.key, e.facts.ds, e.facts.submitted_at or e.at)
            for e in self._announced.values()
            if isinstance(e.facts, JobFacts) and e.facts.opaque
        ]
        nameless = [record for record in (*self._memory.opaque(), *new) if record.event_key not in self._matched]
        match = _nearest(nameless, job.submission)
        if match is None:
            return event
        self._matched.add(match.event_key)
        if match.event_key in self._announced:
            # Nobody was told yet: tell of the job by its name instead.
            untold = self._announced[match.event_key]
            self._announced[match.event_key] = replace(untold, decision=Decision.COMPLETED)
            return event
        return replace(event, decision=Decision.COMPLETED, completes=match.event_key)

    def _sender(self, job: LocalJob, known: Event | None) -> _Sender | None:
        """Who submitted a job that lies on disk; the folder's name is only what a message claimed.

        Believed are the owner of its message on Drive and, where no message is known, a peer whom the owner
        accepted. None when that cannot be told now, and so must wait.
        """
        if known is not None:
            return _Sender(known.facts.ds, verified=True)
        owner = self._memory.sender(step_key(job.submission, "submitted"))
        if owner:
            return _Sender(owner, verified=True)
        if self._accepted is None:
            return None
        claimed = job.submission.claimed_ds
        return _Sender(claimed, verified=claimed in self._accepted)

    def _later_key(self, job: LocalJob, kind: Kind) -> str:
        return step_key(job.submission, _STEPS[kind]) if kind in _STEPS else outcome_key(job)

    def _later_facts(self, job: LocalJob, facts: JobFacts, details: LocalDetails) -> JobFacts:
        return replace(facts, reason=job.reason, return_code=job.return_code, stderr_tail=details.stderr_tail)


def _later_steps(status: JobStatus) -> list[Kind]:
    """The steps after submission that a status implies; those passed between two looks are told too."""
    if status is JobStatus.REJECTED:
        return [Kind.JOB_REJECTED]
    steps = [Kind.JOB_APPROVED] if status in _APPROVED else []
    return [*steps, _FINISHED[status]] if status in _FINISHED else steps


def _facts(do: str, submission: Submission, sender: _Sender) -> JobFacts:
    return JobFacts(
        do=do,
        ds=sender.ds,
        job=submission.name,
        key=submission.key,
        identity=submission.identity,
        layout=submission.layout,
        verified=sender.verified,
        submitted_at=submission.submitted_at,
        code_type=submission.code_type,
        entry_point=submission.entry_point,
        dependencies=submission.dependencies,
        files=submission.files,
    )


def _disagreement(owner: str, message: SeenMessage, submission: Submission) -> str:
    """What the owner should know when the message claims another sender than Drive's owner of the file."""
    claims = {message.peer, message.contents.claimed_sender.lower(), submission.claimed_ds.lower()} - {owner, ""}
    if not claims:
        return ""
    return f"Drive says that {owner} sent this, but the submission names {', '.join(sorted(claims))}."


def _sent_at(file: RemoteFile) -> datetime:
    """When the DS sent a message, by the DS's clock: `msgv2_<unix seconds>_<uuid>.tar.gz`; else when Drive got it."""
    try:
        return datetime.fromtimestamp(float(file.name.split("_")[1]), timezone.utc)
    except (ValueError, IndexError, OverflowError, OSError):
        return file.created_at


def _nearest(candidates: Sequence[OpaqueRecord], submission: Submission) -> OpaqueRecord | None:
    if submission.submitted_at is None:
        return None
    submitted_at = submission.submitted_at.astimezone(timezone.utc)
    near = [
        (abs(candidate.sent_at - submitted_at), candidate.event_key, candidate)
        for candidate in candidates
        if candidate.ds == submission.claimed_ds and abs(candidate.sent_at - submitted_at) <= COMPLETION_WINDOW
    ]
    return min(near)[2] if near else None
