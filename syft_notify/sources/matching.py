"""Who sent a job that lies on disk. Pure.

The path of a job is only what a message claimed: a client files a job where the message says, whoever sent it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syft_notify.domain.addresses import account_of
from syft_notify.domain.jobs import Submission
from syft_notify.domain.ports import UnidentifiedRecord

# A client makes the message right after it wrote the job's time of submission, by the same clock.
_EARLIEST, _LATEST = timedelta(seconds=-5), timedelta(minutes=10)


@dataclass(frozen=True)
class Evidence:
    """What is known of who sent a job on disk. All are accounts; '' is somebody of whom Drive says nothing.

    `path` is whom the path names, `candidates` are who sent a readable message with this job. `searching`: archived
    messages that may have brought it are still to be read. `incomplete`: this look may have missed its message.
    `unreadable`: the peer whom the path names sent, at its time, a message that cannot be read. `withheld`: Drive does
    not hand out a message that somebody else sent at its time. `accepted`: whether the owner accepted the peer whom the
    path names; None when that cannot be said now.
    """

    path: str
    candidates: Collection[str] = ()
    searching: bool = False
    incomplete: bool = False
    unreadable: bool = False
    withheld: bool = False
    accepted: bool | None = None


def believed(evidence: Evidence) -> str | None:
    """The account that is believed to have sent the job, '' for nobody, None while that cannot be told."""
    sender = chosen(evidence.path, evidence.candidates)
    if evidence.searching and (sender is None or sender != evidence.path):
        return None
    if sender is not None:
        return sender
    if evidence.incomplete:
        return None
    if evidence.unreadable:
        return evidence.path
    if evidence.withheld:
        return ""
    if evidence.accepted is None:
        return None
    return evidence.path if evidence.accepted else ""


def chosen(path: str, candidates: Collection[str]) -> str | None:
    """Of those who sent a message with this job the one whom its path names, else the only one, else '' for nobody.

    None where no message is known.
    """
    if path in candidates:
        return path
    if len(candidates) == 1:
        return next(iter(candidates))
    return "" if candidates else None


def fits(sent_at: datetime, submission: Submission) -> bool:
    """Whether a message that was sent then may be the one that brought this job."""
    if submission.submitted_at is None:
        return False
    return _EARLIEST <= sent_at - submission.submitted_at <= _LATEST


def fitting(submission: Submission, sent: Sequence[tuple[datetime, object]]) -> slice:
    """Which of these, sorted by the time of sending, `fits`. No time that somebody wrote is added to another."""
    written_at = submission.submitted_at
    if written_at is None:
        return slice(0)
    start = bisect_left(sent, _EARLIEST, key=lambda one: one[0] - written_at)
    return slice(start, bisect_right(sent, _LATEST, key=lambda one: one[0] - written_at))


class UnidentifiedSubmissions:
    """Messages of which nobody can read what job is in them, and that are no job on disk yet."""

    def __init__(self, records: Iterable[UnidentifiedRecord]) -> None:
        self._open = {record.message: record for record in records}

    def nearest(self, submission: Submission) -> UnidentifiedRecord | None:
        """The one that may be this job: sent by the peer whom its path names, right after it was written."""
        written_at, path = submission.submitted_at, account_of(submission.claimed_ds)
        if written_at is None or not path:
            return None
        near = [record for record in self._open.values() if record.sender == path and fits(record.sent_at, submission)]
        return min(near, key=lambda record: (abs(record.sent_at - written_at), record.message.file), default=None)

    def take(self, submission: Submission) -> UnidentifiedRecord | None:
        """Like `nearest`, for good: it is no other job."""
        found = self.nearest(submission)
        if found is not None:
            del self._open[found.message]
        return found
