"""Decides, from what was seen of jobs on Drive and on disk, which events that makes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from syft_notify.domain.addresses import account_of, is_same_account
from syft_notify.domain.ids import EventId, JobId, MessageId, SubmissionId
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.domain.jobs import CodeChange, LocalJob, Preview, Submission, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, JobFacts
from syft_notify.domain.ports import Memory, UnidentifiedRecord
from syft_notify.domain.text import printable
from syft_notify.sources.drive_scan import DriveScan, SeenMessage, sent_at
from syft_notify.sources.folders import Sender, event_time
from syft_notify.sources.job_history import (
    FINISHED,
    is_copied,
    is_past,
    known_candidates,
    later_steps,
    step_id,
    submission_id,
)
from syft_notify.sources.senders import JobSenders


@dataclass(frozen=True)
class LocalDetails:
    """What only a mail needs of a local job."""

    preview: Preview | None = None
    stderr_tail: str = ""


def is_unexplained(job: LocalJob, memory: Memory, drive: DriveScan) -> bool:
    """Whether only a look at everything on Drive can tell whose job on disk this is."""
    submission = job.submission
    if drive.full or drive.unread or known_candidates(submission, memory) or is_past(job, memory):
        return False
    return not any(_is_same_job(found, submission) for message in drive.messages for found in message.submissions)


class JobDetector:
    """Turns one look into events; `failed` are the jobs that could not be compared, in words."""

    def __init__(self, do: str, memory: Memory, drive: DriveScan, now: datetime) -> None:
        self._do = do
        self._memory = memory
        self._drive = drive
        self._now = now
        self._announced: dict[EventId, Event] = {}
        self._unreadable: list[UnidentifiedRecord] = []
        self.failed: list[str] = []

    def detect(self, jobs: Sequence[LocalJob], details: Mapping[str, LocalDetails]) -> Iterator[Event]:
        """The events, in the order in which things happened to each job.

        Those of the past are made one by one when they are asked for: at a first look there may be very many.
        """
        gone = {job.path for job in jobs if is_past(job, self._memory)}
        waiting = {(job.submission.job, job.submission.identity) for job in jobs if job.path not in gone}
        for message in self._drive.messages:
            for event in map(self._or_change, self._message_events(message, waiting)):
                self._announced.setdefault(event.id, event)
        found = self._submitted_now()
        for message in self._drive.messages:
            for event in self._change_events(message, found):
                self._announced.setdefault(event.id, event)
        self._senders = JobSenders(self._memory, self._drive, jobs, found, self._unreadable)
        past = [job for job in jobs if job.path in gone and not self._senders.is_announced(job.submission)]
        gone = {job.path for job in past}
        news: list[Event] = []
        for job in jobs:
            with ItemGuard(printable(job.path), self.failed):
                news += [] if job.path in gone else self._job_events(job, details.get(job.path, LocalDetails()))
        return chain(self._announced.values(), news, chain.from_iterable(map(self._past_events, past)))

    def _message_events(self, message: SeenMessage, waiting: Collection[tuple[JobId, str]]) -> list[Event]:
        """What a message tells; of one that cannot be compared the owner hears at least that it is there.

        A past one tells of the jobs for which it was read. What else is in it, and is not known, is of the past.
        """
        failed: list[str] = []
        unidentified, reason = message.contents.unidentified, message.contents.reason
        if unidentified is None:
            with ItemGuard("it cannot be compared with what is known", failed):
                told = [self._submitted_by(message, *found) for found in message.contents.submissions]
                return self._without_past(told, waiting) if message.past else told
            unidentified, reason = Unidentified.UNREADABLE, failed[0]
        self._unreadable.append(message.record)
        return [] if message.past else [self._unidentified_event(message, unidentified, reason)]

    def _without_past(self, events: list[Event], waiting: Collection[tuple[JobId, str]]) -> list[Event]:
        """What was told and is proven is left out; what was told as unproven is not news, but its proof is kept."""

        def told(event: Event) -> Event | None:
            about = event.id.about
            assert isinstance(about, SubmissionId)  # noqa: S101 - tells mypy that these messages could be read
            if self._memory.seen(event.id) and about.sender in self._memory.candidates(about.job, about.mark):
                return None
            is_waiting = (about.job, about.mark) in waiting
            return event if is_waiting else replace(event, decision=Decision.BASELINE)

        return [found for event in events if (found := told(event)) is not None]

    def _or_change(self, event: Event) -> Event:
        """The event, or that the code changed if the submission is told with other code before."""
        about = event.id.about
        if not event.content or not isinstance(about, SubmissionId):
            return event
        before = self._announced.get(event.id)
        told = {before.content} if before else {*self._memory.contents(about)}
        if event.content in told or not told:
            return event
        return replace(event, id=EventId(about, Kind.JOB_CHANGED, event.content))

    def _submitted_now(self) -> list[SubmissionId]:
        """The submissions in the messages of this look."""
        new = (event.about for event in self._announced if event.kind is Kind.JOB_SUBMITTED)
        return [about for about in new if isinstance(about, SubmissionId)]

    def _change_events(self, message: SeenMessage, found: Sequence[SubmissionId]) -> list[Event]:
        """What a message changes in jobs that were told; a `past` one was there before the job was told."""
        events: list[Event] = []
        for change in () if message.past else message.contents.changes:
            told = [*self._memory.submissions(change.job), *(about for about in found if about.job == change.job)]
            if told:
                own = [about for about in told if about.sender == message.sender.account]
                events.append(self._changed_by(message, change, (own or told)[-1]))
        return events

    def _changed_by(self, message: SeenMessage, change: CodeChange, about: SubmissionId) -> Event:
        job, sender = change.job, message.sender
        others = sorted({about.sender, account_of(job.folder)} - {"", sender.account})
        of_another = f"Drive says that {sender.ds} sent this change of a job of {', '.join(others)}." if others else ""
        facts = JobFacts(
            do=self._do,
            ds=self._drive.addresses.get(about.sender, about.sender) or job.folder or sender.ds,
            job=job.name,
            key=f"{job.folder}/{job.name}" if job.folder else job.name,
            identity=about.mark,
            layout=change.layout,
            verified=bool(about.sender),
            warning=of_another if sender.verified else sender.warning,
            file_count=change.file_count,
            size=message.file.size,
        )
        changed = EventId(about, Kind.JOB_CHANGED, change.content)
        at, file = event_time(message.file, self._now), message.file.id
        return Event(changed, at, facts, preview=change.preview, file=file, content=change.content)

    def _unidentified_event(self, message: SeenMessage, unidentified: Unidentified, reason: str) -> Event:
        file = message.file
        facts = JobFacts(
            do=self._do,
            ds=message.sender.ds,
            verified=message.sender.verified,
            warning=message.sender.warning,
            job=f"{unidentified.value} submission",
            key=f"message:{file.id}",
            identity=file.id,
            submitted_at=sent_at(file),
            unidentified=unidentified,
            size=file.size,
            reason=reason,
        )
        about = EventId(MessageId(file.id), Kind.JOB_SUBMITTED)
        return Event(about, event_time(file, self._now), facts, file=file.id)

    def _submitted_by(self, message: SeenMessage, submission: Submission, preview: Preview) -> Event:
        facts = replace(
            _facts(self._do, submission, message.sender),
            warning=_disagreement(message, submission),
            size=message.file.size,
        )
        about = EventId(submission_id(submission, message.sender.account), Kind.JOB_SUBMITTED)
        at, file = event_time(message.file, self._now), message.file.id
        return Event(about, at, facts, preview=preview, file=file, content=submission.content)

    def _past_events(self, job: LocalJob) -> Iterator[Event]:
        if not job.readable:
            return
        with ItemGuard(printable(job.path), self.failed):
            about, sender = self._senders.of_past(job)
            facts = _facts(self._do, job.submission, sender)
            events = [self._submitted_on_disk(job, about, facts, LocalDetails())]
            events += [self._later_event(job, about, kind, facts) for kind in later_steps(job.status)]
            news = (event for event in events if not self._memory.seen(event.id))
            yield from (replace(event, decision=Decision.BASELINE) for event in news)

    def _job_events(self, job: LocalJob, details: LocalDetails) -> list[Event]:
        sender = self._senders.of(job)
        if sender is None:
            return []
        about = submission_id(job.submission, sender.account)
        facts = _facts(self._do, job.submission, sender)
        known = EventId(about, Kind.JOB_SUBMITTED) in self._announced
        events = [] if known else [self._submitted_on_disk(job, about, facts, details)]
        facts = replace(facts, reason=job.reason, return_code=job.return_code, stderr_tail=details.stderr_tail)
        events += [self._later_event(job, about, kind, facts) for kind in later_steps(job.status)]
        return [event for event in events if not self._memory.seen(event.id)]

    def _submitted_on_disk(self, job: LocalJob, about: SubmissionId, facts: JobFacts, details: LocalDetails) -> Event:
        at = job.submission.submitted_at or job.changed_at or self._now
        submitted = EventId(about, Kind.JOB_SUBMITTED)
        event = Event(submitted, min(at, self._now), facts, preview=details.preview)
        match = self._senders.matches.get(job.path)
        if match is None:
            return event
        untold = EventId(match.message, Kind.JOB_SUBMITTED)
        if untold in self._announced:
            # Nobody was told yet: tell of the job by its name instead.
            self._announced[untold] = replace(self._announced[untold], decision=Decision.COMPLETED)
            return event
        if match in self._unreadable:
            return event
        return replace(event, decision=Decision.COMPLETED, completes=match.message)

    def _later_event(self, job: LocalJob, about: SubmissionId, kind: Kind, facts: JobFacts) -> Event:
        step = step_id(about, kind, job)
        event = Event(step, min(job.changed_at or self._now, self._now), facts)
        told = kind in FINISHED.values() and not self._memory.seen(step) and is_copied(job, about, kind, self._memory)
        return replace(event, decision=Decision.ALREADY_SEEN) if told else event


def _facts(do: str, submission: Submission, sender: Sender) -> JobFacts:
    return JobFacts(
        do=do,
        ds=sender.ds,
        job=submission.name,
        key=submission.key,
        identity=submission.identity,
        layout=submission.layout,
        verified=sender.verified,
        warning=sender.warning,
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
        return sender.warning
    claims = {message.folder, message.contents.claimed_sender.lower(), submission.claimed_ds.lower()} - {""}
    others = sorted(claim for claim in claims if not is_same_account(claim, sender.ds))
    return f"Drive says that {sender.ds} sent this, but the submission names {', '.join(others)}." if others else ""


def _is_same_job(one: Submission, other: Submission) -> bool:
    return (one.job, one.identity) == (other.job, other.identity)
