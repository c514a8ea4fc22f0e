"""Short ways to make the values of the pipeline for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syft_notify.domain.addresses import account_of
from syft_notify.domain.ids import EventId, JobId, MessageId, PeerId, SubmissionId
from syft_notify.domain.jobs import JobLayout, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, JobFacts, Observation, PeerFacts
from syft_notify.domain.notifications import Notification, Outcome, OutcomeKind, Receipt
from syft_notify.domain.routing import Router

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DO, DS = "do@example.org", "ds@example.org"
MINUTE = timedelta(minutes=1)
MARK = "2026-11-23T11:00:00Z"


def job_facts(job: str = "sales", **changes: Any) -> JobFacts:
    """The facts of a J0 job, whose key in the view is its bare name."""
    facts = JobFacts(do=DO, ds=DS, job=job, key=job, identity=MARK, layout=JobLayout.J0)
    return replace(facts, **changes)


def submission(job: str = "sales", sender: str = DS, mark: str = MARK) -> SubmissionId:
    """A submission in J0; no `sender` is an unproven one."""
    return SubmissionId(JobId("", job), mark, account_of(sender) if sender else "")


def job_event(
    kind: Kind = Kind.JOB_SUBMITTED,
    job: str = "sales",
    sender: str = DS,
    mark: str = MARK,
    run: str = "",
    **changes: Any,
) -> Event:
    """An event about a job of J0. Without a `sender` it is unproven, and its facts claim `DS`."""
    facts = job_facts(job, ds=sender or DS, verified=bool(sender), identity=mark)
    return replace(Event(EventId(submission(job, sender, mark), kind, run), NOW, facts), **changes)


def message_event(file: str = "f1", **changes: Any) -> Event:
    """A message that nobody could read."""
    facts = job_facts(f"message:{file}", unidentified=Unidentified.ENCRYPTED, submitted_at=NOW)
    return replace(Event(EventId(MessageId(file), Kind.JOB_SUBMITTED), NOW, facts, file=file), **changes)


def peer_event(kind: Kind = Kind.PEER_REQUESTED, ds: str = DS, **changes: Any) -> Event:
    """An event about a peer whose folder proves who they are."""
    return replace(Event(EventId(PeerId(account_of(ds)), kind), NOW, PeerFacts(DO, ds)), **changes)


def routed(event: Event) -> tuple[Event, tuple[Notification, ...]]:
    """The event with all its notifications, as the store wants it."""
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
