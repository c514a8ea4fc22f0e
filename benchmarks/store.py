"""What remembering costs when much is remembered already: a new job, a delivery, the view, a copy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.naive import NaiveState
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.world import DO, peer
from syft_notify.config.paths import Files
from syft_notify.domain.ids import EventId, JobId, PeerId, SubmissionId
from syft_notify.domain.jobs import CodeFile, JobLayout, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Inventory, JobFacts, Observation, PeerFacts
from syft_notify.domain.notifications import Notification, Outcome, OutcomeKind, Receipt
from syft_notify.domain.routing import Router
from syft_notify.store.store import Store

NEW_JOB = "one new job"
_PEERS = 1_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CODE = Preview((CodeFile("main.py", "print('hello')\n" * 500, 7_500),))
_SENT = Outcome(OutcomeKind.SENT, _NOW, Receipt("18c3f0a1b2c3d4e5", "18c3f0a1b2c3d4e5"))
_COLUMNS = ("settled", "step", "seconds", "cpu", "bytes")
_WORLD = (
    f"the store holds so many settled jobs of {_PEERS} peers. `bytes` is what the kernel is told to write; "
    f"`{NEW_JOB}` is kept with its code and mailed to both, a median; the naive one notes one of the two mails"
)


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the CPU, and bytes handed to the disk."""

    seconds: float
    cpu: float
    written: int


def store_writes(scale: Scale, report: Report) -> None:
    """Each thing that a poll asks of the store."""
    table = report.table("store", _WORLD, _COLUMNS)
    for settled in scale.settled:
        with TemporaryDirectory(prefix="syft-notify-store-") as folder:
            for step, cost in _steps(Path(folder), settled, scale.deliveries):
                values = (settled, step, cost.seconds, cost.cpu, cost.written)
                table.add(dict(zip(_COLUMNS, values, strict=True)))


def _steps(folder: Path, settled: int, news: int) -> Iterator[tuple[str, Cost]]:
    files = Files(folder / "notification_state.json")
    store = Store(files, DO)
    store.refresh(_NOW)
    first = Observation(parts=("drive", "local", "peers"))
    yield "the first look", cost_of(lambda: store.admit(first, _past(settled), _NOW))
    yield "the view", cost_of(store.write_view)
    yield NEW_JOB, _median([cost_of(lambda event=event: _tell(store, event)) for event in _news(news)])
    yield "asking whether each job was seen", cost_of(lambda: _ask(store, settled))
    yield "a copy", cost_of(lambda: store.copy(_NOW, at_once=True))
    yield "letting go of what is gone", cost_of(lambda: _prune(store, settled))
    yield "open it again for a poll", cost_of(lambda: store.refresh(_NOW))
    store.close()
    yield "open it in a new process, which reads it all", cost_of(lambda: _opened(files))
    naive = NaiveState(folder / "naive.json")
    naive.settle(f"analysis_{number}" for number in range(settled))
    yield "naive", cost_of(lambda: naive.tell("news", "new"))


def cost_of(action: Callable[[], object]) -> Cost:
    """Do it once; what is written is counted by the kernel."""
    process = psutil.Process()
    before, wall, cpu = process.io_counters().write_chars, time.perf_counter(), time.process_time()
    action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(wall, cpu, int(process.io_counters().write_chars - before))


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median_high(cost.written for cost in costs)),
    )


def _tell(store: Store, event: Event) -> None:
    store.admit(Observation(files=(event.file,)), [(event, _notifications(event))], _NOW)
    for queued in store.pending():
        store.attempt(queued.id)
        store.settle(queued.id, _SENT)


def _ask(store: Store, settled: int) -> None:
    for number in range(settled):
        if not store.seen(_event(number).id):
            raise RuntimeError(f"job {number} is not known")


def _prune(store: Store, settled: int) -> None:
    there = Inventory(frozenset(), frozenset(_about(number) for number in range(settled)))
    store.admit(Observation(present=there), [], _NOW)


def _opened(files: Files) -> None:
    other = Store(files, DO)
    other.refresh(_NOW)
    other.close()


def _past(settled: int) -> Iterator[tuple[Event, Sequence[Notification]]]:
    for number in range(_PEERS):
        granted = EventId(PeerId(peer(number)), Kind.PEER_GRANTED)
        yield _offer_of_the_past(Event(granted, _NOW, PeerFacts(DO, peer(number))))
    for number in range(settled):
        for kind in (Kind.JOB_SUBMITTED, Kind.JOB_APPROVED, Kind.JOB_EXECUTED):
            yield _offer_of_the_past(_event(number, kind))


def _offer_of_the_past(event: Event) -> tuple[Event, Sequence[Notification]]:
    return replace(event, decision=Decision.BASELINE), _notifications(event)


def _news(count: int) -> Iterator[Event]:
    for number in range(count):
        yield replace(_event(-1 - number), preview=_CODE, file=f"{number:040}")


def _event(number: int, kind: Kind = Kind.JOB_SUBMITTED) -> Event:
    about = _about(number)
    name, ds = about.job.name, about.sender
    facts = JobFacts(DO, ds, name, f"{ds}/{name}", about.mark, JobLayout.J3, dependencies=("numpy", "pandas"))
    return Event(EventId(about, kind), _NOW, facts)


def _about(number: int) -> SubmissionId:
    ds = peer(number % _PEERS)
    return SubmissionId(JobId(ds, f"analysis_{number}"), f"{_NOW:%FT%TZ} {number}", ds)


def _notifications(event: Event) -> Sequence[Notification]:
    return Router("gmail").route(event).notifications
