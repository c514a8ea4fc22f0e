"""Asks the memory what of a job on disk was told before. Pure."""

from __future__ import annotations

from collections.abc import Collection

from syft_notify.domain.addresses import account_of
from syft_notify.domain.ids import EventId, SubmissionId
from syft_notify.domain.jobs import JobStatus, LocalJob, Submission
from syft_notify.domain.kinds import Kind
from syft_notify.domain.ports import Memory
from syft_notify.sources.matching import chosen

LOCAL = "local"
APPROVED = (JobStatus.APPROVED, JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED)
FINISHED = {JobStatus.DONE: Kind.JOB_EXECUTED, JobStatus.FAILED: Kind.JOB_FAILED}

_WAITING = (JobStatus.RECEIVED, JobStatus.PENDING)


def submission_id(submission: Submission, sender: str = "") -> SubmissionId:
    """The submission as one of this account, which is empty while nobody is believed to have sent it."""
    return SubmissionId(submission.job, submission.identity, sender)


def known_candidates(submission: Submission, memory: Memory, now: Collection[str] = ()) -> Collection[str]:
    """Who is known to have sent a message with the job that lies on disk, those of `now` included.

    What was told before as nobody's was there before such a message, so it need not be of its sender: '' is among them.
    """
    found = {*memory.candidates(submission.job, submission.identity), *now}
    if not found or account_of(submission.claimed_ds) in found:
        return found
    was_nobodys = memory.seen(EventId(submission_id(submission), Kind.JOB_SUBMITTED))
    return {*found, ""} if was_nobodys else found


def told_as(submission: Submission, memory: Memory) -> SubmissionId:
    """As whose submission a job on disk was told, if it was."""
    path = account_of(submission.claimed_ds)
    sender = chosen(path, known_candidates(submission, memory))
    return submission_id(submission, path if sender is None else sender)


def is_submission_seen(submission: Submission, memory: Memory) -> bool:
    """Whether this submission is known, whatever became of it."""
    return memory.seen(EventId(told_as(submission, memory), Kind.JOB_SUBMITTED))


def later_steps(status: JobStatus) -> list[Kind]:
    """The steps after submission that a status implies; those passed between two looks are told too."""
    if status is JobStatus.REJECTED:
        return [Kind.JOB_REJECTED]
    steps = [Kind.JOB_APPROVED] if status in APPROVED else []
    return [*steps, FINISHED[status]] if status in FINISHED else steps


def step_id(about: SubmissionId, kind: Kind, job: LocalJob) -> EventId:
    """A status that comes again after going backwards is no news; another run that finishes is."""
    return EventId(about, kind, job.run if kind in FINISHED.values() else "")


def is_told(job: LocalJob, memory: Memory) -> bool:
    """Whether the memory holds everything that a job's state implies, so that there is nothing to compare."""
    if not job.readable:
        return False
    about = told_as(job.submission, memory)
    ids = [EventId(about, Kind.JOB_SUBMITTED), *(step_id(about, kind, job) for kind in later_steps(job.status))]
    return all(map(memory.seen, ids))


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
    return first_look and not is_submission_seen(job.submission, memory)


def is_copied(job: LocalJob, about: SubmissionId, kind: Kind, memory: Memory) -> bool:
    """Whether the run was told before the job's folder was copied or restored, which changes the times of its files."""
    if not job.copy:
        return False
    told = memory.runs(about, kind)
    return bool(told) and not any(run.startswith(job.copy) for run in told)
