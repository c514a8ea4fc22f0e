"""What many new jobs at once cost, and how long they take until their mails are accepted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cost import cost_of, too_long
from benchmarks.google import Google
from benchmarks.naive import NaiveNotifier, naive_seconds, open_naive
from benchmarks.program import Home, Program, persisting, program, without_rate_guard
from benchmarks.report import Report
from benchmarks.scale import Scale

_OURS = ("requests", "mails", "persisted", "poll", "cpu", "accepted median", "accepted p95")
_NAIVE = ("naive requests", "naive mails", "naive poll", "naive median", "naive p95")
_WORLD = (
    "the poll begins right after the upload. Gmail's limit of 60 mails a minute is not kept; more than 10 jobs for one "
    "recipient are one mail. `persisted`: from the begin of the poll until all mails are in the outbox on disk; "
    "`accepted`: from the upload to Gmail's yes, for every job and recipient. The naive one mails the owner only"
)


def bursts(scale: Scale, report: Report) -> None:
    """New jobs of all peers in turn."""
    world = f"{scale.burst_peers} peers submit in turn; {_WORLD}"
    table = report.table("burst", world, ("jobs", "latency ms", *_OURS, *_NAIVE))
    with Google(scale.burst_peers) as google, Google(scale.burst_peers) as naive_google, _folder() as folder:
        home, where = Home(folder, google), naive_google.order("where")
        with without_rate_guard(), program(home) as ours, open_naive(where, folder) as naive:
            ours.poll()
            naive.poll()
            for latency, jobs in product(scale.latencies_ms, scale.bursts):
                google.order("slow", seconds=latency / 1000)
                naive_google.order("slow", seconds=latency / 1000)
                told = _our_burst(google, ours, jobs)
                reason = too_long(naive_seconds(latency, scale.burst_peers, jobs))
                compared = {} if reason else _naive_burst(naive_google, naive, jobs)
                table.add({"jobs": jobs, "latency ms": latency, **told, **compared}, reason)


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="syft-notify-home-") as folder:
        yield Path(folder)


def _our_burst(google: Google, ours: Program, jobs: int) -> Mapping[str, Any]:
    uploaded = google.order("submit", jobs=jobs)
    begun = time.perf_counter()
    with persisting(2 * jobs) as persisted_at:
        cost = cost_of(ours.poll, google)
    count, waits = _accepted(google, uploaded, mails_per_job=2)
    google.order("archive")
    ours.poll()
    values = (cost.requests, count, persisted_at() - begun, cost.wall, cost.cpu, *waits)
    return dict(zip(_OURS, values, strict=True))


def _naive_burst(google: Google, naive: NaiveNotifier, jobs: int) -> Mapping[str, Any]:
    uploaded = google.order("submit", jobs=jobs)
    cost = cost_of(naive.poll, google)
    count, waits = _accepted(google, uploaded, mails_per_job=1)
    google.order("archive")
    return dict(zip(_NAIVE, (cost.requests, count, cost.wall, *waits), strict=True))


def _accepted(google: Google, uploaded: Mapping[str, float], mails_per_job: int) -> tuple[int, tuple[float, float]]:
    """The number of mails, and median and 95th percentile of the seconds from upload to acceptance.

    Raises `RuntimeError` when a mail is missing.
    """
    answer = google.order("mails")
    waits = sorted(accepted - uploaded[job] for job, accepted in answer["told"])
    if len(waits) != mails_per_job * len(uploaded):
        raise RuntimeError(f"{len(uploaded)} jobs were told of {len(waits)} times")
    return answer["count"], (statistics.median(waits), waits[int(len(waits) * 0.95)])
