"""Matches submissions that were announced without a name with the jobs that appear on disk. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from syft_notify.domain.accounts import account_of, is_same_account
from syft_notify.domain.model import Submission
from syft_notify.domain.ports import UnidentifiedRecord

# A client makes the message right after it wrote the job's time of submission, by the same clock.
_EARLIEST, _LATEST = timedelta(seconds=-5), timedelta(minutes=10)


def message_key(file_id: str) -> str:
    """The event that announces a message when nobody can tell what job is in it."""
    return f"message:{file_id}:submitted"


class UnidentifiedSubmissions:
    """What was announced without a name and is no job on disk yet."""

    def __init__(
        self, records: Iterable[UnidentifiedRecord], waiting: Collection[str], unread_of: Collection[str] = ()
    ) -> None:
        """`waiting` are the ids of the messages in inbox folders: the owner's client did not read them yet.

        `unread_of` are the senders of messages that only the owner's client could read, and that are not announced.
        """
        self._unread_of = frozenset(unread_of)
        self._open = {record.event_key: record for record in records}
        self._unread = {message_key(file_id) for file_id in waiting}

    def nearest(self, submission: Submission) -> UnidentifiedRecord | None:
        """The one that may be this job: sent by its DS and right after it was written."""
        if submission.submitted_at is None:
            return None
        account = account_of(submission.claimed_ds)
        written_at = submission.submitted_at.astimezone(UTC)
        near = [
            (_gap(record.sent_at, written_at), record.event_key)
            for record in self._open.values()
            if account_of(record.ds) == account and _EARLIEST <= record.sent_at - written_at <= _LATEST
        ]
        return self._open[min(near)[1]] if near else None

    def take(self, submission: Submission) -> UnidentifiedRecord | None:
        """Like `nearest`, for good: it is no other job."""
        found = self.nearest(submission)
        if found is not None:
            del self._open[found.event_key]
        return found

    def may_be_of_another(self, ds: str) -> bool:
        """Whether the owner's client read a message of another DS that may have put a job into this one's folder."""
        read = [record.ds for key, record in self._open.items() if key not in self._unread]
        return any(not is_same_account(sender, ds) for sender in (*read, *self._unread_of))


def _gap(one: datetime, other: datetime) -> timedelta:
    return abs(one - other)
