"""What was asked, what was measured, and whether that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.report import Report, Table
from benchmarks.store import NEW_JOB

_POLLS = 10_000
# What the memory may move by and still be called flat.
_FLAT_MB = 3.0
_SLOW = {"latency ms": 100}
_THOUSAND = {"peers": 1_000, **_SLOW}
_NEW_JOB = {"settled": 10_000, "step": NEW_JOB}
_CROWD = {"peers": 1_000, "jobs": 10_000, "live": 100}


@dataclass(frozen=True)
class Limit:
    """At most `most` in this column of every row of the table that has the `wanted` values."""

    measure: str
    most: float
    table: str
    column: str
    wanted: Mapping[str, Any] = field(default_factory=dict)

    def measured(self, report: Report) -> float | None:
        """The largest value; None when none was measured."""
        values = [row[self.column] for row in report.rows(self.table, **self.wanted)]
        return max((value for value in values if value is not None), default=None)


LIMITS = (
    Limit("requests of an idle poll, any number of peers", 1, "idle poll", "requests"),
    Limit("seconds of an idle poll, 1,000 peers, 100 ms", 0.15, "idle poll", "wall", _THOUSAND),
    Limit("CPU seconds of an idle poll, 1,000 peers, 10,000 jobs", 0.02, "crowded idle poll", "cpu", _CROWD),
    Limit("requests of a reconcile, 1,000 peers", 25, "full reconcile", "requests", _THOUSAND),
    Limit("seconds of a reconcile, 1,000 peers, 100 ms", 5, "full reconcile", "wall", _THOUSAND),
    Limit("seconds of that first poll, 1,000 peers, 100 ms", 5, "full reconcile", "start wall", _THOUSAND),
    Limit("seconds until 100 new jobs are in the outbox, 100 ms", 4, "burst", "persisted", {"jobs": 100, **_SLOW}),
    Limit(
        "CPU seconds of a local scan, 10,000 settled jobs", 0.05, "local scan", "cpu", {"jobs": 10_000, "changed": 0}
    ),
    Limit("bytes of one new job with two mails, 10,000 settled jobs", 200_000, "store", "bytes", _NEW_JOB),
    Limit("CPU seconds of the same", 0.02, "store", "cpu", _NEW_JOB),
    Limit("MB of the daemon, 1,000 peers, 10,000 jobs", 90, "memory", "MB", _CROWD),
    Limit("status as a ratio to `import click`", 2.5, "start-up", "ratio", {"command": "status"}),
)


def limits(report: Report) -> None:
    """The table at the end, about what this run measured."""
    table = report.table("limits", "at most what is asked", ("asked", "measured", "holds"))
    for limit in LIMITS:
        if report.rows(limit.table):
            _add(table, limit.measure, limit.most, limit.measured(report))
    if report.rows("memory"):
        _add(table, f"MB that the daemon grew by between 10 and {_POLLS:,} polls", _FLAT_MB, _growth(report))


def _add(table: Table, measure: str, asked: float, measured: float | None) -> None:
    holds = "?" if measured is None else "yes" if measured <= asked else "NO"
    table.add({"asked": asked, "measured": measured, "holds": holds}, measure)


def _growth(report: Report) -> float | None:
    """None when the daemon, started with the state of an earlier one, did not come that far."""
    rows = report.rows("memory", **_CROWD, start="later")
    enough = rows and rows[-1]["polls"] >= _POLLS
    return float(rows[-1]["MB"] - rows[0]["MB"]) if enough else None
