"""Lets go of what the ledger keeps about things that left Drive and disk long ago."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from syft_notify.domain.model import Inventory
from syft_notify.store.forgetting import is_about_peer, untell
from syft_notify.store.state_file import Contents, EventRecord

# So long a job may be gone and come back, from a backup say, without being told again.
GRACE = timedelta(days=30)
PAUSE = timedelta(days=1)


def is_due(contents: Contents, now: datetime) -> bool:
    """Whether the last time was long enough ago, or is still to come by a clock that was wrong."""
    last = contents.own.pruned_at
    return last is None or not last <= now < last + PAUSE


def prune(contents: Contents, present: Inventory, now: datetime) -> None:
    """Forget files that are gone, and jobs that are gone for `GRACE`.

    Peers stay, and so do mails that wait or were given up: only a person takes those out of the outbox.
    """
    own = contents.own
    own.pruned_at = now
    own.files = {file_id: at for file_id, at in own.files.items() if file_id in present.files}
    waiting = {part.event_key for pending in own.outbox.values() for part in pending.notification.parts}
    alive = {record.job for key, record in own.events.items() if key in waiting or _is_there(record, present)}
    old = []
    for key, record in own.events.items():
        if not record.job or is_about_peer(key):
            continue
        if record.job in alive:
            record.gone_since = None
        elif record.gone_since is None or record.gone_since > now:
            record.gone_since = now
        elif now - record.gone_since >= GRACE:
            old.append(key)
    if old:
        _remove(contents, old)


def _is_there(record: EventRecord, present: Inventory) -> bool:
    return bool(record.job) and (record.job in present.jobs or record.file in present.files)


def _remove(contents: Contents, keys: Iterable[str]) -> None:
    """Also the marks that no other event claims, and the jobs' conversations."""
    own = contents.own
    gone = [own.events.pop(key) for key in keys]
    claimed = {mark for other in own.events.values() for mark in other.told}
    untell(contents, {mark for record in gone for mark in record.told} - claimed)
    jobs = {record.job for record in gone}
    own.threads = {name: thread for name, thread in own.threads.items() if name.partition(" ")[2] not in jobs}
