"""What the store costs: `python -m benchmarks.store [JOBS]`. One new job beside many settled ones, and memory."""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from syft_notify.config.paths import Files
from syft_notify.domain.ids import EventId, JobId, PeerId, SubmissionId
from syft_notify.domain.model import (
    CodeFile,
    Decision,
    Event,
    Inventory,
    JobFacts,
    JobLayout,
    Kind,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    PeerFacts,
    Preview,
    Receipt,
)
from syft_notify.domain.routing import Router
from syft_notify.store.store import Store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DO = "owner@hospital.example.org"
PEERS, REPEATS = 1_000, 15
CODE = Preview((CodeFile("main.py", "print('hello')\n" * 500, 7_500),))


@dataclass(frozen=True)
class Cost:
    """Milliseconds by the clock and of the CPU, and bytes handed to the disk."""

    milliseconds: float
    cpu: float
    written: int


def main(jobs: int) -> None:
    """Print one line a figure."""
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder) / "notification_state.json")
        store = Store(files, DO)
        _say("bare process", f"{_memory():.0f} MB resident at most")
        store.refresh(NOW)
        with _measured() as first:
            store.admit(Observation(parts=("drive", "local", "peers")), _past(jobs), NOW)
        _say(f"first look at {jobs:,} settled jobs, {PEERS:,} peers", _words(first()))
        with _measured() as view:
            store.write_view()
        _say("view", f"{_words(view())}, {files.state.stat().st_size:,} bytes")
        _say("database", f"{files.database.stat().st_size:,} bytes")
        _say("one new job, two mails: admit, 2 attempts, 2 settled", _words(_new_jobs(store)))
        _say("the same with `seen` of all jobs before", _words(_ask(store, jobs)))
        for name, step in _steps(store, files, jobs):
            with _measured() as cost:
                step()
            _say(name, _words(cost()))
        store.close()
        _say("at the end", f"{_memory():.0f} MB resident at most")


def _new_jobs(store: Store) -> Cost:
    costs = []
    for number in range(REPEATS):
        event = replace(_event(f"new_{number}", Kind.JOB_SUBMITTED), preview=CODE, file=f"{'f' * 40}{number}")
        offers = [(event, _notifications(event))]
        with _measured() as cost:
            store.admit(Observation(files=(event.file,)), offers, NOW)
            for queued in store.pending():
                store.attempt(queued.id)
                store.settle(queued.id, Outcome(OutcomeKind.SENT, NOW, receipt=Receipt("m" * 16, "t" * 16)))
        costs.append(cost())
    clock, cpu = (c.milliseconds for c in costs), (c.cpu for c in costs)
    return Cost(statistics.median(clock), statistics.median(cpu), round(statistics.median(c.written for c in costs)))


def _ask(store: Store, jobs: int) -> Cost:
    with _measured() as cost:
        for number in range(jobs):
            assert store.seen(_event(f"analysis_{number}", Kind.JOB_SUBMITTED).id)
    return cost()


def _steps(store: Store, files: Files, jobs: int) -> Iterator[tuple[str, Callable[[], object]]]:
    there = Inventory(frozenset(), frozenset(_event(f"analysis_{n}", Kind.JOB_SUBMITTED).id.about for n in range(jobs)))  # type: ignore[misc]
    yield "a view with the new jobs", store.write_view
    yield "open again in the same process", lambda: store.refresh(NOW)
    yield "open in a new process, with a check of all", lambda: _opened(files)
    yield "a copy", lambda: store.copy(NOW, at_once=True)
    yield "letting go of what is gone, once a day", lambda: store.admit(Observation(present=there), [], NOW)


def _opened(files: Files) -> None:
    other = Store(files, DO)
    other.refresh(NOW)
    other.close()


def _past(jobs: int) -> Iterator[tuple[Event, tuple[Notification, ...]]]:
    for number in range(PEERS):
        address = f"scientist.{number}@university.example.org"
        about = EventId(PeerId(address), Kind.PEER_GRANTED)
        yield _past_offer(Event(about, NOW, PeerFacts(DO, address)))
    for number in range(jobs):
        for kind in (Kind.JOB_SUBMITTED, Kind.JOB_APPROVED, Kind.JOB_EXECUTED):
            yield _past_offer(_event(f"analysis_{number}", kind))


def _past_offer(event: Event) -> tuple[Event, tuple[Notification, ...]]:
    return replace(event, decision=Decision.BASELINE), _notifications(event)


def _event(name: str, kind: Kind) -> Event:
    ds, mark = f"scientist.{sum(map(ord, name)) % PEERS}@university.example.org", "2026-11-23T11:00:00.123456+00:00"
    facts = JobFacts(DO, ds, name, f"{ds}/{name}", mark, JobLayout.J3, dependencies=("numpy", "pandas"))
    return Event(EventId(SubmissionId(JobId(ds, name), mark, ds), kind), NOW, facts)


def _notifications(event: Event) -> tuple[Notification, ...]:
    return Router("gmail").route(event).notifications


@contextmanager
def _measured() -> Iterator[Callable[[], Cost]]:
    """What the block cost, to be asked after it."""
    found: list[Cost] = []
    written, begun, cpu = _written(), time.perf_counter(), time.process_time()
    yield lambda: found[0]
    clock, cpu = time.perf_counter() - begun, time.process_time() - cpu
    found.append(Cost(clock * 1000, cpu * 1000, _written() - written))


def _written() -> int:
    return int(Path("/proc/self/io").read_text().split("wchar: ")[1].split()[0])


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _words(cost: Cost) -> str:
    return f"{cost.milliseconds:,.1f} ms, {cost.cpu:,.1f} ms of CPU, {cost.written:,} bytes written"


def _say(name: str, figure: str) -> None:
    print(f"{name:62} {figure}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
