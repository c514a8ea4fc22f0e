"""Marks what was told in the original system's half of the state, and forgets what a person wants to hear again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache

from syft_notify.store.state_file import Contents, EventRecord, Mark

log = logging.getLogger(__name__)

PEERS_PART = "peers"
JOB_PARTS = frozenset({"drive", "local"})
_PEER_EVENT, _REQUEST = "peer:", ":requested"


def is_about_peer(event_key: str) -> bool:
    """Whether an event is about a peer; the others are about jobs."""
    return event_key.startswith(_PEER_EVENT)


def tell(contents: Contents, marks: Iterable[Mark]) -> None:
    """Note as told."""
    for key, kind in marks:
        contents.notified[key] = _with(contents.notified.get(key, ()), kind)


@lru_cache(maxsize=64)
def _with(kinds: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Of thousands of jobs the same was told: it is kept once."""
    return kinds if kind in kinds else (*kinds, kind)


def untell(contents: Contents, marks: Iterable[Mark]) -> None:
    """Note as not told any more."""
    for key, kind in marks:
        kinds = tuple(told for told in contents.notified.pop(key, ()) if told != kind)
        if kinds:
            contents.notified[key] = kinds


def remember_peer(contents: Contents, ds: str) -> None:
    """Note as known."""
    contents.peers = contents.peers or []
    if ds not in contents.peers:
        contents.peers.append(ds)


def honour_edits(contents: Contents) -> None:
    """What a person removed from the file since we wrote it is to be told again."""
    if PEERS_PART in contents.own.started and contents.peers is None:
        log.info("peer_snapshot was removed: open peer requests are announced again")
        forget_requests(contents)
    for event_key, record in contents.own.events.items():
        told = record.told
        kept = [mark for mark in told if mark[1] in contents.notified.get(mark[0], ())]
        if len(kept) < len(told):
            log.info("%s was reset in the state file: it is told again", event_key)
            record.told, record.reopened = kept, True
            contents.own.files.pop(record.file, None)


def forget_requests(contents: Contents) -> int:
    """Let open peer requests be told again; returns how many were forgotten.

    Peers who were granted stay so: nobody who works here for long is told that they were accepted.
    """
    return _forget(contents, [key for key in contents.own.events if is_about_peer(key) and key.endswith(_REQUEST)])


def forget_job(contents: Contents, name: str) -> int:
    """Let everything about the jobs of this name, or with this ledger key, be told again; returns how many events."""
    keys = [
        event_key
        for event_key, record in contents.own.events.items()
        if (job := record.job.removeprefix("job ").rpartition(" ")[0]) and name in (job, job.partition("/")[2])
    ]
    return _forget(contents, keys)


def forget_jobs(contents: Contents) -> int:
    """Forget all jobs, as before the first look: what still waits is told again, what is settled stays quiet."""
    own = contents.own
    for part in [part for part in own.started if part.split(" ")[0] in JOB_PARTS]:
        del own.started[part]
    own.files.clear()
    return _forget(contents, [event_key for event_key in own.events if not is_about_peer(event_key)])


def _forget(contents: Contents, event_keys: Iterable[str]) -> int:
    """Who was proven to have sent a job stays known: what lies on disk may name somebody else."""
    own = contents.own
    forgotten = {key: own.events[key] for key in event_keys if not _is_only_proof(own.events[key])}
    for event_key, record in forgotten.items():
        own.files.pop(record.file, None)
        untell(contents, record.told)
        record.told, record.reopened, record.unidentified_since = (), True, None
        if is_about_peer(event_key) or not (record.ds or record.file):
            del own.events[event_key]
    waiting = own.outbox.values()
    own.outbox = {
        pending.notification.id: pending
        for pending in waiting
        if not all(part.event_key in forgotten for part in pending.notification.parts)
    }
    return len(forgotten)


def _is_only_proof(record: EventRecord) -> bool:
    return record.reopened and not record.marks
