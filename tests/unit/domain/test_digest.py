"""Bursts: from the eleventh event of one kind for one recipient on, one mail for all."""

from __future__ import annotations

from syft_notify.domain.digest import digests, title
from syft_notify.domain.model import Kind, Notification, Role
from tests.unit.makers import DO, DS, job_event, job_facts, routed


def made(count: int, kind: Kind = Kind.JOB_SUBMITTED, ds: str = DS) -> list[Notification]:
    events = [job_event(kind, key=f"{ds} {n}", facts=job_facts(f"job {n}", ds=ds)) for n in range(count)]
    return [notification for event in events for notification in routed(event)[1]]


def test_ten_are_no_burst():
    assert digests(made(10)) == []


def test_eleven_are_one_for_each_side():
    to_do, to_ds = digests(made(11))
    assert [(d.role, d.recipient, len(d.members)) for d in (to_do, to_ds)] == [(Role.DO, DO, 11), (Role.DS, DS, 11)]
    assert title(to_do) == "11 new jobs"
    assert (to_do.thread.subject, to_ds.thread.subject) == ("11 new jobs", f"11 jobs submitted at {DO}")
    assert len({to_do.id, to_ds.id, *(member.id for member in to_do.members)}) == 13


def test_many_scientists_burst_for_the_owner_alone():
    notifications = [n for number in range(11) for n in made(1, ds=f"ds{number}@example.org")]
    assert [digest.recipient for digest in digests(notifications)] == [DO]


def test_kinds_are_not_mixed():
    assert digests([*made(8, Kind.JOB_APPROVED), *made(8, Kind.JOB_REJECTED)]) == []
