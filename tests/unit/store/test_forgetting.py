"""What each way to forget forgets, and what it leaves alone: one row, one way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.model import Event, JobLayout, Kind
from syft_notify.store.ledger import Ledger
from tests.unit.makers import DO, DS, NOW, job_event, job_facts, looked, peer_event, quiet, routed, sent

OTHER = "other@example.org"


def job_of(ds: str, name: str, kind: Kind) -> Event:
    """An event about a job of a layout in which each DS has a namespace."""
    facts = job_facts(name, key=f"{ds}/{name}", ds=ds, layout=JobLayout.J3)
    return replace(job_event(kind, f"{ds}/{name}", file=f"file of {ds}/{name}"), facts=facts)


SALES = [job_of(DS, "sales", Kind.JOB_SUBMITTED), job_of(DS, "sales", Kind.JOB_APPROVED)]
SALES_OF_ANOTHER = [job_of(OTHER, "sales", Kind.JOB_SUBMITTED)]
COSTS = [job_of(DS, "costs", Kind.JOB_SUBMITTED)]
PAST = [quiet(job_of(DS, "past", Kind.JOB_SUBMITTED))]
# A message of which Drive hides the owner.
DOUBTFUL = replace(
    job_of(DS, "doubtful", Kind.JOB_SUBMITTED),
    facts=replace(COSTS[0].facts, verified=False, job="doubtful", key=f"{DS}/doubtful"),
)
JOBS = [*SALES, *SALES_OF_ANOTHER, *COSTS, *PAST, DOUBTFUL]
REQUESTS = [peer_event(), peer_event(ds=OTHER)]
GRANTS = [peer_event(Kind.PEER_GRANTED), quiet(peer_event(Kind.PEER_GRANTED, OTHER))]
ALL = [*JOBS, *REQUESTS, *GRANTS]


def without(*path: str) -> Callable[[Path], None]:
    """A person removes one entry of the state file."""

    def edit(state: Path) -> None:
        content: dict[str, Any] = json.loads(state.read_text())
        place = content
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
        state.write_text(json.dumps(content))

    return edit


def asked(question: Callable[[Ledger], int]) -> Callable[[Path], None]:
    """A command forgets."""

    def command(state: Path) -> None:
        ledger = Ledger(Files(state), DO)
        ledger.refresh(NOW)
        question(ledger)
        ledger.save()

    return command


def told_to(person: str) -> str:
    """The keys of a request's two mails end so."""
    return f"peer_new_{DS}_to_{person}"


# (what a person does, the events that are told again, whether the first look at jobs starts again)
WAYS = [
    ("nothing", lambda state: None, [], False),
    ("reset --job with the bare name",
     asked(lambda ledger: ledger.forget_job("sales")), [*SALES, *SALES_OF_ANOTHER], False),
    ("reset --job with the DS", asked(lambda ledger: ledger.forget_job(f"{DS}/sales")), SALES, False),
    ("reset --job with a name that nobody used", asked(lambda ledger: ledger.forget_job("sale")), [], False),
    ("reset --jobs", asked(Ledger.forget_jobs), JOBS, True),
    ("reset --peers", asked(Ledger.forget_requests), REQUESTS, False),
    ("peer_snapshot removed", without("peer_snapshot"), REQUESTS, False),
    ("a job's entry removed", without("notified_jobs", f"{DS}/sales"), SALES, False),
    ("the entry of a job of the past removed", without("notified_jobs", f"{DS}/past"), PAST, False),
    ("a request's entry for the owner removed", without("notified_jobs", told_to("do")), REQUESTS[:1], False),
    ("a request's entry for the DS removed", without("notified_jobs", told_to("ds")), REQUESTS[:1], False),
    ("a grant's entry removed", without("notified_jobs", f"peer_granted_{DS}"), GRANTS[:1], False),
]  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state in which everything was told."""
    path = tmp_path / "state.json"
    ledger = Ledger(Files(path), DO)
    ledger.refresh(NOW)
    files = tuple(event.file for event in JOBS)
    ledger.admit(looked("drive", "local", "peers", files=files), [routed(event) for event in ALL], NOW)
    deliver(ledger)
    return path


def deliver(ledger: Ledger) -> None:
    for pending in ledger.pending():
        ledger.attempt(pending.notification.id)
        ledger.settle(pending.notification.id, sent())
    ledger.save()


@pytest.mark.parametrize(("way", "forget", "again", "first_look"), WAYS, ids=[row[0] for row in WAYS])
def test_told_again_is_what_was_forgotten_and_nothing_else(state, way, forget, again, first_look):
    forget(state)
    ledger = Ledger(Files(state), DO)
    ledger.refresh(NOW)
    assert [event.key for event in ALL if not ledger.seen(event.key)] == [event.key for event in ALL if event in again]
    assert {event.file for event in JOBS if not ledger.file_seen(event.file)} == {e.file for e in again if e in JOBS}
    assert [ledger.started(part) for part in ("drive", "local", "peers")] == [not first_look, not first_look, True]


COMMANDS = [way for way in WAYS if way[0].startswith("reset")]


@pytest.mark.parametrize(("way", "forget"), [way[:2] for way in WAYS], ids=[way[0] for way in WAYS])
def test_who_sent_a_job_stays_known_also_after_it_was_told_again_from_disk(state, way, forget):
    forget(state)
    for _ in range(2):
        ledger = Ledger(Files(state), DO)
        ledger.refresh(NOW)
        proven = [event for event in JOBS if event is not DOUBTFUL]
        assert [ledger.sender(event.key) for event in proven] == [event.facts.ds for event in proven]
        assert [event for event in JOBS if ledger.unproven(event.key)] == [DOUBTFUL]
        on_disk = [replace(event, file="", facts=replace(event.facts, verified=False)) for event in JOBS]
        ledger.admit(looked(), [routed(event) for event in on_disk], NOW)
        deliver(ledger)


@pytest.mark.parametrize(("way", "forget", "again"), [way[:3] for way in COMMANDS], ids=[way[0] for way in COMMANDS])
def test_of_what_waits_a_reset_drops_what_is_found_again_and_nothing_else(tmp_path, way, forget, again):
    path = tmp_path / "waiting.json"
    ledger = Ledger(Files(path), DO)
    ledger.refresh(NOW)
    ledger.admit(looked("drive", "local", "peers"), [routed(event) for event in ALL], NOW)
    ledger.save()
    waiting = [pending.notification for pending in ledger.pending()]
    forget(path)
    ledger.refresh(NOW)
    kept = [notification for notification in waiting if notification.event_key not in {event.key for event in again}]
    assert [pending.notification for pending in ledger.pending()] == kept


def test_a_second_reset_finds_nothing_more_to_forget(state):
    ledger = Ledger(Files(state), DO)
    ledger.refresh(NOW)
    assert (ledger.forget_job("sales"), ledger.forget_job("sales")) == (3, 0)
    assert (ledger.forget_jobs(), ledger.forget_jobs()) == (3, 0)
    assert (ledger.forget_requests(), ledger.forget_requests()) == (2, 0)
