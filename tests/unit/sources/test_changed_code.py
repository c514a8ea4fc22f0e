"""The owner who was told of a job is told of other code for it, whoever sends that, once for each change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.jobs import JobStatus
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event
from tests.unit.sources.post import DO
from tests.unit.sources.test_trust import MALLORY, VICTOR, Scene
from tests.worlds import GENERATIONS, Job

PLAIN = [release for release, generation in GENERATIONS.items() if not generation.encrypted]
CHANGED = (DO, "job_changed", VICTOR)


class Changes(Scene):
    """Victor's job was told; what is sent then changes it."""

    def begin(self) -> Job:
        self.start()
        job = self.job()
        self.send(job, VICTOR)
        assert len(self.told()) == 2
        return job

    def main_alone(self, job: Job, code: str, by: str = VICTOR, name: str = "main.py") -> None:
        """A message that writes one file of the job."""
        self.clock.advance(1)
        path = f"{self.generation.job_path(job)}/{name}"
        message = self.generation.change_message({path: code}, by, DO, self.clock())
        self.drive.add_file(self.inboxes[by], *message, by)

    def changes(self) -> list[Event]:
        return [event for event in self.look() if event.kind is Kind.JOB_CHANGED]


@pytest.fixture(params=PLAIN)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Changes]:
    scene = Changes(tmp_path)
    scene.generation = GENERATIONS[request.param]
    yield scene
    scene.store.close()


def other_code(job: Job, code: str = "print('other')\n") -> Job:
    return replace(job, files={**job.files, "main.py": code})


def test_new_code_under_the_same_name_and_time_is_told_to_the_owner_once(scene):
    job = scene.begin()
    for code in ("print('evil')\n", "print('worse')\n"):
        scene.send(other_code(job, code), VICTOR)
        (event,) = scene.changes()
        assert code.strip() in {file.text.strip() for file in event.preview.files}
        scene.send(other_code(job, code), VICTOR)
        assert scene.told(2) == []
    scene.send(job, VICTOR)
    assert scene.told() == [], "this code was told before"


def test_a_file_alone_is_told_with_its_code(scene):
    job = scene.begin()
    scene.main_alone(job, "print('evil')\n")
    (event,) = scene.changes()
    assert [file.text for file in event.preview.files] == ["print('evil')\n"]
    assert (event.facts.job, event.facts.ds, event.facts.warning) == (job.name, VICTOR, "")
    scene.main_alone(job, "print('evil')\n")
    assert scene.told(2) == []


def test_a_file_that_somebody_else_sends_is_told_with_a_warning_and_proves_nothing(scene):
    job = scene.begin()
    scene.main_alone(job, "print('evil')\n", MALLORY)
    (event,) = scene.changes()
    assert (event.facts.ds, event.facts.verified) == (VICTOR, True)
    assert f"Drive says that {MALLORY} sent this change" in event.facts.warning
    scene.sync(job, JobStatus.APPROVED)
    assert scene.told(3) == [(VICTOR, "job_approved", VICTOR)]


def test_a_file_is_told_of_the_job_of_its_sender_where_two_sent_one_of_that_name(scene):
    job = scene.begin()
    scene.send(replace(job, submitted_at=scene.clock()), MALLORY)
    scene.told()
    for by in (VICTOR, MALLORY):
        scene.main_alone(job, f"print({by!r})\n", by)
        (event,) = scene.changes()
        assert event.facts.ds == by


def test_the_code_and_its_change_in_one_look_are_both_told(scene):
    scene.start()
    job = scene.job()
    scene.send(job, VICTOR)
    scene.main_alone(job, "print('evil')\n")
    scene.send(other_code(job), VICTOR)
    assert scene.told() == sorted([CHANGED, CHANGED, *[(who, "job_submitted", VICTOR) for who in (DO, VICTOR)]])


def test_a_job_of_the_past_whose_code_changes_is_told(scene):
    job = scene.job()
    scene.sync(job, JobStatus.APPROVED)
    scene.start()
    scene.main_alone(job, "print('evil')\n")
    assert [event.preview.files[0].text for event in scene.changes()] == ["print('evil')\n"]


def test_what_was_told_from_disk_is_compared_from_its_first_message_on(scene):
    scene.start()
    job = scene.job()
    scene.sync(job)
    scene.told()
    scene.send(job, VICTOR)
    assert "job_changed" not in {kind for _, kind, _ in scene.told()}
    scene.send(other_code(job), VICTOR)
    assert len(scene.changes()) == 1


def test_files_of_no_job_that_was_told_are_told_to_nobody(scene):
    job = scene.begin()
    scene.main_alone(replace(job, name="another"), "print('hello')\n")
    scene.main_alone(job, "hello", name="../readme.txt")
    assert scene.told(2) == []


def test_a_new_submission_of_the_name_is_a_new_job(scene):
    job = scene.begin()
    scene.send(other_code(replace(job, submitted_at=scene.clock())), VICTOR)
    assert {kind for _, kind, _ in scene.told()} == {"job_submitted"}


def test_a_change_is_told_though_the_job_was_told_as_unproven(scene):
    scene.start()
    job = scene.job()
    scene.send(job, MALLORY, owner=VICTOR)
    scene.told()
    scene.main_alone(job, "print('evil')\n", MALLORY)
    (event,) = scene.changes()
    assert not event.facts.verified
