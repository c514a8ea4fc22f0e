"""The catalogue: one entry a kind of event says all that is said about it, and one row a role who is told, and what.

A new kind is an entry here, three templates for each of its rows, and the place that detects it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role

PARTS = ("headline", "txt", "html")  # of a mail, each with a template of its own


@dataclass(frozen=True, slots=True)
class Accent:
    """The status of a mail in a word and a colour, for a light and a dark background."""

    word: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Row:
    """This role gets this template; `type` is what the view notes under the event's key.

    `title` follows the number in the title of a digest: "12 new jobs".
    """

    role: Role
    type: str
    template: str
    title: str

    @property
    def templates(self) -> tuple[str, ...]:
        """The files of the template, in the order of `PARTS`."""
        return tuple(f"{self.template}.{part}.j2" for part in PARTS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind of event: its status, the key of daemon.yaml that switches it off, its words in the live output."""

    accent: Accent
    switch: str
    live: str
    rows: tuple[Row, ...]

    def row(self, role: Role) -> Row:
        """The row of a role that is told. Raises `KeyError` for another one."""
        return {row.role: row for row in self.rows}[role]


CATALOGUE: Mapping[Kind, Entry] = {
    Kind.JOB_SUBMITTED: Entry(
        Accent("Submitted", "#1d5fbf", "#8fbaff"),
        "notify_on_new_job",
        "new job",
        (
            Row(Role.DO, "new", "job_submitted_do", "new jobs"),
            Row(Role.DS, "submitted", "job_submitted_ds", "jobs submitted"),
        ),
    ),
    Kind.JOB_CHANGED: Entry(
        Accent("Changed", "#875300", "#f2c169"),
        "notify_on_changed",
        "code changed",
        (Row(Role.DO, "changed", "job_changed_do", "jobs whose code changed"),),
    ),
    Kind.JOB_APPROVED: Entry(
        Accent("Approved", "#0b6b70", "#79d2d6"),
        "notify_on_approved",
        "job approved",
        (Row(Role.DS, "approved", "job_approved_ds", "jobs approved"),),
    ),
    Kind.JOB_EXECUTED: Entry(
        Accent("Completed", "#1a7040", "#80d6a4"),
        "notify_on_executed",
        "job completed",
        (Row(Role.DS, "executed", "job_executed_ds", "jobs completed"),),
    ),
    Kind.JOB_FAILED: Entry(
        Accent("Failed", "#b3261e", "#ffa399"),
        "notify_on_failed",
        "job failed",
        (
            Row(Role.DO, "failed", "job_failed_do", "jobs failed"),
            Row(Role.DS, "failed_ds", "job_failed_ds", "jobs failed"),
        ),
    ),
    Kind.JOB_REJECTED: Entry(
        Accent("Rejected", "#875300", "#f2c169"),
        "notify_on_rejected",
        "job rejected",
        (Row(Role.DS, "rejected", "job_rejected_ds", "jobs rejected"),),
    ),
    Kind.PEER_REQUESTED: Entry(
        Accent("Peer request", "#6a3db0", "#c8abff"),
        "notify_on_new_peer",
        "peer request",
        (
            Row(Role.DO, "new_peer_request", "peer_requested_do", "new peer requests"),
            Row(Role.DS, "peer_request_sent", "peer_requested_ds", "peer requests sent"),
        ),
    ),
    Kind.PEER_GRANTED: Entry(
        Accent("Accepted", "#1a7040", "#80d6a4"),
        "notify_on_peer_granted",
        "peer granted",
        (Row(Role.DS, "peer_granted", "peer_granted_ds", "peer requests accepted"),),
    ),
}
