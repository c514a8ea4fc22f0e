"""Gathers what one look and the memory know of who sent each job on disk, and says who is believed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from syft_notify.domain.addresses import account_of
from syft_notify.domain.ids import JobId, SubmissionId
from syft_notify.domain.jobs import LocalJob, Submission
from syft_notify.domain.ports import Memory, UnidentifiedRecord
from syft_notify.sources.drive_scan import DriveScan
from syft_notify.sources.folders import Sender
from syft_notify.sources.job_history import APPROVED, is_past, is_submission_seen, known_candidates, submission_id
from syft_notify.sources.matching import Evidence, UnidentifiedSubmissions, believed, chosen, fits


class JobSenders:
    """Who sent the jobs on disk, as far as one look at Drive and the memory tell."""

    def __init__(
        self,
        memory: Memory,
        drive: DriveScan,
        jobs: Sequence[LocalJob],
        found: Collection[SubmissionId],
        unidentified: Iterable[UnidentifiedRecord],
    ) -> None:
        """`found` are the submissions in the messages of this look, `unidentified` those that nobody can read."""
        self._memory = memory
        self._drive = drive
        self._found: dict[tuple[JobId, str], set[str]] = {}
        for about in found:
            self._found.setdefault((about.job, about.mark), set()).add(about.sender)
        self._unidentified = UnidentifiedSubmissions([*memory.unidentified(), *unidentified])
        self.matches = {} if drive.unread else self._matched(jobs)
        self._approved = self._approved_among(jobs) if drive.unanswered else frozenset()

    def is_announced(self, submission: Submission) -> bool:
        """Whether a message of this look tells of the job."""
        return (submission.job, submission.identity) in self._found

    def of(self, job: LocalJob) -> Sender | None:
        """Who is believed to have sent a job; None when that cannot be told now, and so must wait."""
        submission = job.submission
        evidence = self._evidence(job)
        account = believed(evidence)
        if account is None:
            return None
        if account:
            return Sender(self._address(account, submission), verified=True)
        named = self._address(evidence.path, submission) or submission.claimed_ds
        return Sender(named, verified=False, warning=_dispute(evidence))

    def of_past(self, job: LocalJob) -> tuple[SubmissionId, Sender]:
        """As whose a job of the past is remembered: nobody's without a message. The sender is only what files say.

        The archive is not read for it, and whoever sends such a message later must not become its sender.
        """
        submission = job.submission
        path = account_of(submission.claimed_ds)
        account = chosen(path, self._candidates(submission)) or ""
        accepted = self._drive.full and bool(self._is_accepted(path))
        sender = Sender(self._address(account or path, submission), verified=bool(account) or accepted)
        return submission_id(submission, account), sender

    def _evidence(self, job: LocalJob) -> Evidence:
        submission, drive = job.submission, self._drive
        path = account_of(submission.claimed_ds)
        others = [record for record in drive.withheld if record.sender != path and fits(record.sent_at, submission)]
        junk = drive.unread and self._unidentified.nearest(submission) is not None
        return Evidence(
            path=path,
            candidates=self._candidates(submission),
            searching=job.path in drive.sought,
            incomplete=not (drive.full and drive.whole) or junk or bool(others and drive.unread),
            unreadable=job.path in self.matches,
            withheld=bool(others),
            accepted=self._is_accepted(path),
        )

    def _candidates(self, submission: Submission) -> Collection[str]:
        now = self._found.get((submission.job, submission.identity), set())
        return known_candidates(submission, self._memory, now)

    def _is_accepted(self, account: str) -> bool | None:
        drive = self._drive
        if drive.accepted is None:
            return None
        if account in drive.unanswered:
            return account in self._approved or self._memory.approved(account)
        return account in drive.accepted

    def _address(self, account: str, submission: Submission) -> str:
        claimed = submission.claimed_ds
        return self._drive.addresses.get(account) or (claimed if account_of(claimed) == account else account)

    def _matched(self, jobs: Iterable[LocalJob]) -> dict[str, UnidentifiedRecord]:
        """A job that is new may be what a message that nobody can read brought; then that is not told twice."""
        found = {}
        for job in jobs:
            if self._is_unheard_of(job) and (match := self._unidentified.take(job.submission)):
                found[job.path] = match
        return found

    def _is_unheard_of(self, job: LocalJob) -> bool:
        submission, memory = job.submission, self._memory
        return not (self.is_announced(submission) or is_submission_seen(submission, memory) or is_past(job, memory))

    def _approved_among(self, jobs: Iterable[LocalJob]) -> frozenset[str]:
        """Whose jobs, by their messages, the owner approved."""
        approved = (job.submission for job in jobs if job.status in APPROVED)
        accounts = (chosen(account_of(found.claimed_ds), self._candidates(found)) for found in approved)
        return frozenset(account for account in accounts if account)


def _dispute(evidence: Evidence) -> str:
    senders = sorted(filter(None, evidence.candidates))
    return f"Nobody knows whose this job is: {', '.join(senders)} sent messages with it." if senders else ""
