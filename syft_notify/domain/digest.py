"""Makes one mail of a burst: many events of one kind for one recipient in one poll. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.model import Notification, Role, Thread

LARGEST_SINGLES = 10
TEMPLATE = "digest"


def digests(fresh: Iterable[Notification]) -> list[Notification]:
    """One digest for each recipient to whom more than `LARGEST_SINGLES` of one kind would go."""
    groups: dict[tuple[str, str, str], list[Notification]] = {}
    for notification in fresh:
        group = (notification.channel, notification.recipient, notification.template)
        groups.setdefault(group, []).append(notification)
    return [_digest(tuple(members)) for members in groups.values() if len(members) > LARGEST_SINGLES]


def title(digest: Notification) -> str:
    """`12 new jobs`."""
    return f"{len(digest.members)} {CATALOGUE[digest.kind].row(digest.role).title}"


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
