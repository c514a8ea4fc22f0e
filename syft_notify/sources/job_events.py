"""Decides, from what was seen of jobs on Drive and on disk, which events that makes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain

from syft_notify.domain.accounts import account_of, is_same_account
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.domain.model import (
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
    Unidentified,
)
from syft_notify.domain.ports import Memory, UnidentifiedRecord
from syft_notify.sources.folders import Sender, event_time
from syft_notify.sources.matching import UnidentifiedSubmissions, message_key
from syft_notify.syftbox.layouts import printable

LOCAL = "local"

_WAITING = (JobStatus.RECEIVED, JobStatus.PENDING)
_FINISHED = {JobStatus.DONE: Kind.JOB_EXECUTED, JobStatus.FAILED: Kind.JOB_FAILED}
_APPROVED = (JobStatus.APPROVED, JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED)
_HIDDEN = "Drive does not say who owns this submission, so anybody may have sent it."
_STEPS = {Kind.JOB_SUBMITTED: "submitted", Kind.JOB_APPROVED: "approved", Kind.JOB_REJECTED: "rejected"}


@dataclass(frozen=True)
class SeenMessage:
    """A message on Drive with its contents, the address for which its folder is named, and who sent it."""

    file: RemoteFile
    folder: str
    contents: MessageContents
    sender: Sender


@dataclass(frozen=True)
class DriveScan:
    """The Drive half of a look.

    `files` need no second look; `waiting` are all messages in inboxes, old and new; `unread` says that there may be
    messages which could not be read now, but perhaps in a moment; `unread_of` are the senders of those that the owner's
    client read and we did not. `accepted` is None when Drive could not say whom the owner accepted.
    `whole` says that all archives were listed, so that what is found in them later is new. `listed` are all messages,
    if none can have been missed; `odd` says in words what could not be understood. `addresses` are those for mails, by
    account. If not `full`, there may be messages that the changes feed did not show.
    """

    messages: tuple[SeenMessage, ...] = ()
    files: tuple[str, ...] = ()
    waiting: frozenset[str] = frozenset()
    unread: bool = True
    unread_of: frozenset[str] = frozenset()
    accepted: frozenset[str] | None = None
    whole: bool = False
    problems: tuple[str, ...] = ()
    credential: str = ""
    listed: frozenset[str] | None = None
    full: bool = True
    by_feed: int = 0
    by_reconcile: int = 0
    odd: tuple[str, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalDetails:
    """What only a mail needs of a local job."""

    preview: Preview | None = None
    stderr_tail: str = ""


def past_part(path: str) -> str:
    """The part of the world that a job is which could not be read in the first whole look at the disk."""
    return f"{LOCAL} {path}"


def is_past(job: LocalJob, memory: Memory) -> bool:
    """Whether what happened to a job on disk, other than through Drive, happened before our first look.

    A job that waits for the owner is never of the past.
    """
    if job.readable and job.status in _WAITING:
        return False
    first_look = not memory.started(LOCAL) or memory.started(past_part(job.path))
    return first_look and not memory.seen(step_key(job.submission, "submitted"))


def step_key(submission: Submission, step: str) -> str:
    """The key of what happens once to a submission: a status that comes again after going backwards is no news."""
    return f"job:{submission.key}:{submission.identity}:{step}"


def outcome_key(job: LocalJob, run: str | None = None) -> str:
    """The key of a finished run: a rerun that finishes is news."""
    step = _FINISHED[job.status].value.removeprefix("job_")
    return f"{step_key(job.submission, step)}:{job.run if run is None else run}"


def is_told(job: LocalJob, memory: Memory) -> bool:
    """Whether the memory holds everything that a job's state implies, so that there is nothing to compare."""
    if not job.readable or not memory.seen(step_key(job.submission, "submitted")):
        return False
    return all(memory.seen(_key_of(job, kind)) for kind in _later_steps(job.status))


def _key_of(job: LocalJob, kind: Kind) -> str:
    return step_key(job.submission, _STEPS[kind]) if kind in _STEPS else outcome_key(job)


def is_unexplained(job: LocalJob, memory: Memory, drive: DriveScan) -> bool:
    """Whether only a look at everything on Drive can tell whose job on disk this is."""
    key = step_key(job.submission, "submitted")
    if drive.full or drive.unread or memory.sender(key) or is_past(job, memory):
        return False
    submissions = (found for message in drive.messages for found, _ in message.contents.submissions)
    return all(step_key(submission, "submitted") != key for submission in submissions)


def is_copied(job: LocalJob, memory: Memory) -> bool:
    """Whether the run was told before the job's folder was copied or restored, which changes the times of its files."""
    if not job.copy:
        return False
    told = list(memory.seen_like(outcome_key(job, "")))
    return bool(told) and not any(key.startswith(outcome_key(job, job.copy)) for key in told)


class JobDetector:
    """Turns one look into events; `failed` are the jobs that could not be compared, in words."""

    def __init__(self, do: str, memory: Memory, drive: DriveScan, now: datetime) -> None:
        self._do = do
        self._memory = memory
        self._drive = drive
        self._now = now
        self._announced: dict[str, Event] = {}
        self._nameless = UnidentifiedSubmissions((), ())
        self._matches: dict[str, UnidentifiedRecord] = {}
        self.failed: list[str] = []

    def detect(self, jobs: Sequence[LocalJob], details: Mapping[str, LocalDetails]) -> Iterator[Event]:
        """The events, in the order in which things happened to each job.

        Those of the past are made one by one when they are asked for: at a first look there may be very many.
        """
        for message in self._drive.messages:
            for event in self._guarded_message_events(message):
                self._announced.setdefault(event.key, event)
        self._match_nameless(jobs)
        past = [job for job in jobs if self._is_past(job)]
        gone = {job.path for job in past}
        news: list[Event] = []
        for job in jobs:
            with ItemGuard(printable(job.path), self.failed):
                news += [] if job.path in gone else self._job_events(job, details.get(job.path, LocalDetails()))
        return chain(self._announced.values(), news, chain.from_iterable(map(self._past_events, past)))

    def _guarded_message_events(self, message: SeenMessage) -> list[Event]:
        """What a message tells; of one that cannot be compared the owner hears at least that it is there."""
        failed: list[str] = []
        with ItemGuard("it cannot be compared with what is known", failed):
            return self._message_events(message)
        return [self._opaque_event(message, Unidentified.UNREADABLE, failed[0])]

    def _message_events(self, message: SeenMessage) -> list[Event]:
        if unidentified := message.contents.unidentified:
            return [self._opaque_event(message, unidentified, message.contents.reason)]
        return [self._submitted_by(message, *found) for found in message.contents.submissions]

    def _opaque_event(self, message: SeenMessage, unidentified: Unidentified, reason: str) -> Event:
        file = message.file
        facts = JobFacts(
            do=self._do,
            ds=message.sender.ds,
            verified=message.sender.verified,
            warning="" if message.sender.verified else _HIDDEN,
            job=f"{unidentified.value} submission",
            key=f"message:{file.id}",
            identity=file.id,
            submitted_at=_sent_at(file, self._now),
            unidentified=unidentified,
            size=file.size,
            reason=reason,
        )
        return Event(message_key(file.id), Kind.JOB_SUBMITTED, event_time(file, self._now), facts, file=file.id)

    def _submitted_by(self, message: SeenMessage, submission: Submission, preview: Preview) -> Event:
        facts = replace(
            _facts(self._do, submission, message.sender),
            warning=_disagreement(message, submission),
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

    def _match_nameless(self, jobs: Sequence[LocalJob]) -> None:
        """A job that is new may be what a message without a readable name announced; then that is not told twice."""
        new = [
            UnidentifiedRecord(event.key, event.facts.ds, event.facts.submitted_at or event.at)
            for event in self._announced.values()
            if isinstance(event.facts, JobFacts) and event.facts.unidentified
        ]
        records = (*self._memory.unidentified(), *new)
        self._nameless = UnidentifiedSubmissions(records, self._drive.waiting, self._drive.unread_of)
        if self._drive.unread:
            return
        for job in jobs:
            if self._is_unheard_of(job) and (match := self._nameless.take(job.submission)):
                self._matches[job.path] = match

    def _is_unheard_of(self, job: LocalJob) -> bool:
        key = step_key(job.submission, "submitted")
        return not (key in self._announced or self._memory.seen(key) or is_past(job, self._memory))

    def _is_past(self, job: LocalJob) -> bool:
        return step_key(job.submission, "submitted") not in self._announced and is_past(job, self._memory)

    def _past_events(self, job: LocalJob) -> Iterator[Event]:
        if not job.readable:
            return
        with ItemGuard(printable(job.path), self.failed):
            sender = self._sender(job, None) or Sender(job.submission.claimed_ds, verified=False)
            facts = _facts(self._do, job.submission, sender)
            events = [self._submitted_on_disk(job, facts, LocalDetails())]
            events += [self._later_event(job, kind, facts) for kind in _later_steps(job.status)]
            news = (event for event in events if not self._memory.seen(event.key))
            yield from (replace(event, decision=Decision.BASELINE) for event in news)

    def _job_events(self, job: LocalJob, details: LocalDetails) -> list[Event]:
        known = self._announced.get(step_key(job.submission, "submitted"))
        sender = self._sender(job, known)
        if sender is None:
            return []
        facts = _facts(self._do, job.submission, sender)
        events = [] if known else [self._submitted_on_disk(job, facts, details)]
        facts = replace(facts, reason=job.reason, return_code=job.return_code, stderr_tail=details.stderr_tail)
        events += [self._later_event(job, kind, facts) for kind in _later_steps(job.status)]
        return [event for event in events if not self._memory.seen(event.key)]

    def _submitted_on_disk(self, job: LocalJob, facts: JobFacts, details: LocalDetails) -> Event:
        key = step_key(job.submission, "submitted")
        at = job.submission.submitted_at or job.changed_at or self._now
        event = Event(key, Kind.JOB_SUBMITTED, min(at, self._now), facts, preview=details.preview)
        match = self._matches.get(job.path)
        if match is None:
            return event
        if match.event_key in self._announced:
            # Nobody was told yet: tell of the job by its name instead.
            untold = self._announced[match.event_key]
            self._announced[match.event_key] = replace(untold, decision=Decision.COMPLETED)
            return event
        return replace(event, decision=Decision.COMPLETED, completes=match.event_key)

    def _later_event(self, job: LocalJob, kind: Kind, facts: JobFacts) -> Event:
        at = min(job.changed_at or self._now, self._now)
        key = _key_of(job, kind)
        if kind in _STEPS:
            return Event(key, kind, at, facts)
        told = not self._memory.seen(key) and is_copied(job, self._memory)
        return Event(key, kind, at, facts, Decision.ALREADY_SEEN if told else Decision.SEND)

    def _sender(self, job: LocalJob, known: Event | None) -> Sender | None:
        """Who submitted a job that lies on disk; the folder's name is only what a message claimed.

        Believed are the owner of its message on Drive and, where no message is known, a peer whom the owner accepted
        and nobody else's unreadable message can have named. None when that cannot be told now, and so must wait.
        """
        if known is not None:
            facts = known.facts
            return Sender(facts.ds, facts.verified)
        key = step_key(job.submission, "submitted")
        owner = self._memory.sender(key)
        if owner:
            return Sender(owner, verified=True)
        if not self._drive.full:
            return None
        claimed, accepted = job.submission.claimed_ds, self._drive.accepted
        account = account_of(claimed)
        address = self._drive.addresses.get(account, claimed)
        if self._memory.unproven(key):
            return Sender(address, verified=False)
        undecided = self._drive.unread and not self._memory.seen(key) and self._nameless.nearest(job.submission)
        if accepted is None or undecided:
            return None
        if job.path not in self._matches and self._nameless.may_be_of_another(claimed):
            return None if self._drive.unread else Sender(address, verified=False)
        return Sender(address, verified=account in accepted)


def _later_steps(status: JobStatus) -> list[Kind]:
    """The steps after submission that a status implies; those passed between two looks are told too."""
    if status is JobStatus.REJECTED:
        return [Kind.JOB_REJECTED]
    steps = [Kind.JOB_APPROVED] if status in _APPROVED else []
    return [*steps, _FINISHED[status]] if status in _FINISHED else steps


def _facts(do: str, submission: Submission, sender: Sender) -> JobFacts:
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
        file_count=submission.file_count,
    )


def _disagreement(message: SeenMessage, submission: Submission) -> str:
    """What the owner should know when the message claims another sender than Drive's owner of the file, or has none."""
    sender = message.sender
    if not sender.verified:
        return _HIDDEN
    claims = {message.folder, message.contents.claimed_sender.lower(), submission.claimed_ds.lower()} - {""}
    others = sorted(claim for claim in claims if not is_same_account(claim, sender.ds))
    return f"Drive says that {sender.ds} sent this, but the submission names {', '.join(others)}." if others else ""


def _sent_at(file: RemoteFile, now: datetime) -> datetime:
    """When the DS sent a message, by the DS's clock: `msgv2_<unix seconds>_<uuid>.tar.gz`; else when Drive got it."""
    try:
        return datetime.fromtimestamp(float(file.name.split("_")[1]), UTC)
    except (ValueError, IndexError, OverflowError, OSError):
        return event_time(file, now)
