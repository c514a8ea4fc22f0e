"""Makes one mail of a burst: many events of one kind for one recipient in one poll. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from syft_notify.domain.model import Kind, Notification, Role, Thread

LARGEST_SINGLES = 10
TEMPLATE = "digest"

# What the mail is called: how many, then this.
TITLES = {
    (Kind.JOB_SUBMITTED, Role.DO): "new jobs",
    (Kind.JOB_SUBMITTED, Role.DS): "jobs submitted",
    (Kind.JOB_APPROVED, Role.DS): "jobs approved",
    (Kind.JOB_EXECUTED, Role.DS): "jobs completed",
    (Kind.JOB_FAILED, Role.DO): "jobs failed",
    (Kind.JOB_FAILED, Role.DS): "jobs failed",
    (Kind.JOB_REJECTED, Role.DS): "jobs rejected",
    (Kind.PEER_REQUESTED, Role.DO): "new peer requests",
    (Kind.PEER_REQUESTED, Role.DS): "peer requests sent",
    (Kind.PEER_GRANTED, Role.DS): "peer requests accepted",
}


def digests(fresh: Iterable[Notification]) -> list[Notification]:
    """One digest for each recipient to whom more than `LARGEST_SINGLES` of one kind would go."""
    groups: dict[tuple[str, str, str], list[Notification]] = {}
    for notification in fresh:
        group = (notification.channel, notification.recipient, notification.template)
        groups.setdefault(group, []).append(notification)
    return [_digest(tuple(members)) for members in groups.values() if len(members) > LARGEST_SINGLES]


def title(digest: Notification) -> str:
    """`12 new jobs`."""
    return f"{len(digest.members)} {TITLES[digest.kind, digest.role]}"


def _digest(members: tuple[Notification, ...]) -> Notification:
    identity = hashlib.sha256("\n".join(member.id for member in members).encode()).hexdigest()[:24]
    first = members[0]
    digest = replace(first, id=identity, template=TEMPLATE, event_key=f"digest:{identity}", members=members)
    other = "" if first.role is Role.DO else f" at {first.facts.do}"
    return replace(
        digest,
        at=max(member.at for member in members),
        thread=Thread(f"digest {identity}", f"{title(digest)}{other}"),
    )
