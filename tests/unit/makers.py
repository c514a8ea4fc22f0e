"""Short ways to make the values of the line for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syft_notify.domain.model import (
    Decision,
    Event,
    JobFacts,
    JobLayout,
    Kind,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    PeerFacts,
    Receipt,
)
from syft_notify.domain.routing import Router

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DO, DS = "do@example.org", "ds@example.org"
MINUTE = timedelta(minutes=1)


def job_facts(job: str = "sales", **changes: Any) -> JobFacts:
    """The facts of a J0 job, whose ledger key is its bare name."""
    facts = JobFacts(do=DO, ds=DS, job=job, key=job, identity="2026-11-23T11:00:00Z", layout=JobLayout.J0)
    return replace(facts, **changes)


def job_event(kind: Kind = Kind.JOB_SUBMITTED, job: str = "sales", key: str = "", **changes: Any) -> Event:
    """An event about a job; its key is made of job and kind unless given."""
    event = Event(key or f"job:{job}:{kind.value}", kind, NOW, job_facts(job))
    return replace(event, **changes)


def peer_event(kind: Kind = Kind.PEER_REQUESTED, ds: str = DS, **changes: Any) -> Event:
    """An event about a peer, keyed as the peer monitor does."""
    event = Event(f"peer:{ds}:{kind.value.removeprefix('peer_')}", kind, NOW, PeerFacts(DO, ds))
    return replace(event, **changes)


def routed(event: Event) -> tuple[Event, tuple[Notification, ...]]:
    """The event with all its notifications, as the ledger wants it."""
    return event, Router("gmail").route(event).notifications


def quiet(event: Event) -> Event:
    """The event as a thing of the past."""
    return replace(event, decision=Decision.BASELINE)


def looked(*parts: str, files: tuple[str, ...] = ()) -> Observation:
    """A look that saw these parts whole."""
    return Observation(parts=parts, files=files)


def sent(thread_id: str = "thread-1") -> Outcome:
    """A send that the channel accepted."""
    return Outcome(OutcomeKind.SENT, NOW, receipt=Receipt("message-1", thread_id))
