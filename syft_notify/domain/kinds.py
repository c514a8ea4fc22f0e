"""The kinds of event; imports nothing of ours, because identities and facts both need it."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of event; the value is the word used in the config, templates, logs and headers."""

    JOB_SUBMITTED = "job_submitted"
    JOB_CHANGED = "job_changed"
    JOB_APPROVED = "job_approved"
    JOB_EXECUTED = "job_executed"
    JOB_FAILED = "job_failed"
    JOB_REJECTED = "job_rejected"
    PEER_REQUESTED = "peer_requested"
    PEER_GRANTED = "peer_granted"

    @property
    def is_about_peer(self) -> bool:
        """Whether it is about a peer; the others are about jobs."""
        return self in (Kind.PEER_REQUESTED, Kind.PEER_GRANTED)
