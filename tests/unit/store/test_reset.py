"""What each way to forget forgets, and what it leaves alone: one row, one way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.ids import EventId, JobId, SubmissionId
from syft_notify.domain.jobs import JobLayout
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event
from syft_notify.store.store import Store
from tests.unit.makers import DS, MARK, job_event, job_facts, message_event, peer_event, quiet
from tests.unit.store.stores import admit, deliver, edit, opened, waiting

OTHER = "other@example.org"


def job_of(ds: str, name: str, kind: Kind) -> Event:
    """An event about a job of a layout in which each DS has a namespace."""
    facts = job_facts(name, key=f"{ds}/{name}", ds=ds, layout=JobLayout.J3)
    about = SubmissionId(JobId(ds, name), MARK, ds)
    return replace(job_event(file=f"file of {ds}/{name}", facts=facts), id=EventId(about, kind))


SALES = [job_of(DS, "sales", Kind.JOB_SUBMITTED), job_of(DS, "sales", Kind.JOB_APPROVED)]
SALES_OF_ANOTHER = [job_of(OTHER, "sales", Kind.JOB_SUBMITTED)]
COSTS = [job_of(DS, "costs", Kind.JOB_SUBMITTED)]
PAST = [quiet(job_of(DS, "past", Kind.JOB_SUBMITTED))]
MESSAGE = [message_event("f9", facts=job_facts(key="message:f9"))]
JOBS = [*SALES, *SALES_OF_ANOTHER, *COSTS, *PAST, *MESSAGE]
REQUESTS = [peer_event(), peer_event(ds=OTHER)]
GRANTS = [peer_event(Kind.PEER_GRANTED), quiet(peer_event(Kind.PEER_GRANTED, OTHER))]
ALL = [*JOBS, *REQUESTS, *GRANTS]


def without(*path):
    """A person removes one entry of the file."""

    def change(content):
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return lambda state: edit(state, change)


def asked(question):
    """A command forgets."""

    def command(state):
        with opened(state) as store:
            question(store)

    return command


def told_to(person):
    return f"peer_new_{DS}_to_{person}"


# (what a person does, the events that are told again, whether the first look at jobs starts again)
WAYS = [
    ("nothing", lambda state: None, [], False),
    ("reset --job with the bare name",
     asked(lambda store: store.forget_job("sales")), [*SALES, *SALES_OF_ANOTHER], False),
    ("reset --job with the DS", asked(lambda store: store.forget_job(f"{DS}/sales")), SALES, False),
    ("reset --job with a message", asked(lambda store: store.forget_job("message:f9")), MESSAGE, False),
    ("reset --job with a name that nobody used", asked(lambda store: store.forget_job("sale")), [], False),
    ("reset --jobs", asked(Store.forget_jobs), JOBS, True),
    ("reset --peers", asked(Store.forget_requests), REQUESTS, False),
    ("peer_snapshot removed", without("peer_snapshot"), REQUESTS, False),
    ("a job's entry removed", without("notified_jobs", f"{DS}/sales"), SALES, False),
    ("the entry of a job of the past removed", without("notified_jobs", f"{DS}/past"), PAST, False),
    ("a request's entry for the owner removed", without("notified_jobs", told_to("do")), REQUESTS[:1], False),
    ("a request's entry for the DS removed", without("notified_jobs", told_to("ds")), REQUESTS[:1], False),
    ("a grant's entry removed", without("notified_jobs", f"peer_granted_{DS}"), [], False),
]  # fmt: skip


@pytest.fixture
def state(path: Path) -> Path:
    """A state in which everything was told."""
    with opened(path) as store:
        admit(store, *ALL, parts=("drive", "local", "peers"), files=tuple({event.file for event in JOBS}))
        deliver(store)
    return path


@pytest.mark.parametrize(("way", "forget", "again", "first_look"), WAYS, ids=[row[0] for row in WAYS])
def test_told_again_is_what_was_forgotten_and_nothing_else(state, way, forget, again, first_look):
    forget(state)
    with opened(state) as store:
        assert [event for event in ALL if not store.seen(event.id)] == [event for event in ALL if event in again]
        assert {event.file for event in JOBS if not store.file_seen(event.file)} == {e.file for e in again if e in JOBS}
        assert [store.started(part) for part in ("drive", "local", "peers")] == [not first_look, not first_look, True]
        admit(store, *again)
        assert {queued.kind for queued in store.pending()} == {event.kind for event in again if event not in PAST}


def test_a_reset_counts_what_it_forgets_and_takes_it_out_of_the_outbox(path):
    with opened(path) as store:
        admit(store, *SALES, *COSTS)
        before = store.revision
        assert store.forget_job("sales") == 2
        assert store.revision > before
        assert {queued.mark[0] for queued in store.pending()} == {f"{DS}/costs"}
        assert store.forget_job("sales") == 0


def test_an_entry_of_another_program_is_forgotten_by_the_name_of_its_job(path):
    path.write_text('{"notified_jobs": {"sales": ["new"]}}')
    with opened(path) as store:
        store.forget_job("sales")
        admit(store, job_event())
        assert len(waiting(store)) == 2
