"""What something costs: requests, time on the clock, time of the processor; medians of several runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.google import Google

MOST_SECONDS = 60.0
MOST_RUNS = 5
_ENOUGH_SECONDS = 20.0


@dataclass(frozen=True)
class Cost:
    """HTTP requests (a batch is one), and seconds: on the clock, of our process's CPU, of the local Google's CPU."""

    requests: int
    wall: float
    cpu: float
    google_cpu: float = 0.0


def cost_of(action: Callable[[], object], google: Google | None = None) -> Cost:
    """Do it once. The requests are those of everybody, so only one program may be at work."""
    if google:
        google.order("spent")
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    spent = google.order("spent") if google else {"requests": 0, "cpu": 0.0}
    return Cost(int(spent["requests"]), wall, cpu, spent["cpu"])


def usual_cost(measure: Callable[[], Cost]) -> Cost:
    """The median of up to five measurements; no new one begins after twenty seconds."""
    end = time.monotonic() + _ENOUGH_SECONDS
    costs = [measure()]
    while len(costs) < MOST_RUNS and time.monotonic() < end:
        costs.append(measure())
    return Cost(
        int(statistics.median_low(cost.requests for cost in costs)),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.google_cpu for cost in costs),
    )


def too_long(seconds: float) -> str:
    """Why something is not measured that would take so long; nothing if it would not."""
    return f"naive would take about {seconds:.0f} s" if seconds > MOST_SECONDS else ""
