"""What looking at Drive costs: polls that find nothing, and looks at everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cost import Cost, cost_of, too_long, usual_cost
from benchmarks.google import Google
from benchmarks.jobs_on_disk import JobsOnDisk, disk
from benchmarks.local import naive_look
from benchmarks.naive import NaiveNotifier, naive_seconds, open_naive
from benchmarks.program import Clock, Home, Program, program
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.world import OLD_MESSAGES

_NAIVE = ("naive requests", "naive wall", "naive cpu")
_PEERS = f"the peers were accepted long ago, each with four folders, an archive of {OLD_MESSAGES} messages, empty inbox"


def idle_polls(scale: Scale, report: Report) -> None:
    """Polls in which nothing happened since the one before."""
    columns = ("peers", "latency ms", "requests", "wall", "cpu", "google", *_NAIVE)
    table = report.table("idle poll", f"{_PEERS}; no jobs on disk", columns)
    for size, google, home in _owners(scale):
        with program(home) as ours:
            ours.poll()
            cost = _usual_poll(google, ours)
        compared, note = _naive_poll(google, home, **size)
        table.add({**_shown(size), **_measured(cost), **compared}, note)


def reconciles(scale: Scale, report: Report) -> None:
    """Looks at everything: after a start on an existing store, and when the reconcile interval is over."""
    start, later = ("start requests", "start wall", "start cpu"), ("requests", "wall", "cpu", "google")
    world = f"{_PEERS}; `start` is the first poll of a process on its store, the rest one after reconcile_interval"
    table = report.table("full reconcile", world, ("peers", "latency ms", *start, *later, *_NAIVE))
    for size, google, home in _owners(scale):
        first, periodic = _first_poll(google, home), _periodic_poll(google, home)
        started = dict(zip(start, (first.requests, first.wall, first.cpu), strict=True))
        compared, note = _naive_poll(google, home, **size)
        table.add({**_shown(size), **started, **_measured(periodic), **compared}, note)


def crowd(scale: Scale, report: Report) -> None:
    """Idle polls with many peers and many jobs on disk."""
    peers, jobs, live = scale.crowd
    columns = ("peers", "jobs", "live", "latency ms", "requests", "wall", "cpu", "google", "naive wall", "naive cpu")
    world = f"{_PEERS}; live jobs are approved, the others done; of the naive poll only the look at the disk"
    table = report.table("crowded idle poll", world, columns)
    with disk() as root, _home(peers, root) as (google, home):
        JobsOnDisk(root, peers).grow(jobs, live)
        compared, note = naive_look(root)
        with program(home) as ours:
            ours.poll()
            for latency in scale.latencies_ms:
                google.order("slow", seconds=latency / 1000)
                size = {"peers": peers, "jobs": jobs, "live": live, "latency ms": latency}
                table.add({**size, **_measured(_usual_poll(google, ours)), **compared}, note)


def _owners(scale: Scale) -> Iterator[tuple[dict[str, int], Google, Home]]:
    """Every size of world with every latency."""
    for peers in scale.peers:
        with _home(peers) as (google, home):
            for latency in scale.latencies_ms:
                google.order("slow", seconds=latency / 1000)
                yield {"peers": peers, "latency_ms": latency}, google, home


@contextmanager
def _home(peers: int, root: Path | None = None) -> Iterator[tuple[Google, Home]]:
    """An owner with so many peers, whose store has seen all that is old."""
    with Google(peers) as google, TemporaryDirectory(prefix="syft-notify-home-") as folder:
        home = Home(Path(folder), google, root)
        with program(home) as ours:
            ours.poll()
        yield google, home


def _usual_poll(google: Google, anybody: Program | NaiveNotifier) -> Cost:
    return usual_cost(lambda: cost_of(anybody.poll, google))


def _first_poll(google: Google, home: Home) -> Cost:
    def measure() -> Cost:
        with program(home) as ours:
            return cost_of(ours.poll, google)

    return usual_cost(measure)


def _periodic_poll(google: Google, home: Home) -> Cost:
    clock = Clock()
    with program(home, clock) as ours:
        ours.poll()

        def measure() -> Cost:
            clock.ahead += home.config.reconcile_interval + timedelta(seconds=1)
            return cost_of(ours.poll, google)

        return usual_cost(measure)


def _naive_poll(google: Google, home: Home, peers: int, latency_ms: int) -> tuple[dict[str, Any], str]:
    """What an idle poll of the naive notifier costs, and a note on it."""
    reason = too_long(naive_seconds(latency_ms, peers))
    if reason:
        return {}, reason
    with open_naive(google.order("where"), home.folder) as naive:
        naive.poll()
        cost = _usual_poll(google, naive)
    seen = f"naive sees 100 of {peers} peers" if peers > 100 else ""
    return dict(zip(_NAIVE, (cost.requests, cost.wall, cost.cpu), strict=True)), seen


def _shown(size: Mapping[str, int]) -> dict[str, int]:
    return {name.replace("_", " "): value for name, value in size.items()}


def _measured(cost: Cost) -> dict[str, Any]:
    return {"requests": cost.requests, "wall": cost.wall, "cpu": cost.cpu, "google": cost.google_cpu}
