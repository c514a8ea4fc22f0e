"""What each step makes us tell, to whom: subjects, headlines and kinds in the words of the contract with the users."""

from __future__ import annotations

from dataclasses import dataclass

from tests import titles

DO = "do@example.org"
DS = "ds@example.org"
UNDERSCORE = "first_last@example.org"


@dataclass(frozen=True, order=True)
class Told:
    """What a story compares of a mail."""

    to: str
    event: str
    subject: str
    headline: str


def requested(ds: str) -> list[Told]:
    return [
        Told(DO, "peer_requested", f"Peer {ds}", titles.new_request(ds)),
        Told(ds, "peer_requested", f"Peer {DO}", titles.request_sent(DO)),
    ]


def granted(ds: str, subject: str = f"Re: Peer {DO}") -> list[Told]:
    return [Told(ds, "peer_granted", subject, titles.request_accepted(DO))]


def submitted(ds: str, job: str) -> list[Told]:
    return [
        Told(DO, "job_submitted", f"Job {job} from {ds}", titles.new_job(job, ds)),
        Told(ds, "job_submitted", f"Job {job} at {DO}", titles.job_submitted(job)),
    ]


def approved(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_approved", f"Re: Job {job} at {DO}", titles.job_approved(job))]


def executed(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_executed", f"Re: Job {job} at {DO}", titles.job_completed(job))]


def failed(ds: str, job: str) -> list[Told]:
    return [
        Told(DO, "job_failed", f"Re: Job {job} from {ds}", titles.job_failed(job)),
        Told(ds, "job_failed", f"Re: Job {job} at {DO}", titles.job_failed(job)),
    ]


def rejected(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_rejected", f"Re: Job {job} at {DO}", titles.job_rejected(job))]


def together(*groups: list[Told]) -> list[Told]:
    return sorted(told for group in groups for told in group)
