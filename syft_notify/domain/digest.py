"""Makes one message of a burst: of all that waits of one kind for one recipient. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import Notification, PendingState, Queued, Thread

LARGEST_SINGLES = 10
MOST_NAMED = 100
TEMPLATE = "digest"


def bursts(queue: Iterable[Queued], accepted: Collection[str]) -> list[tuple[str, ...]]:
    """For each digest to make, the ids of what it stands for.

    These are more than `LARGEST_SINGLES` of one kind for one recipient, of which none was tried. What strangers cause
    is not mixed with what `accepted` accounts cause.
    """
    groups: dict[tuple[str, str, str, bool], list[str]] = {}
    for queued in queue:
        if queued.state is PendingState.PENDING and not queued.attempts and not queued.members:
            group = (queued.channel, queued.recipient, queued.template, queued.cause in accepted)
            groups.setdefault(group, []).append(queued.id)
    return [tuple(ids) for ids in groups.values() if len(ids) > LARGEST_SINGLES]


def digest(ids: Sequence[str], named: Sequence[Notification]) -> Notification:
    """One message for all these ids, which shows those of them that are `named`, in the same order."""
    identity = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:24]
    first = named[0]
    made = replace(first, id=identity, template=TEMPLATE, members=tuple(named), more=len(ids) - len(named))
    other = "" if first.role is Role.DO else f" at {first.facts.do}"
    return replace(
        made, at=max(member.at for member in named), thread=Thread(first.thread.about, f"{title(made)}{other}")
    )


def title(made: Notification) -> str:
    """`12 new jobs`."""
    return f"{len(made.members) + made.more:,} {CATALOGUE[made.kind].row(made.role).title}"
