"""The owner's SyftBox folder half written, damaged, closed, linked elsewhere or overfull."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syft_notify.domain.jobs import JobStatus, LocalScan
from syft_notify.syftbox import local_jobs
from syft_notify.syftbox.disk import Stamp
from syft_notify.syftbox.job_reader import ReadJob, read_job
from syft_notify.syftbox.job_tree import FoundJob
from syft_notify.syftbox.local_jobs import STDERR_TAIL_BYTES, LocalJobFolder
from tests.facts import lacking
from tests.unit.syftbox.boxes import (
    ALL,
    AT,
    DO,
    DS,
    J2,
    JOB,
    LATER,
    MARKERS,
    WITH_MARKERS,
    WITH_REVIEWS,
    Nobody,
    names,
    only,
    without_state,
)
from tests.worlds import (
    Generation,
    MarkerGeneration,
    ReviewGeneration,
    folder_job,
    python_job,
)


def test_no_folder_at_all_is_said_and_is_not_an_empty_one(root: Path, jobs: LocalJobFolder) -> None:
    look = jobs.look()
    assert look == LocalScan(absent=look.absent)
    assert lacking(look.absent, root) == []
    assert jobs.accepted_peers() == frozenset()
    root.mkdir()
    look = jobs.look()
    assert look == LocalScan(absent=look.absent)
    assert lacking(look.absent, root, DO) == []
    (root / "other@example.org").mkdir()
    (root / "do@example.org.txt").write_text("")
    assert jobs.look().absent
    (root / DO).mkdir()
    assert jobs.look() == LocalScan(whole=False)
    (root / DO / "app_data/job").mkdir(parents=True)
    assert jobs.look() == LocalScan()


@WITH_REVIEWS
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"approved_at: null\nstatu", "YAML"),
        (b"approved_at: null\n", "status"),
        (b"status: [done]\n", "status"),
        (b"status: paused\n", "status"),
        (b"status: null\n", "status"),
        (b"just text", "mapping"),
        (b"status: &a done\nreview_reason: *a\n", "aliases"),
        (b"\0\1\2\3", "text"),
        (b"\xff\xfe status: done", "text"),
        (b"status: done\nreview_reason: " + b"x" * 300_000, "large"),
    ],
    ids=range(12),
)
def test_a_state_file_that_says_nothing_is_named_and_read_again_next_time(
    generation: ReviewGeneration, content: bytes, reason: str, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.write_received(root, python_job("other"))
    generation.finish(root, JOB, 0, "", AT)
    state = generation.review(root, JOB) / "state.yaml"
    whole = state.read_bytes()
    state.write_bytes(content)
    look = jobs.look()
    assert names(look) == ["other"]
    assert without_state(look) == [("sales", JobStatus.RECEIVED)]
    (problem,) = look.problems
    assert problem.startswith(f"{state.relative_to(root)}: ")
    assert lacking(problem, reason) == []
    assert look.unread == (str(generation.folder(root, JOB).relative_to(root)),)
    assert look.whole
    state.write_bytes(whole)
    assert names(jobs.look()) == ["other", "sales"]
    assert jobs.look().problems == ()


@ALL
@pytest.mark.parametrize("seconds", [10**10, -(10**9)], ids=["year 2286", "before 1970"])
def test_times_of_files_that_no_clock_shows_stop_no_job(
    generation: Generation, seconds: int, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.write_received(root, python_job("other"))
    generation.approve(root, JOB, AT)
    for place in (root, *root.rglob("*")):
        os.utime(place, (seconds, seconds))
    for full in (True, False, True):
        look = jobs.look(full=full)
        assert look.problems == ()
    assert names(look) == ["other", "sales"]
    for job in look.jobs:
        assert job.changed_at is not None
        assert job.changed_at >= datetime(1970, 1, 1, tzinfo=UTC)


def test_a_job_that_changes_in_the_far_future_is_seen_to_change(root: Path, jobs: LocalJobFolder) -> None:
    MARKERS["0.1.97"].write_received(root, JOB)
    MARKERS["0.1.97"].approve(root, JOB, AT)
    approved = MARKERS["0.1.97"].folder(root, JOB) / "approved"
    os.utime(approved, (10**10, 10**10))
    before = only(jobs.look())
    os.utime(approved, (10**10 + 1, 10**10 + 1))
    after = only(jobs.look())
    assert after.changed_at - before.changed_at == timedelta(seconds=1)  # type: ignore[operator]


@pytest.mark.parametrize("seconds", [10**10, 10**12, 2**62, -(2**62)])
def test_a_stamp_holds_every_time_that_a_file_can_have(seconds: int, root: Path) -> None:
    """Some file systems keep 64 bits of seconds; not the one of the tests, perhaps."""
    found = os.stat(root.parent)
    odd = os.stat_result(list(found)[:10], {"st_mtime_ns": seconds * 10**9, "st_ctime_ns": seconds * 10**9 + 5})
    stamp = Stamp.of(odd)
    assert (stamp.modified_ns, stamp.changed_ns) == (seconds * 10**9, seconds * 10**9 + 5)
    assert datetime(1970, 1, 1, tzinfo=UTC) <= stamp.modified_at


def test_a_job_whose_reading_fails_in_a_way_that_nobody_foresaw_hides_no_other(
    root: Path, jobs: LocalJobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of this kind has no known cause, so a real file cannot make one."""
    J2.write_received(root, JOB)
    J2.write_received(root, python_job("other"))

    def read(datasite: Path, found: FoundJob, *rest: Any) -> ReadJob:
        return 1 // 0 if found.folder.name == "sales" else read_job(datasite, found, *rest)

    monkeypatch.setattr(local_jobs, "read_job", read)
    look = jobs.look()
    assert names(look) == ["other"]
    path = os.path.relpath(J2.folder(root, JOB), root)
    assert look.unread == (path,)
    assert look.problems == (f"{path.partition('/')[2]}: internal error (ZeroDivisionError)",)


def test_of_many_folders_without_a_config_a_few_are_named_and_hide_no_other_problem(
    root: Path, jobs: LocalJobFolder
) -> None:
    inbox = J2.write_received(root, JOB).parent
    for number in range(5000):
        (inbox / f"empty {number:04}").mkdir()
    (J2.write_received(root, python_job("broken")) / "config.yaml").write_text("")
    look = jobs.look()
    assert len(look.problems) == 12
    assert lacking(look.problems[10], "4,990") == []
    assert lacking(look.problems[11], "empty") == []
    assert "broken/config.yaml: " in look.problems[11]
    assert names(look) == ["sales"]


def test_a_known_job_is_not_reported_from_memory_while_its_state_is_broken(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    J2.approve(root, JOB, AT)
    assert only(jobs.look()).status is JobStatus.APPROVED
    (J2.review(root, JOB) / "state.yaml").write_text("")
    assert without_state(jobs.look()) == [("sales", JobStatus.RECEIVED)]


def test_a_state_without_any_other_key_is_enough(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    J2.read_job_list(root, JOB, AT)
    state = J2.review(root, JOB) / "state.yaml"
    for status in JobStatus:
        state.write_text(f"status: {status.value}\nreturn_code: many\ncompleted_at: soon\n")
        os.utime(state, (AT.timestamp(), AT.timestamp()))
        job = only(jobs.look())
        assert (job.status, job.reason, job.return_code, job.changed_at) == (status, "", None, AT)
        assert bool(job.run) == (status in (JobStatus.DONE, JobStatus.FAILED))


@ALL
@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (None, "config.yaml"),
        (b"", "empty"),
        (b"\x7fELF\0\1\2", "text"),
        ("name: größe".encode("latin-1"), "text"),
        (b"x" * 300_000, "large"),
        (b"files:\n" + b"- a.py\n" * 1000, "time of submission"),
    ],
    ids=["missing", "empty", "binary", "latin", "huge", "half"],
)
def test_a_folder_without_a_sound_config_is_named_and_the_others_are_reported(
    generation: Generation, config: bytes | None, reason: str, root: Path, jobs: LocalJobFolder
) -> None:
    broken = generation.write_received(root, JOB)
    generation.write_received(root, python_job("other"))
    if config is None:
        (broken / "config.yaml").unlink()
    else:
        (broken / "config.yaml").write_bytes(config)
    look = jobs.look()
    assert names(look) == ["other"]
    blamed = broken if config is None else broken / "config.yaml"
    (problem,) = look.problems
    assert problem.startswith(f"{blamed.relative_to(root)}: ")
    assert lacking(problem, reason) == []


def test_a_short_config_that_is_no_mapping_still_lets_the_job_be_seen(root: Path, jobs: LocalJobFolder) -> None:
    folder = J2.write_received(root, JOB)
    (folder / "config.yaml").write_text("hello")
    job = only(jobs.look())
    assert (job.submission.name, job.submission.claimed_ds) == ("sales", DS)
    assert job.submission.identity.startswith("sha256:")


@WITH_MARKERS
@pytest.mark.parametrize("code", ["", "three", "3" * 50])
def test_a_return_code_that_is_no_number_is_read_again_next_time(
    generation: MarkerGeneration, code: str, root: Path, jobs: LocalJobFolder
) -> None:
    folder = generation.write_received(root, JOB)
    generation.finish(root, JOB, 3, "", AT)
    (folder / "returncode.txt").write_text(code)
    look = jobs.look()
    assert without_state(look) == [("sales", JobStatus.RECEIVED)]
    assert names(look) == []
    (problem,) = look.problems
    assert lacking(problem, folder.relative_to(root), "returncode.txt") == []
    (folder / "returncode.txt").write_text("3\n")
    assert only(jobs.look()).return_code == 3


def test_folders_that_nobody_may_own_are_named(root: Path, jobs: LocalJobFolder) -> None:
    (root / DO / "app_data/job/inbox/no address/sales").mkdir(parents=True)
    (root / DO / "app_data/job/odd\nname\x1b").mkdir()
    unnamed, empty = sorted(jobs.look().problems)
    assert unnamed.startswith(f"{DO}/app_data/job/inbox/no address: ")
    assert empty.startswith(f"{DO}/app_data/job/odd\\nname\\x1b: ")


def test_a_name_that_is_no_unicode_is_reported_in_printable_form(root: Path, jobs: LocalJobFolder) -> None:
    folder = os.fsencode(root / DO / "app_data/job") + b"/n\xe9"
    os.makedirs(folder)
    with open(folder + b"/config.yaml", "w") as config:
        config.write("name: x\n")
    job = only(jobs.look())
    assert job.submission.name == "n\\udce9"
    job.submission.key.encode()
    assert jobs.preview(job).files == ()


def test_links_out_of_the_tree_are_not_followed(root: Path, jobs: LocalJobFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside_root = outside / "box"
    J2.write_received(outside_root, python_job("stolen"))
    J2.finish(outside_root, python_job("stolen"), 3, "stolen\n", AT)
    J2.write_received(root, JOB)
    job_root, stolen = root / DO / "app_data/job", outside_root / DO / "app_data/job"
    (job_root / "linked").symlink_to(stolen / f"inbox/{DS}/stolen")
    (job_root / f"inbox/{DS}/linked").symlink_to(stolen / f"inbox/{DS}/stolen")
    (J2.folder(root, JOB) / "code/secret.py").symlink_to(stolen / f"inbox/{DS}/stolen/code/main.py")
    (job_root / f"review/{DS}/sales").symlink_to(stolen / f"review/{DS}/stolen")
    look = jobs.look()
    assert names(look) == []
    assert without_state(look) == [("sales", JobStatus.RECEIVED)]
    (problem,) = look.problems
    assert lacking(problem, f"{DO}/app_data/job/review/{DS}/sales/state.yaml", "link") == []
    (job_root / f"review/{DS}/sales").unlink()
    job = only(jobs.look())
    assert "secret.py" not in repr(jobs.preview(job))
    (job_root / f"review/{DS}/sales").symlink_to(stolen / f"review/{DS}/stolen")
    assert jobs.stderr_tail(job) == ""


def test_a_linked_config_or_state_file_is_not_read(root: Path, jobs: LocalJobFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("status: done\nname: x\n")
    folder = J2.write_received(root, JOB)
    J2.read_job_list(root, JOB, AT)
    for linked in (J2.review(root, JOB) / "state.yaml", folder / "config.yaml"):
        linked.unlink()
        linked.symlink_to(tmp_path / "secret")
    assert jobs.look().jobs == ()


def test_a_syftbox_folder_that_is_itself_a_link_is_fine(root: Path, tmp_path: Path) -> None:
    J2.write_received(root, JOB)
    link = tmp_path / "box"
    link.symlink_to(root)
    assert only(LocalJobFolder(link, DO).look()).submission.name == "sales"


def test_a_job_folder_that_leads_elsewhere_is_no_look_at_all(root: Path, jobs: LocalJobFolder, tmp_path: Path) -> None:
    J2.write_received(tmp_path / "outside", JOB)
    (root / DO / "app_data").mkdir(parents=True)
    (root / DO / "app_data/job").symlink_to(tmp_path / f"outside/{DO}/app_data/job")
    look = jobs.look()
    assert look == LocalScan(absent=look.absent)
    assert lacking(look.absent, f"{DO}/app_data/job", "out") == []


def test_a_folder_linked_to_itself_holds_no_jobs(root: Path, jobs: LocalJobFolder) -> None:
    (root / DO / "app_data").mkdir(parents=True)
    (root / DO / "app_data/job").symlink_to("job")
    assert jobs.look().jobs == ()


def test_a_pipe_in_place_of_a_file_does_not_hang_the_look(root: Path, jobs: LocalJobFolder) -> None:
    folder = J2.write_received(root, JOB)
    J2.finish(root, JOB, 3, "x", AT)
    job = only(jobs.look())
    for pipe in (J2.review(root, JOB) / "stderr.txt", folder / "code/main.py", J2.review(root, JOB) / "state.yaml"):
        pipe.unlink()
        os.mkfifo(pipe)
    assert jobs.stderr_tail(job) == ""
    assert [file.path for file in jobs.preview(job).files] == ["run.sh"]
    assert only(jobs.look()).status is JobStatus.RECEIVED


@pytest.mark.parametrize(
    ("closed", "left"),
    [
        (f"app_data/job/inbox/{DS}/sales", ["other", "old"]),
        (f"app_data/job/inbox/{DS}/sales/config.yaml", ["other", "old"]),
        (f"app_data/job/review/{DS}/sales", ["other", "old"]),
        (f"app_data/job/review/{DS}/sales/state.yaml", ["other", "old"]),
        (f"app_data/job/inbox/{DS}", ["old"]),
        ("app_data/job/inbox", ["old"]),
        ("app_data/job/review", ["old"]),
        ("app_data/job/old", ["other", "sales"]),
    ],
)
def test_what_may_not_be_read_is_named_and_the_rest_reported(
    closed: str, left: list[str], strangers_root: Path
) -> None:
    root = strangers_root
    for name in ("sales", "other"):
        J2.write_received(root, python_job(name))
        J2.approve(root, python_job(name), AT)
    MARKERS["0.1.97"].write_received(root, python_job("old"))
    path = root / DO / closed
    mode = path.stat().st_mode
    path.chmod(0)
    jobs = LocalJobFolder(root, DO)
    with Nobody():
        look = jobs.look()
    path.chmod(mode)
    assert names(look) == sorted(left)
    assert not look.absent
    assert look.problems
    assert all("Permission denied" in problem and "\n" not in problem for problem in look.problems)
    assert names(jobs.look()) == ["old", "other", "sales"]


def test_code_that_may_not_be_read_is_said_in_words(strangers_root: Path) -> None:
    folder = J2.write_received(strangers_root, folder_job())
    jobs = LocalJobFolder(strangers_root, DO)
    job = only(jobs.look())
    (folder / "code/lib").chmod(0)
    (folder / "run.sh").chmod(0)
    with Nobody():
        preview = jobs.preview(job)
    (folder / "code/lib").chmod(0o700)
    assert [file.path for file in preview.files] == ["code/main.py", "code/größe.json"]
    assert {reason.partition(":")[0] for reason in preview.left_out} == {"run.sh", "code/lib/"}


@pytest.mark.parametrize("closed", ["", DO, f"{DO}/app_data/job"])
def test_a_box_that_may_not_be_read_is_no_look_at_all(closed: str, strangers_root: Path) -> None:
    J2.write_received(strangers_root, JOB)
    path = strangers_root / closed
    path.chmod(0)
    jobs = LocalJobFolder(strangers_root, DO)
    with Nobody():
        look, peers = jobs.look(), jobs.accepted_peers()
    path.chmod(0o700)
    assert (look, peers) == (LocalScan(absent=look.absent), frozenset())
    assert "Permission denied" in look.absent


def test_only_the_end_of_a_long_stderr_is_read(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    J2.finish(root, JOB, 3, "é" * 100_000 + "end\n", AT)
    tail = jobs.stderr_tail(only(jobs.look()))
    assert tail.endswith("éend\n")
    assert len(tail.encode()) <= STDERR_TAIL_BYTES + 4


def test_a_job_with_countless_files_is_shown_in_part(root: Path, jobs: LocalJobFolder) -> None:
    folder = J2.write_received(root, JOB)
    for number in range(5100):
        (folder / f"code/{number}").touch()
    job = only(jobs.look())
    assert job.submission.file_count > 4000
    assert lacking(jobs.preview(job).left_out[-1], "too many") == []


def test_an_unchanged_job_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for generation in (J2, MARKERS["0.1.97"]):
        generation.write_received(root, JOB)
        generation.approve(root, JOB, AT)
    jobs = LocalJobFolder(root, DO, lambda: time.time_ns() + 10**10)  # the files are old
    first = jobs.look()
    assert len(first.jobs) == 2
    opened: list[object] = []
    real_open = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: opened.append(path) or real_open(path, *rest))
    assert jobs.look() == first
    assert opened == []
    J2.reject(root, JOB, "no", LATER)
    assert JobStatus.REJECTED in {job.status for job in jobs.look().jobs}
    assert [Path(str(path)) for path in opened] == [J2.review(root, JOB) / "state.yaml"]
