"""Looks in the archives for the message that brought a job on disk, where none of its path's peer is known.

What was archived before our first look is not read otherwise, and the path of a job proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from syft_notify.domain.addresses import account_of
from syft_notify.domain.ids import EventId, MessageId
from syft_notify.domain.jobs import LocalJob, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.ports import Memory
from syft_notify.sources.drive_scan import SeenMessage, sent_at
from syft_notify.sources.folders import Survey
from syft_notify.sources.job_history import is_past, known_candidates
from syft_notify.sources.matching import fitting
from syft_notify.sources.messages import Found, MessageReader

# So many archived messages are read in one poll; the jobs whose turn does not come wait for the next polls.
MAX_SEARCHED = 100


@dataclass(frozen=True)
class Searched:
    """Archived messages that may have brought the jobs in question.

    `unread` are those that were not read, `sought` the paths of the jobs for which a later look may read one.
    """

    messages: tuple[SeenMessage, ...] = ()
    unread: tuple[Found, ...] = ()
    sought: frozenset[str] = frozenset()


@dataclass
class _Sought:
    """A job whose message is sought: `senders` are known to have sent one, `own` and `others` may have."""

    job: LocalJob
    senders: Collection[str]
    own: list[Found]
    others: list[Found]

    def wanted(self, read: Collection[str], *, own: bool) -> list[Found]:
        """The messages to read. With a message of somebody else only one of the path's peer changes anything."""
        if account_of(self.job.submission.claimed_ds) in self.senders or (self.senders and not own):
            return []
        return [found for found in (self.own if own else self.others) if found[1].id not in read]


class ArchiveSearch:
    """Reads the archived messages that were sent when a job was submitted, each of them once.

    Those of the peer whom the path names come first: where one of them is the job's, nobody else's is read.
    """

    def __init__(self, reader: MessageReader) -> None:
        self._reader = reader
        self._read: dict[str, SeenMessage] = {}

    def search(
        self, jobs: Iterable[LocalJob], read_now: Sequence[SeenMessage], survey: Survey, memory: Memory
    ) -> Searched:
        """Look for the messages of those jobs of which no message of their peer is known. Raises `CredentialFault`."""
        unproven = [job for job in jobs if not _is_proven(job, read_now, memory) and not is_past(job, memory)]
        sought = self._sought(unproven, read_now, survey, memory) if unproven else []
        self._forget({file.id for one in sought for _, file in (*one.own, *one.others)}, memory)
        messages: list[SeenMessage] = []
        for own in (True, False):
            wanted = _different(found for one in sought for found in one.wanted(self._read, own=own))
            read, late = self._reader.read(self._reader.due(wanted)[: MAX_SEARCHED - len(messages)], survey)
            messages += (replace(message, past=True) for message in read)
            self._read |= {message.file.id: _without_code(message) for message in read}
            for one in sought:
                one.senders = {*one.senders, *_senders(one.job, read)}
            if late:
                break
        left = [found for one in sought for own in (True, False) for found in one.wanted(self._read, own=own)]
        return Searched(
            (*messages, *self._unreadable(messages)),
            tuple(_different(left)),
            frozenset(one.job.path for one in sought if self._is_to_wait(one, survey)),
        )

    def _is_to_wait(self, one: _Sought, survey: Survey) -> bool:
        """Whether a message that was not read now may say, in a moment, whose the job is.

        The peer whom the path names and the owner accepted needs no message of their own that could not be fetched.
        """
        needs_own = account_of(one.job.submission.claimed_ds) not in survey.accepted - survey.unanswered
        own = [file for _, file in one.wanted(self._read, own=True) if needs_own or not self._reader.has_failed(file)]
        others = [file for _, file in one.wanted(self._read, own=False)]
        return not all(map(self._reader.is_withheld, (*own, *others)))

    def _sought(
        self, jobs: Sequence[LocalJob], read_now: Sequence[SeenMessage], survey: Survey, memory: Memory
    ) -> list[_Sought]:
        known = {message.file.id for message in read_now}
        new = (found for found in self._reader.archived() if found[1].id not in known)
        archived = sorted(((sent_at(file), (folder, file)) for folder, file in new), key=lambda one: one[0])
        sought = []
        for job in jobs:
            senders = known_candidates(job.submission, memory, _senders(job, read_now))
            one, path = _Sought(job, senders, [], []), account_of(job.submission.claimed_ds)
            for _, (folder, file) in archived[fitting(job.submission, archived)]:
                if not _is_told(file.id, memory):
                    is_own = survey.sender_of(folder, file).account == path
                    (one.own if is_own else one.others).append((folder, file))
            sought.append(one)
        return sought

    def _unreadable(self, read: Iterable[SeenMessage]) -> list[SeenMessage]:
        """Those that were found before and that nobody can read: they count again as long as they are sought."""
        now = {message.file.id for message in read}
        return [m for m in self._read.values() if m.contents.unidentified and m.file.id not in now]

    def _forget(self, fitting: Collection[str], memory: Memory) -> None:
        """Keep only what still matters; one that was not admitted is read again."""
        self._read = {i: message for i, message in self._read.items() if i in fitting and _is_kept(message, memory)}


def _is_proven(job: LocalJob, read_now: Sequence[SeenMessage], memory: Memory) -> bool:
    return account_of(job.submission.claimed_ds) in known_candidates(job.submission, memory, _senders(job, read_now))


def _senders(job: LocalJob, messages: Iterable[SeenMessage]) -> set[str]:
    """Who sent one of these messages with the job."""
    wanted = job.submission.job, job.submission.identity
    return {m.sender.account for m in messages for found in m.submissions if (found.job, found.identity) == wanted}


def _is_told(file: str, memory: Memory) -> bool:
    """Whether it was told as a message that nobody can read."""
    return memory.seen(EventId(MessageId(file), Kind.JOB_SUBMITTED))


def _is_kept(message: SeenMessage, memory: Memory) -> bool:
    """Whether the memory knows who sent the jobs in it."""
    return all(message.sender.account in memory.candidates(job.job, job.identity) for job in message.submissions)


def _without_code(message: SeenMessage) -> SeenMessage:
    found = tuple((submission, Preview()) for submission in message.submissions)
    return replace(message, past=True, contents=replace(message.contents, submissions=found))


def _different(found: Iterable[Found]) -> list[Found]:
    return list({file.id: (folder, file) for folder, file in found}.values())
