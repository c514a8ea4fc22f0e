"""One story in the layouts of every client generation: exactly the expected mails, in whatever order we look."""

from __future__ import annotations

import pytest

from tests.stories.site import Site, decided, failed, granted, requested, submitted
from tests.worlds import GENERATIONS, Job, MarkerGeneration, bash_job, folder_job, python_job

DS, UNDERSCORE = "ds@example.org", "first_last@example.org"
PLAIN = [release for release, generation in GENERATIONS.items() if not generation.encrypted]


@pytest.fixture(params=PLAIN)
def site(request, found) -> Site:
    return found(request.param)


def jobs_of(site: Site) -> list[Job]:
    generation = site.generation
    takes_folders = not isinstance(generation, MarkerGeneration) or generation.takes_folders
    jobs = [python_job("good"), bash_job("bad"), python_job("unwanted")]
    return [*jobs, folder_job("big one")] if takes_folders else jobs


def has_accept_step(site: Site) -> bool:
    return site.generation.drive != "D0"


def knows_rejection(site: Site) -> bool:
    return not isinstance(site.generation, MarkerGeneration)


def test_every_step_is_told_once_to_whom_it_concerns(site):
    assert site.poll() == []
    site.ask(DS)
    site.ask(UNDERSCORE)
    assert site.poll() == sorted(requested(DS) + requested(UNDERSCORE))
    site.accept(DS)
    assert site.poll() == (granted(DS) if has_accept_step(site) else [])
    jobs = {job.name: site.submit(job) for job in jobs_of(site)}
    waiting = site.submit(python_job("of a stranger"), UNDERSCORE)
    expected = [mail for name in jobs for mail in submitted(name)] + submitted(waiting.name, UNDERSCORE)
    assert site.poll() == sorted(expected)
    assert site.poll() == []

    site.sync()
    expected = [] if has_accept_step(site) else granted(DS) + granted(UNDERSCORE)
    assert site.poll() == sorted(expected), "a sync is the sign of acceptance where there is no other"
    generation, root = site.generation, site.root
    for job in jobs.values():
        generation.read_job_list(root, job, site.tick())
    assert site.poll() == []
    generation.approve(root, jobs["good"], site.tick())
    generation.approve(root, jobs["bad"], site.tick())
    assert site.poll() == sorted(decided("approved", "good") + decided("approved", "bad"))
    generation.start(root, jobs["good"], site.tick())
    assert site.poll() == []
    generation.finish(root, jobs["good"], 0, "", site.tick())
    generation.start(root, jobs["bad"], site.tick())
    generation.finish(root, jobs["bad"], 3, "Traceback: it went wrong\n", site.tick())
    assert site.poll() == sorted(decided("executed", "good") + failed("bad"))
    if knows_rejection(site):
        generation.reject(root, jobs["unwanted"], "Too much raw data.", site.tick())
        assert site.poll() == decided("rejected", "unwanted")
    assert site.poll() == []
    assert site.report.healthy


def test_everything_between_two_polls_is_told_all_the_same(site):
    site.poll()
    site.ask(DS)
    site.poll()
    site.accept(DS)
    site.poll()
    jobs = {job.name: site.submit(job) for job in jobs_of(site)}
    site.sync()
    for name, code in (("good", 0), ("bad", 3)):
        site.generation.approve(site.root, jobs[name], site.tick())
        site.generation.start(site.root, jobs[name], site.tick())
        site.generation.finish(site.root, jobs[name], code, "no\n", site.tick())
    expected = [mail for name in jobs for mail in submitted(name)]
    expected += decided("approved", "good") + decided("executed", "good")
    expected += decided("approved", "bad") + failed("bad")
    if not has_accept_step(site):
        expected += granted(DS)
    assert site.poll() == sorted(expected)
    assert site.poll() == []


def test_an_owner_who_synced_before_our_very_first_look_gets_the_same_mails_about_waiting_jobs(site):
    site.ask(DS)
    site.accept(DS)
    jobs = [site.submit(job) for job in jobs_of(site)]
    site.sync()
    assert site.poll() == sorted(mail for job in jobs for mail in submitted(job.name))
    assert site.poll() == []


def test_the_first_look_is_quiet_about_what_is_settled_and_tells_what_comes_after(site):
    site.ask(DS)
    site.accept(DS)
    jobs = {job.name: site.submit(job) for job in jobs_of(site)}
    site.sync()
    for job in jobs.values():
        site.generation.approve(site.root, job, site.tick())
    site.generation.start(site.root, jobs["bad"], site.tick())
    site.generation.finish(site.root, jobs["bad"], 3, "no\n", site.tick())
    assert site.poll() == []
    site.generation.finish(site.root, jobs["good"], 0, "", site.tick())
    assert site.poll() == decided("executed", "good")


def test_a_rerun_that_completes_is_told_again(site):
    site.ask(DS)
    site.accept(DS)
    job = site.submit(python_job("good"))
    site.poll()
    site.sync()
    generation, root = site.generation, site.root
    generation.approve(root, job, site.tick())
    generation.finish(root, job, 3, "no\n", site.tick())
    site.poll()
    generation.rerun(root, job)
    assert site.poll() == []
    generation.finish(root, job, 0, "", site.tick())
    assert site.poll() == decided("executed", "good")
    assert site.poll() == []


def test_the_same_name_after_deletion_is_a_new_job(site):
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("an earlier one"))
    site.sync()
    site.poll()
    for _ in range(2):
        job = site.submit(python_job("again"))
        site.sync()
        assert site.poll() == sorted(submitted("again"))
        for file in sorted(site.generation.folder(site.root, job).rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        site.generation.folder(site.root, job).rmdir()
        assert site.poll() == []


def test_two_scientists_may_use_the_same_job_name(site):
    for ds in (DS, UNDERSCORE):
        site.ask(ds)
    site.poll()
    for ds in (DS, UNDERSCORE):
        site.submit(python_job("analysis"), ds)
    assert site.poll() == sorted(submitted("analysis", DS) + submitted("analysis", UNDERSCORE))
    assert site.poll() == []


def test_all_mails_about_one_job_are_one_conversation_for_each_side(site):
    site.poll()
    site.ask(DS)
    site.accept(DS)
    job = site.submit(python_job("good"))
    site.sync()
    site.generation.approve(site.root, job, site.tick())
    site.poll()
    for code in (3, 0):
        site.generation.finish(site.root, job, code, "no\n", site.tick())
        site.poll()
        site.generation.rerun(site.root, job)
    for person, other in ((site.do, f"from {DS}"), (DS, f"at {site.do}")):
        mails = [m for m in site.google.mailbox(person).received if m.header("X-Syft-Event").startswith("job_")]
        assert len({mail.thread_id for mail in mails}) == 1
        assert mails[0].subject == f"Job good {other}"
        assert {mail.subject for mail in mails[1:]} == {f"Re: Job good {other}"}
