"""What looking at the owner's disk costs, unchanged and with a few changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cost import Cost, cost_of, too_long, usual_cost
from benchmarks.jobs_on_disk import JobsOnDisk, disk
from benchmarks.naive import NaiveState, job_folders, naive_scan
from benchmarks.program import DiskReader
from benchmarks.report import Report
from benchmarks.scale import Scale

CHANGES = 10
_PEERS = 100
_SAMPLE = 20
_COLUMNS = ("jobs", "changed", "first wall", "wall", "cpu", "naive wall", "naive cpu")
_WORLD = (
    f"settled jobs of {_PEERS} peers in today's layout, without logs and outputs; `changed` of them, others each time, "
    "ran again and finished before the look. `first` is the first look of a process"
)


def local_scans(scale: Scale, report: Report) -> None:
    """Looks at settled jobs."""
    table = report.table("local scan", _WORLD, _COLUMNS)
    with disk() as root:
        jobs = JobsOnDisk(root, _PEERS)
        for count in scale.jobs:
            jobs.grow(count)
            first, unchanged, changed = _looks(jobs, DiskReader(root))
            compared, note = naive_look(root)
            for changes, cost in ((0, unchanged), (CHANGES, changed)):
                ours = {"first wall": first.wall, "wall": cost.wall, "cpu": cost.cpu}
                table.add({"jobs": count, "changed": changes, **ours, **compared}, note)


def _looks(jobs: JobsOnDisk, reader: DiskReader) -> tuple[Cost, Cost, Cost]:
    """What the first look, one at nothing new, and one at some changes cost. Raises `RuntimeError` for a wrong one."""

    def changed() -> Cost:
        jobs.run_again(CHANGES)
        reader.look(full=True)
        before = set(reader.jobs.values())
        jobs.finish(CHANGES)
        cost = cost_of(reader.look)
        new = set(reader.jobs.values()) - before
        if (len(reader.jobs), len(new)) != (jobs.count, min(CHANGES, jobs.count)):
            raise RuntimeError(f"{len(new)} changes were seen in {len(reader.jobs)} jobs")
        return cost

    return cost_of(reader.look), usual_cost(lambda: cost_of(reader.look)), usual_cost(changed)


def naive_look(root: Path) -> tuple[Mapping[str, float], str]:
    """What a naive look costs, or a note why none was made; all has long been told, so changes make no difference."""
    folders = job_folders(root)
    with TemporaryDirectory(prefix="syft-notify-home-") as home:
        state = NaiveState(Path(home) / "naive.json")
        state.settle(folder.name for folder in folders)
        sample = cost_of(lambda: naive_scan(folders[:_SAMPLE], state))
        reason = too_long(sample.cpu / len(folders[:_SAMPLE]) * len(folders))
        if reason:
            return {}, reason
        cost = usual_cost(lambda: cost_of(lambda: naive_scan(job_folders(root), state)))
        return {"naive wall": cost.wall, "naive cpu": cost.cpu}, ""
