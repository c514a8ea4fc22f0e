"""The table of who is told what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syft_notify.domain.jobs import JobLayout
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, PeerFacts, Role
from syft_notify.domain.routing import Router
from tests.unit.makers import DO, DS, job_event, job_facts, peer_event

TABLE = [
    (job_event(Kind.JOB_SUBMITTED), [(DO, "sales", "new"), (DS, "sales", "submitted")]),
    (job_event(Kind.JOB_APPROVED), [(DS, "sales", "approved")]),
    (job_event(Kind.JOB_EXECUTED), [(DS, "sales", "executed")]),
    (job_event(Kind.JOB_FAILED), [(DO, "sales", "failed"), (DS, "sales", "failed_ds")]),
    (job_event(Kind.JOB_REJECTED), [(DS, "sales", "rejected")]),
    (
        peer_event(Kind.PEER_REQUESTED),
        [(DO, f"peer_new_{DS}_to_do", "new_peer_request"), (DS, f"peer_new_{DS}_to_ds", "peer_request_sent")],
    ),
    (peer_event(Kind.PEER_GRANTED), [(DS, f"peer_granted_{DS}", "peer_granted")]),
]


@pytest.mark.parametrize(("event", "expected"), TABLE, ids=lambda value: getattr(value, "key", None))
def test_each_kind_goes_to_whom_the_table_says(event, expected):
    made = Router("gmail").route(event)
    assert [(n.recipient, *n.mark) for n in made.notifications] == expected
    assert made.withheld == ()


def test_a_job_of_a_layout_with_namespaces_is_noted_under_its_ds():
    event = replace(job_event(), facts=job_facts(key=f"{DS}/sales", layout=JobLayout.J2))
    assert {n.mark[0] for n in Router("gmail").route(event).notifications} == {f"{DS}/sales"}


def test_a_muted_kind_is_withheld_and_says_so():
    made = Router("gmail", muted=frozenset({Kind.JOB_SUBMITTED})).route(job_event())
    assert made.notifications == ()
    assert [reason for _, reason in made.withheld] == [Decision.MUTED] * 2


@pytest.mark.parametrize("facts", [job_facts(verified=False), job_facts(ds="")], ids=["claimed", "unknown"])
def test_nobody_outside_is_written_to_on_the_word_of_an_unverified_sender(facts):
    made = Router("gmail").route(replace(job_event(Kind.JOB_FAILED), facts=facts))
    assert [n.role for n in made.notifications] == [Role.DO]
    assert [(n.role, reason) for n, reason in made.withheld] == [(Role.DS, Decision.UNVERIFIED_SENDER)]


def test_a_scientist_whom_no_mail_can_reach_is_not_written_to_and_the_owner_is():
    event = peer_event()
    made = Router("gmail").route(replace(event, facts=PeerFacts(DO, "josé@example.org")))
    assert [n.recipient for n in made.notifications] == [DO]
    assert [(n.recipient, reason) for n, reason in made.withheld] == [
        ("josé@example.org", Decision.UNREACHABLE_ADDRESS)
    ]


def test_each_notification_has_an_id_of_its_own_that_never_changes():
    notifications = [n for event, _ in TABLE for n in Router("gmail").route(event).notifications]
    again = [n for event, _ in TABLE for n in Router("gmail").route(event).notifications]
    assert [n.id for n in notifications] == [n.id for n in again]
    assert len({n.id for n in notifications}) == len(notifications)


def test_all_mails_about_one_job_are_one_conversation_of_each_side():
    events = [job_event(kind) for kind in (Kind.JOB_SUBMITTED, Kind.JOB_APPROVED, Kind.JOB_FAILED)]
    threads = {(n.role, n.thread) for event in events for n in Router("gmail").route(event).notifications}
    assert sorted(thread.subject for _, thread in threads) == [f"Job sales at {DO}", f"Job sales from {DS}"]


def test_the_same_job_name_submitted_again_begins_a_new_conversation():
    first, second = (job_event(mark=mark) for mark in ("1", "2"))
    subjects = {n.thread.about for event in (first, second) for n in Router("gmail").route(event).notifications}
    assert subjects == {first.id.about, second.id.about}


def test_all_mails_about_one_peer_are_one_conversation():
    requested = Router("gmail").route(peer_event()).notifications
    granted = Router("gmail").route(replace(peer_event(Kind.PEER_GRANTED), facts=PeerFacts(DO, DS, "0.1.117")))
    assert [n.thread.subject for n in requested] == [f"Peer {DS}", f"Peer {DO}"]
    assert granted.notifications[0].thread == requested[1].thread
