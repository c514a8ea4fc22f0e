"""What each step makes us tell, to whom: subjects, headlines and kinds in the words of the contract with the users."""

from __future__ import annotations

from dataclasses import dataclass

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
        Told(DO, "peer_requested", f"Peer {ds}", f"New peer request from {ds}"),
        Told(ds, "peer_requested", f"Peer {DO}", f"Peer request sent to {DO}"),
    ]


def granted(ds: str, subject: str = f"Re: Peer {DO}") -> list[Told]:
    return [Told(ds, "peer_granted", subject, f"Peer request accepted by {DO}")]


def submitted(ds: str, job: str) -> list[Told]:
    return [
        Told(DO, "job_submitted", f"Job {job} from {ds}", f"New job: {job} from {ds}"),
        Told(ds, "job_submitted", f"Job {job} at {DO}", f"Job submitted: {job}"),
    ]


def approved(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_approved", f"Re: Job {job} at {DO}", f"Job approved: {job}")]


def executed(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_executed", f"Re: Job {job} at {DO}", f"Job completed: {job}")]


def failed(ds: str, job: str) -> list[Told]:
    return [
        Told(DO, "job_failed", f"Re: Job {job} from {ds}", f"Job failed: {job}"),
        Told(ds, "job_failed", f"Re: Job {job} at {DO}", f"Job failed: {job}"),
    ]


def rejected(ds: str, job: str) -> list[Told]:
    return [Told(ds, "job_rejected", f"Re: Job {job} at {DO}", f"Job rejected: {job}")]


def together(*groups: list[Told]) -> list[Told]:
    return sorted(told for group in groups for told in group)
