"""One story in the layouts of every client generation: exactly the expected mails, in whatever order we look."""

from __future__ import annotations

import pytest

from tests.stories.site import Village, decided, failed, granted, requested, submitted
from tests.worlds import GENERATIONS, Job, MarkerGeneration, bash_job, folder_job, python_job

DS, UNDERSCORE = "ds@example.org", "first_last@example.org"
PLAIN = [release for release, generation in GENERATIONS.items() if not generation.encrypted]


@pytest.fixture(params=PLAIN)
def village(request, found) -> Village:
    return found(request.param)


def jobs_of(village: Village) -> list[Job]:
    generation = village.generation
    takes_folders = not isinstance(generation, MarkerGeneration) or generation.takes_folders
    jobs = [python_job("good"), bash_job("bad"), python_job("unwanted")]
    return [*jobs, folder_job("big one")] if takes_folders else jobs


def has_accept_step(village: Village) -> bool:
    return village.generation.drive != "D0"


def knows_rejection(village: Village) -> bool:
    return not isinstance(village.generation, MarkerGeneration)


def test_every_step_is_told_once_to_whom_it_concerns(village):
    assert village.poll() == []
    village.ask(DS)
    village.ask(UNDERSCORE)
    assert village.poll() == sorted(requested(DS) + requested(UNDERSCORE))
    village.accept(DS)
    assert village.poll() == (granted(DS) if has_accept_step(village) else [])
    jobs = {job.name: village.submit(job) for job in jobs_of(village)}
    waiting = village.submit(python_job("of a stranger"), UNDERSCORE)
    expected = [mail for name in jobs for mail in submitted(name)] + submitted(waiting.name, UNDERSCORE)
    assert village.poll() == sorted(expected)
    assert village.poll() == []

    village.sync()
    expected = [] if has_accept_step(village) else granted(DS) + granted(UNDERSCORE)
    assert village.poll() == sorted(expected), "a sync is the sign of acceptance where there is no other"
    generation, root = village.generation, village.root
    for job in jobs.values():
        generation.read_job_list(root, job, village.tick())
    assert village.poll() == []
    generation.approve(root, jobs["good"], village.tick())
    generation.approve(root, jobs["bad"], village.tick())
    assert village.poll() == sorted(decided("approved", "good") + decided("approved", "bad"))
    generation.start(root, jobs["good"], village.tick())
    assert village.poll() == []
    generation.finish(root, jobs["good"], 0, "", village.tick())
    generation.start(root, jobs["bad"], village.tick())
    generation.finish(root, jobs["bad"], 3, "Traceback: it went wrong\n", village.tick())
    assert village.poll() == sorted(decided("executed", "good") + failed("bad"))
    if knows_rejection(village):
        generation.reject(root, jobs["unwanted"], "Too much raw data.", village.tick())
        assert village.poll() == decided("rejected", "unwanted")
    assert village.poll() == []
    assert village.report.healthy


def test_everything_between_two_polls_is_told_all_the_same(village):
    village.poll()
    village.ask(DS)
    village.poll()
    village.accept(DS)
    village.poll()
    jobs = {job.name: village.submit(job) for job in jobs_of(village)}
    village.sync()
    for name, code in (("good", 0), ("bad", 3)):
        village.generation.approve(village.root, jobs[name], village.tick())
        village.generation.start(village.root, jobs[name], village.tick())
        village.generation.finish(village.root, jobs[name], code, "no\n", village.tick())
    expected = [mail for name in jobs for mail in submitted(name)]
    expected += decided("approved", "good") + decided("executed", "good")
    expected += decided("approved", "bad") + failed("bad")
    if not has_accept_step(village):
        expected += granted(DS)
    assert village.poll() == sorted(expected)
    assert village.poll() == []


def test_an_owner_who_synced_before_our_very_first_look_gets_the_same_mails_about_waiting_jobs(village):
    village.ask(DS)
    village.accept(DS)
    jobs = [village.submit(job) for job in jobs_of(village)]
    village.sync()
    assert village.poll() == sorted(mail for job in jobs for mail in submitted(job.name))
    assert village.poll() == []


def test_the_first_look_is_quiet_about_what_is_settled_and_tells_what_comes_after(village):
    village.ask(DS)
    village.accept(DS)
    jobs = {job.name: village.submit(job) for job in jobs_of(village)}
    village.sync()
    for job in jobs.values():
        village.generation.approve(village.root, job, village.tick())
    village.generation.start(village.root, jobs["bad"], village.tick())
    village.generation.finish(village.root, jobs["bad"], 3, "no\n", village.tick())
    assert village.poll() == []
    village.generation.finish(village.root, jobs["good"], 0, "", village.tick())
    assert village.poll() == decided("executed", "good")


def test_a_rerun_that_completes_is_told_again(village):
    village.ask(DS)
    village.accept(DS)
    job = village.submit(python_job("good"))
    village.poll()
    village.sync()
    generation, root = village.generation, village.root
    generation.approve(root, job, village.tick())
    generation.finish(root, job, 3, "no\n", village.tick())
    village.poll()
    generation.rerun(root, job)
    assert village.poll() == []
    generation.finish(root, job, 0, "", village.tick())
    assert village.poll() == decided("executed", "good")
    assert village.poll() == []


def test_the_same_name_after_deletion_is_a_new_job(village):
    village.ask(DS)
    village.accept(DS)
    village.submit(python_job("an earlier one"))
    village.sync()
    village.poll()
    for _ in range(2):
        job = village.submit(python_job("again"))
        village.sync()
        assert village.poll() == sorted(submitted("again"))
        for file in sorted(village.generation.folder(village.root, job).rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        village.generation.folder(village.root, job).rmdir()
        assert village.poll() == []


def test_two_scientists_may_use_the_same_job_name(village):
    for ds in (DS, UNDERSCORE):
        village.ask(ds)
    village.poll()
    for ds in (DS, UNDERSCORE):
        village.submit(python_job("analysis"), ds)
    assert village.poll() == sorted(submitted("analysis", DS) + submitted("analysis", UNDERSCORE))
    assert village.poll() == []


def test_all_mails_about_one_job_are_one_conversation_for_each_side(village):
    village.poll()
    village.ask(DS)
    village.accept(DS)
    job = village.submit(python_job("good"))
    village.sync()
    village.generation.approve(village.root, job, village.tick())
    village.poll()
    for code in (3, 0):
        village.generation.finish(village.root, job, code, "no\n", village.tick())
        village.poll()
        village.generation.rerun(village.root, job)
    for person, other in ((village.do, f"from {DS}"), (DS, f"at {village.do}")):
        mails = [m for m in village.google.mailbox(person).received if m.header("X-Syft-Event").startswith("job_")]
        assert len({mail.thread_id for mail in mails}) == 1
        assert mails[0].subject == f"Job good {other}"
        assert {mail.subject for mail in mails[1:]} == {f"Re: Job good {other}"}
