"""The owner's SyftBox folder at every step of a job's life, in every generation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.jobs import JobLayout, JobStatus, LocalScan
from syft_notify.syftbox.local_jobs import LocalJobFolder
from syft_notify.syftbox.submission import read_message
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
    REVIEWS,
    WITH_REVIEWS,
    names,
    only,
)
from tests.worlds import (
    GENERATIONS,
    Generation,
    Job,
    ReviewGeneration,
    bash_job,
    folder_job,
    python_job,
)


@ALL
@pytest.mark.parametrize(
    "job", [bash_job(), python_job("Job - 1a [x]"), python_job("größe 分析"), python_job("j" * 200)]
)
def test_a_submission_is_the_same_in_its_message_and_on_disk(
    generation: Generation, job: Job, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, job)
    on_disk = only(jobs.look())
    readable = replace(generation, encrypted=False)
    ((submission, preview),) = read_message(readable.message(job, job.ds, job.do, AT)[1]).submissions
    assert on_disk.submission == submission
    assert jobs.preview(on_disk) == preview
    assert on_disk.status is JobStatus.RECEIVED
    assert on_disk.path == f"{DO}/{generation.job_path(job)}"


@ALL
def test_a_job_is_followed_from_approval_to_its_end(generation: Generation, root: Path, jobs: LocalJobFolder) -> None:
    generation.write_received(root, JOB)
    generation.read_job_list(root, JOB, AT)
    assert only(jobs.look()).status in (JobStatus.RECEIVED, JobStatus.PENDING)
    generation.approve(root, JOB, AT)
    approved = only(jobs.look())
    assert (approved.status, approved.changed_at, approved.run) == (JobStatus.APPROVED, AT, "")
    generation.start(root, JOB, LATER)
    assert only(jobs.look()).status is JobStatus.RUNNING
    generation.finish(root, JOB, 0, "Resolved 3 packages\n", LATER)
    done = only(jobs.look())
    assert (done.status, done.return_code, done.changed_at) == (JobStatus.DONE, 0, LATER)
    assert done.run
    assert done.submission == approved.submission


@ALL
def test_a_failed_job_is_told_from_a_done_one(generation: Generation, root: Path, jobs: LocalJobFolder) -> None:
    generation.write_received(root, JOB)
    generation.approve(root, JOB, AT)
    generation.finish(root, JOB, 3, "ValueError: größe\n", LATER)
    failed = only(jobs.look())
    assert (failed.status, failed.return_code) == (JobStatus.FAILED, 3)
    assert jobs.stderr_tail(failed) == "ValueError: größe\n"


@ALL
def test_a_job_that_timed_out_has_failed_with_minus_one(
    generation: Generation, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.approve(root, JOB, AT)
    generation.time_out(root, JOB, LATER)
    failed = only(jobs.look())
    assert (failed.status, failed.return_code) == (JobStatus.FAILED, -1)
    assert "TIMED OUT" in jobs.stderr_tail(failed)


@ALL
def test_a_rerun_that_ends_is_another_run_of_the_same_submission(
    generation: Generation, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.approve(root, JOB, AT)
    generation.finish(root, JOB, 3, "no\n", AT)
    first = only(jobs.look())
    assert only(jobs.look()) == first
    generation.rerun(root, JOB)
    waiting = only(jobs.look())
    assert (waiting.status, waiting.run) == (JobStatus.APPROVED, "")
    generation.finish(root, JOB, 3, "no\n", LATER)
    second = only(jobs.look())
    assert second.status is JobStatus.FAILED
    assert second.run != first.run
    assert second.submission == first.submission


@ALL
def test_a_result_deposited_by_hand_is_a_done_job(generation: Generation, root: Path, jobs: LocalJobFolder) -> None:
    generation.write_received(root, JOB)
    generation.deposit(root, JOB, LATER)
    done = only(jobs.look())
    assert (done.status, done.changed_at) == (JobStatus.DONE, LATER)
    assert not done.return_code
    assert jobs.stderr_tail(done) == ""


@WITH_REVIEWS
@pytest.mark.parametrize("reason", ["please use the mock data", "long " * 100, "größe: 'x' #no", "two\nlines"])
def test_a_rejection_carries_its_reason(
    generation: ReviewGeneration, reason: str, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.reject(root, JOB, reason, LATER)
    rejected = only(jobs.look())
    assert (rejected.status, rejected.changed_at) == (JobStatus.REJECTED, LATER)
    assert rejected.reason == " ".join(reason.split())


def test_a_reason_given_with_an_approval_is_kept(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    J2.approve(root, JOB, AT, "looks fine")
    assert only(jobs.look()).reason == "looks fine"


@WITH_REVIEWS
def test_a_status_that_went_backwards_is_reported_as_it_is(
    generation: ReviewGeneration, root: Path, jobs: LocalJobFolder
) -> None:
    generation.write_received(root, JOB)
    generation.approve(root, JOB, AT)
    generation.go_back(root, JOB)
    assert only(jobs.look()).status is JobStatus.PENDING


def test_a_running_job_says_since_when_by_its_file(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    J2.approve(root, JOB, AT)
    J2.start(root, JOB, LATER)
    assert only(jobs.look()).changed_at == LATER


def test_what_a_run_added_is_not_shown_as_submitted_code(root: Path, jobs: LocalJobFolder) -> None:
    for generation in (MARKERS["0.1.97"], J2):
        folder = generation.write_received(root, JOB)
        code = folder / "code" if generation is J2 else folder
        (code / ".venv/lib").mkdir(parents=True)
        (code / ".venv/lib/big.py").write_text("private")
        (folder / "code/outputs").mkdir(parents=True)
        (folder / "code/outputs/result.csv").write_text("private")
        generation.approve(root, JOB, AT)
        generation.finish(root, JOB, 0, "private", LATER)
    for job in jobs.look().jobs:
        preview = jobs.preview(job)
        assert [file.path for file in preview.files][-1] == "run.sh"
        assert len(preview.files) == 2
        assert preview.left_out[-1].startswith(("approved, code/outputs/, done, outputs/, ", "code/outputs/: "))
        assert [reason for reason in preview.left_out if not lacking(reason, "1 hidden")]
        assert "private" not in repr(preview)
        assert job.submission.file_count == 2


def test_all_generations_lie_side_by_side(root: Path, jobs: LocalJobFolder) -> None:
    ds_of = {name: f"d_{number}+x@example.org" for number, name in enumerate(GENERATIONS)}
    for name, generation in GENERATIONS.items():
        generation.write_received(root, python_job(name.replace(".", "-"), ds=ds_of[name]))
    look = jobs.look()
    assert look.problems == ()
    assert names(look) == sorted(name.replace(".", "-") for name in GENERATIONS)
    assert {job.submission.layout for job in look.jobs} == set(JobLayout)
    assert jobs.accepted_peers() == {ds_of[name] for name in REVIEWS}


def test_the_same_name_of_two_scientists_is_two_jobs(root: Path, jobs: LocalJobFolder) -> None:
    for ds in ("a@x.org", "b@x.org"):
        J2.write_received(root, python_job("sales", ds=ds))
    assert [job.submission.key for job in jobs.look().jobs] == ["a@x.org/sales", "b@x.org/sales"]


def test_an_address_in_capitals_is_the_same_person(root: Path) -> None:
    job = python_job("sales", ds="Big@X.org", do="Do@Example.org")
    J2.write_received(root, job)
    J2.reject(root, job, "no", AT)
    jobs = LocalJobFolder(root, "DO@example.org")
    look = jobs.look()
    assert only(look).submission.claimed_ds == "big@x.org"
    assert only(look).reason == "no"
    assert jobs.accepted_peers() == {"big@x.org"}


def test_the_review_of_an_address_written_otherwise_is_found(root: Path, jobs: LocalJobFolder) -> None:
    job = python_job("sales", ds="ds@x.org")
    J2.write_received(root, replace(job, ds="Ds@X.org"))
    J2.finish(root, job, 3, "late\n", AT)
    found = only(jobs.look())
    assert found.status is JobStatus.FAILED
    assert jobs.stderr_tail(found) == "late\n"


def test_jobs_inside_a_job_are_not_reported_again(root: Path, jobs: LocalJobFolder) -> None:
    inner = {"inner/config.yaml": "name: inner\n", "inner/run.sh": "echo\n"}
    MARKERS["0.1.97"].write_received(root, folder_job("outer", files={"main.py": "1\n", **inner}))
    flat = J2.write_received(root, python_job("v1", files={"main.py": "1\n", "config.yaml": "name: no\n"}))
    (flat / "outputs").mkdir()
    (flat / "outputs/config.yaml").write_text("name: no\n")
    look = jobs.look()
    assert names(look) == ["outer", "v1"]
    assert look.problems == ()


def test_permission_files_and_loose_files_are_no_jobs(root: Path, jobs: LocalJobFolder) -> None:
    J2.accept(root, DO, DS)
    (root / DO / f"app_data/job/inbox/{DS}/readme.txt").write_text("hello")
    (root / DO / "app_data/job/notes.txt").write_text("hello")
    (root / DO / "app_data/job/.cache").mkdir()
    assert jobs.look() == LocalScan()


def test_a_job_deleted_and_submitted_again_is_another_submission(root: Path, jobs: LocalJobFolder) -> None:
    J2.write_received(root, JOB)
    first = only(jobs.look())
    J2.write_received(root, replace(JOB, submitted_at=LATER))
    assert only(jobs.look()).submission.identity != first.submission.identity
