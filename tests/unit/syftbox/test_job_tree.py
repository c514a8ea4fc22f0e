"""The tree of job folders: what is known of a job is there once, however often everything is looked at."""

from __future__ import annotations

from pathlib import Path

from syft_notify.syftbox.job_tree import FoundJob, JobTree
from tests.unit.syftbox.boxes import DO, MARKERS, REVIEWS
from tests.unit.syftbox.test_partial_looks import later
from tests.worlds import python_job

J0, J3 = MARKERS["0.1.93"], REVIEWS["syft-rds-0.6.1"]
KEPT, CHANGED = python_job("kept"), python_job("changed")


def found(tree: JobTree) -> dict[str, FoundJob]:
    tree.refresh(full=True)
    return {path: job for branch in tree.branches.values() for path, job in branch.jobs.items()}


def test_a_job_that_is_as_before_is_the_same_object_and_another_one_is_not(tmp_path: Path) -> None:
    for generation in (J0, J3):
        generation.write_received(tmp_path, KEPT)
        generation.write_received(tmp_path, CHANGED)
    tree = JobTree(tmp_path / DO, later)
    before = found(tree)
    for path in before:
        if path.endswith("changed"):
            with (tmp_path / DO / path / "config.yaml").open("a") as config:
                config.write("more: text\n")
    after = found(tree)
    assert len(before) == 4
    assert {path: after[path] is job for path, job in before.items()} == {
        path: path.endswith("kept") for path in before
    }
    assert all(path is job.folder.path for path, job in after.items())
