"""`python -m benchmarks`: measure, print tables, write JSON."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.burst import bursts
from benchmarks.daemon import memory, starts
from benchmarks.drive import crowd, idle_polls, reconciles
from benchmarks.google import REPOSITORY
from benchmarks.limits import limits
from benchmarks.local import local_scans
from benchmarks.report import Report
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.store import store_writes

PARTS: Mapping[str, Callable[[Scale, Report], None]] = {
    "start-up": starts,
    "store": store_writes,
    "idle": idle_polls,
    "reconcile": reconciles,
    "burst": bursts,
    "local": local_scans,
    "crowd": crowd,
    "memory": memory,
}


def main() -> None:
    """Measure the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny worlds, in a few seconds: shows that it works")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, help="where the figures go; benchmarks/results.json when not given")
    options = parser.parse_args()
    # A daemon must not survive its measurement.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    logging.basicConfig(level=logging.WARNING)
    name, scale = ("quick", QUICK) if options.quick else ("results", FULL)
    report = Report(options.json or REPOSITORY / f"benchmarks/{name}.json", sys.argv[1:])
    for part in options.only:
        PARTS[part](scale, report)
    if not options.quick:
        limits(report)


if __name__ == "__main__":
    main()
