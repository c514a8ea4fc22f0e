"""Looks at only what changed tell, one after the other, what a look at everything would tell."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syft_notify.domain.jobs import JobStatus
from syft_notify.syftbox import local_jobs
from syft_notify.syftbox.job_reader import ReadJob, read_job
from syft_notify.syftbox.job_tree import FoundJob
from syft_notify.syftbox.local_jobs import SETTLED_SHARE, LocalJobFolder
from tests.facts import lacking
from tests.unit.syftbox.boxes import AT, DO, J2, JOB, LATER, MARKERS, REVIEWS, Nobody
from tests.worlds import python_job

J0, J1, J3 = MARKERS["0.1.93"], MARKERS["0.1.97"], REVIEWS["syft-rds-0.6.1"]
BOX = "app_data/job"
KEPT, FOREIGN = python_job("kept"), python_job("foreign", ds="big@x.org")


class Watcher:
    """Looks at the folder again and again, and only once at everything."""

    def __init__(self, root: Path, now_ns: Callable[[], int]) -> None:
        self.root = root
        self.folder = LocalJobFolder(root, DO, now_ns)
        self.look = self.folder.look()
        self.known = {job.path: job for job in self.look.jobs}

    def looks(self) -> list[str]:
        """The names of the jobs that this look told of."""
        self.folder.accepted_peers()  # asked before each look, by who surveys Drive
        self.look = self.folder.look(full=False)
        told = {job.path: job for job in self.look.jobs}
        self.known = {path: job for path, job in {**self.known, **told}.items() if path not in self.look.gone}
        return sorted(job.submission.name for job in told.values())

    def agrees(self) -> None:
        """All that it knows is what somebody new would see."""
        fresh = LocalJobFolder(self.root, DO).look()
        assert self.known == {job.path: job for job in fresh.jobs}
        assert sorted(self.look.problems) == sorted(fresh.problems)
        assert (self.look.whole, sorted(self.look.unread)) == (fresh.whole, sorted(fresh.unread))
        assert self.look.absent == fresh.absent


def later() -> int:
    """A clock by which all files are old, so that their stamps are trusted."""
    return time.time_ns() + 10**10


def inhabited(root: Path) -> Path:
    for generation in (J0, J1, J2, J3):
        generation.write_received(root, python_job(f"old {generation.release}"))
    J2.write_received(root, KEPT)
    J2.approve(root, KEPT, AT)
    return root


@pytest.fixture
def watcher(root: Path) -> Watcher:
    watcher = Watcher(inhabited(root), later)
    assert watcher.looks() == []
    assert watcher.look.partial
    return watcher


def _rename(root: Path, old: str, new: str) -> None:
    (root / DO / BOX / old).rename(root / DO / BOX / new)


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda root: None, []),
    "a new job": (lambda root: J2.write_received(root, JOB), ["sales"]),
    "a new job of somebody new": (lambda root: J2.write_received(root, FOREIGN), ["foreign"]),
    "a new job of today's client": (lambda root: J3.write_received(root, FOREIGN), ["foreign"]),
    "a new job in a folder of its DS": (lambda root: J1.write_received(root, FOREIGN), ["foreign"]),
    "a new job beside the others": (lambda root: J0.write_received(root, FOREIGN), ["foreign"]),
    "an approval by a marker": (lambda root: J0.approve(root, python_job("old 0.1.93"), AT), ["old 0.1.93"]),
    "a decision": (lambda root: J2.reject(root, KEPT, "no", AT), ["kept"]),
    "an end": (lambda root: J2.finish(root, KEPT, 3, "x", AT), ["kept"]),
    "a state that says nothing": (lambda root: (J2.review(root, KEPT) / "state.yaml").write_text(""), ["kept"]),
    "a state that is gone": (lambda root: (J2.review(root, KEPT) / "state.yaml").unlink(), ["kept"]),
    "a job that is gone": (lambda root: shutil.rmtree(J2.folder(root, KEPT)), []),
    "a scientist who is gone": (lambda root: shutil.rmtree(root / DO / BOX / "inbox/ds@example.org"), []),
    "all jobs gone": (lambda root: shutil.rmtree(root / DO / BOX / "inbox"), []),
    "a folder that will be a job": (lambda root: (root / DO / BOX / "inbox/ds@example.org/next").mkdir(), []),
    "a folder of nobody": (lambda root: (root / DO / BOX / "inbox/nobody").mkdir(), []),
    "a job renamed": (lambda root: _rename(root, "inbox/ds@example.org/kept", "inbox/ds@example.org/new"), ["new"]),
    "no folder of jobs": (lambda root: _rename(root, ".", "../job.bak"), []),
    "no datasite": (lambda root: (root / DO).rename(root / "moved"), []),
    "no SyftBox": (lambda root: root.rename(root.with_name("moved")), []),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told_alone_and_leaves_nothing_out(change: str, watcher: Watcher) -> None:
    apply, told = CHANGES[change]
    apply(watcher.root)
    assert watcher.looks() == told
    if not watcher.look.partial:  # what cannot be looked at is forgotten
        watcher.known = {}
    watcher.agrees()


def test_what_came_back_is_told_again(watcher: Watcher) -> None:
    away = watcher.root.with_name("away")
    for place in (watcher.root, watcher.root / DO, watcher.root / DO / BOX / "inbox"):
        place.rename(away)
        watcher.looks()
        away.rename(place)
        assert "kept" in watcher.looks()
        watcher.agrees()


def test_a_folder_becomes_a_job_when_its_config_comes_last(watcher: Watcher) -> None:
    config = J2.write_received(watcher.root, JOB) / "config.yaml"
    config.rename(config.with_name("config.tmp"))
    assert watcher.looks() == []
    assert lacking(watcher.look.problems, "config.yaml") == []
    config.with_name("config.tmp").rename(config)
    assert watcher.looks() == ["sales"]
    watcher.agrees()


def test_the_review_of_an_address_written_otherwise_is_seen_when_it_appears(watcher: Watcher) -> None:
    J2.write_received(watcher.root, FOREIGN)
    assert watcher.looks() == ["foreign"]
    _rename(watcher.root, "review/big@x.org", "review/Big@X.org")
    J2.reject(watcher.root, replace(FOREIGN, ds="Big@X.org"), "no", LATER)
    assert watcher.looks() == ["foreign"]
    watcher.agrees()


@pytest.mark.parametrize("closed", ["inbox", "inbox/ds@example.org", "review"])
def test_what_may_not_be_listed_for_a_while_is_not_taken_for_everything(closed: str, strangers_root: Path) -> None:
    watcher = Watcher(inhabited(strangers_root), later)
    path = watcher.root / DO / BOX / closed
    mode = path.stat().st_mode
    path.chmod(0)
    for _ in range(2):
        with Nobody():
            watcher.looks()
        assert not watcher.look.whole
        assert lacking(watcher.look.problems, "Permission denied") == [] or closed == "review"
    path.chmod(mode)
    watcher.looks()
    watcher.agrees()


def test_what_changes_while_its_clock_stands_still_is_seen_because_it_is_young(root: Path) -> None:
    """A coarse clock: a state is written twice with one size and one time."""
    watcher = Watcher(inhabited(root), time.time_ns)
    state = J2.review(root, KEPT) / "state.yaml"
    before = state.stat()
    content = state.read_text()
    assert content.count("status: approved") == 1
    state.write_text(content.replace("status: approved", "status: rejected"))
    os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "kept" in watcher.looks()
    watcher.agrees()


def test_a_settled_job_that_runs_again_is_seen_when_its_turn_comes(root: Path) -> None:
    settled = [python_job(f"job {number}") for number in range(SETTLED_SHARE + 1)]
    for job in settled:
        J0.write_received(root, job)
        J0.finish(root, job, 0, "", AT)
    watcher = Watcher(root, later)
    for job in settled:
        J0.finish(root, job, 1, "x", LATER)
    told = [watcher.looks() for _ in range(3)]
    assert [len(names) for names in told] == [SETTLED_SHARE, 1, 0]
    watcher.agrees()


def test_settled_jobs_that_come_and_go_are_not_asked_twice(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    J2.reject(watcher.root, KEPT, "no", AT)
    watcher.looks()
    inbox, away = watcher.root / DO / BOX / "inbox", watcher.root.with_name("away")
    with monkeypatch.context() as slow:
        slow.setattr(local_jobs, "SETTLED_SHARE", 0)
        for _ in range(5):
            inbox.rename(away)
            watcher.looks()
            away.rename(inbox)
            watcher.looks()
    asked: list[str] = []
    real = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path, **rest: asked.append(os.fspath(path)) or real(path, **rest))
    watcher.looks()
    assert asked.count(str(J2.review(watcher.root, KEPT) / "state.yaml")) == 1


def test_a_config_that_was_corrupted_is_seen_by_the_next_look_at_everything(watcher: Watcher) -> None:
    """It is read once: an unchanged job costs one look at its state."""
    (J2.folder(watcher.root, KEPT) / "config.yaml").write_bytes(b"\xff")
    assert watcher.looks() == []
    watcher.look = watcher.folder.look()
    watcher.known = {job.path: job for job in watcher.look.jobs}
    watcher.agrees()


def test_one_job_is_read_though_another_cannot_be(watcher: Watcher) -> None:
    (J2.review(watcher.root, KEPT) / "state.yaml").write_text("stat")
    J2.write_received(watcher.root, JOB)
    assert watcher.looks() == ["kept", "sales"]
    assert watcher.known[f"{DO}/{J2.job_path(KEPT)}"].status is JobStatus.RECEIVED
    J2.reject(watcher.root, JOB, "no", AT)
    assert watcher.looks() == ["sales"]
    watcher.agrees()


def test_a_config_that_says_nothing_is_read_again_only_when_it_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reads(datasite: Path, found: FoundJob, *rest: Any) -> ReadJob:
        read.append(found.folder.name)
        return read_job(datasite, found, *rest)

    monkeypatch.setattr(local_jobs, "read_job", reads)
    config = J2.write_received(root, JOB) / "config.yaml"
    whole = config.read_bytes()
    config.write_bytes(b"")
    watcher = Watcher(root, later)
    read.clear()
    assert watcher.looks() == []
    assert read == []
    assert len(watcher.look.problems) == len(watcher.look.unread) == 1
    config.write_bytes(whole)
    assert watcher.looks() == ["sales"]
    watcher.agrees()


def test_a_config_that_said_nothing_a_moment_ago_is_read_again(root: Path) -> None:
    """Two writes in one step of the clock of a file system leave one stamp."""
    config = J2.write_received(root, JOB) / "config.yaml"
    whole = config.read_bytes()
    config.write_bytes(b" " * len(whole))
    seen = os.stat(config)
    watcher = Watcher(root, lambda: seen.st_ctime_ns + 1)
    config.write_bytes(whole)
    os.utime(config, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert watcher.looks() == ["sales"]
