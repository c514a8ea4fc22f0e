"""Bursts: from the eleventh event of one kind for one recipient on, one message for all."""

from __future__ import annotations

from syft_notify.domain.digest import MOST_NAMED, bursts, digest, title
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import Notification, PendingState, Queued
from tests.unit.makers import DO, DS, NOW, job_event, job_facts, routed

MALLORY = "mallory@example.org"


def made(count: int, kind: Kind = Kind.JOB_SUBMITTED, ds: str = DS) -> list[Notification]:
    events = [job_event(kind, f"job {n}", sender=ds, facts=job_facts(f"job {n}", ds=ds)) for n in range(count)]
    return [notification for event in events for notification in routed(event)[1]]


def waiting(
    notifications: list[Notification],
    state: PendingState = PendingState.PENDING,
    attempts: int = 0,
    members: int = 0,
) -> list[Queued]:
    """As the store says what waits."""
    return [
        Queued(
            id=n.id,
            channel=n.channel,
            recipient=n.recipient,
            role=n.role,
            kind=n.kind,
            template=n.template,
            cause=n.facts.ds,
            conversations=frozenset({f"{n.recipient} {n.id}"}),
            admitted_at=NOW,
            state=state,
            attempts=attempts,
            members=members,
        )
        for n in notifications
    ]


def sizes(outbox: list[Queued]) -> list[int]:
    return [len(ids) for ids in bursts(outbox, {DS})]


def test_ten_are_no_burst():
    assert sizes(waiting(made(10))) == []


def test_eleven_are_one_for_each_side():
    notifications = made(11)
    by_id = {notification.id: notification for notification in notifications}
    to_do, to_ds = (digest(ids, [by_id[name] for name in ids]) for ids in bursts(waiting(notifications), {DS}))
    assert [(d.role, d.recipient, len(d.members)) for d in (to_do, to_ds)] == [(Role.DO, DO, 11), (Role.DS, DS, 11)]
    assert title(to_do) == "11 new jobs"
    assert (to_do.thread.subject, to_ds.thread.subject) == ("11 new jobs", f"11 jobs submitted at {DO}")
    assert len({to_do.id, to_ds.id, *by_id}) == 24


def test_one_of_very_many_names_the_first_and_counts_the_rest():
    notifications = [n for n in made(1234) if n.role is Role.DO]
    ids = [notification.id for notification in notifications]
    large = digest(ids, notifications[:MOST_NAMED])
    assert (len(large.members), large.more) == (100, 1134)
    assert title(large) == "1,234 new jobs"
    assert large.id != digest(ids[:-1], notifications[:MOST_NAMED]).id


def test_many_scientists_burst_for_the_owner_alone():
    notifications = [n for number in range(11) for n in made(1, ds=f"ds{number}@example.org")]
    assert sizes(waiting(notifications)) == [11]


def test_kinds_are_not_mixed():
    assert sizes(waiting([*made(8, Kind.JOB_APPROVED), *made(8, Kind.JOB_REJECTED)])) == []


def test_strangers_are_not_mixed_with_accepted_peers():
    notifications = [n for n in (*made(6), *made(6, ds=MALLORY)) if n.role is Role.DO]
    assert sizes(waiting(notifications)) == []


def test_what_was_tried_or_withdrawn_or_is_a_digest_stays_alone():
    tried, doubtful = waiting(made(11), attempts=1), waiting(made(11), PendingState.AMBIGUOUS)
    withdrawn, folded = waiting(made(11), PendingState.WITHDRAWN), waiting(made(11), members=11)
    assert [sizes(each) for each in (tried, doubtful, withdrawn, folded)] == [[], [], [], []]
