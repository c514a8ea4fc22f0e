"""The real released clients as owner and scientists: every step is told, once, to whom it concerns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import titles
from tests.interop.expected import (
    DO,
    DS,
    UNDERSCORE,
    approved,
    executed,
    failed,
    granted,
    rejected,
    requested,
    submitted,
    together,
)
from tests.interop.people import Person
from tests.interop.scene import Scene

# The timeout leaves room for building the environment of the old client, once per clone.
pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

ALL_SUBMITTED = together(
    submitted(DS, "sales analysis"),
    submitted(DS, "in a folder"),
    submitted(UNDERSCORE, "sales analysis"),
    submitted(UNDERSCORE, "shell"),
    submitted(UNDERSCORE, "breaks"),
)
ALL_APPROVED = together(
    approved(DS, "sales analysis"),
    approved(DS, "in a folder"),
    approved(UNDERSCORE, "shell"),
    approved(UNDERSCORE, "breaks"),
)
ALL_FINISHED = together(
    executed(DS, "sales analysis"),
    executed(DS, "in a folder"),
    executed(UNDERSCORE, "shell"),
    failed(UNDERSCORE, "breaks"),
)
REJECTED = rejected(UNDERSCORE, "sales analysis")


def submit_first_half(scene: Scene, ds: Person, first_last: Person) -> None:
    """What is sent before the owner has accepted anybody: a python job each, of the same name, and a shell script."""
    analysis = scene.script("main.py", "print('the mean is 42')\n")
    for person in (ds, first_last):
        person.does("add_peer", email=DO)
        person.does("submit_python", to=DO, name="sales analysis", path=analysis, force=True)
    first_last.does("submit_bash", to=DO, name="shell", script="echo from the shell\n", force=True)


def submit_second_half(scene: Scene, ds: Person, first_last: Person, *, force: bool) -> None:
    """A folder whose main imports a module of its own, and a job that fails with exit code 3."""
    scene.script("project/formulas.py", "ANSWER = 42\n")
    project = Path(scene.script("project/main.py", "import formulas\nprint(formulas.ANSWER)\n")).parent
    breaks = scene.script(
        "breaks.py", "import sys\nprint('row 7 of the private table', file=sys.stderr)\nsys.exit(3)\n"
    )
    ds.does("submit_python", to=DO, name="in a folder", path=str(project), force=force)
    first_last.does("submit_python", to=DO, name="breaks", path=breaks, force=force)


def decide_on_all(do: Person) -> None:
    do.does("approve", ds=DS, name="sales analysis")
    do.does("approve", ds=DS, name="in a folder")
    do.does("approve", ds=UNDERSCORE, name="shell")
    do.does("approve", ds=UNDERSCORE, name="breaks")
    do.does("reject", ds=UNDERSCORE, name="sales analysis", reason="Please leave out the <names>.")


def accept_both(do: Person) -> None:
    for email in (DS, UNDERSCORE):
        do.does("accept_peer", email=email)


def test_every_step_is_told_once_to_whom_it_concerns(scene: Scene) -> None:
    do, ds, first_last = scene.people(DO, DS, UNDERSCORE)
    notifier = scene.notifier("daemon")

    submit_first_half(scene, ds, first_last)
    early = (submitted(DS, "sales analysis"), submitted(UNDERSCORE, "sales analysis"), submitted(UNDERSCORE, "shell"))
    assert scene.told_after(notifier.polls) == together(requested(DS), requested(UNDERSCORE), *early)

    accept_both(do)
    assert scene.told_after(notifier.polls) == together(granted(DS), granted(UNDERSCORE))

    for person in (ds, first_last):
        person.does("sync")
    submit_second_half(scene, ds, first_last, force=False)
    late = (submitted(DS, "in a folder"), submitted(UNDERSCORE, "breaks"))
    assert scene.told_after(notifier.polls) == together(*late)

    do.does("sync")
    assert scene.told_after(notifier.polls) == []

    decide_on_all(do)
    assert scene.told_after(notifier.polls) == together(ALL_APPROVED, REJECTED)

    do.does("run_approved")
    statuses = {(job["ds"], job["name"]): job["status"] for job in do.does("jobs")}
    assert statuses == {
        (DS, "sales analysis"): "done",
        (DS, "in a folder"): "done",
        (UNDERSCORE, "shell"): "done",
        (UNDERSCORE, "breaks"): "failed",
        (UNDERSCORE, "sales analysis"): "rejected",
    }
    assert scene.told_after(notifier.polls) == ALL_FINISHED

    do.does("sync")
    assert scene.told_after(notifier.polls) == []
    check_contents(scene)
    check_conversations(scene)

    do.does("rerun", ds=UNDERSCORE, name="shell")
    do.does("run_approved")
    assert scene.told_after(notifier.polls) == executed(UNDERSCORE, "shell")

    ds.does("submit_bash", to=DO, name="by hand", script="exit 1\n")
    do.does("sync")
    do.does("deposit", ds=DS, name="by hand", result=scene.script("result.csv", "mean\n42\n"))
    steps = (submitted(DS, "by hand"), approved(DS, "by hand"), executed(DS, "by hand"))
    assert scene.told_after(notifier.polls) == together(*steps)
    assert scene.told_after(notifier.polls) == []


def check_contents(scene: Scene) -> None:
    """What the mails say beside their headlines, and what they must not say."""
    for new_job, code in (
        (titles.new_job("sales analysis", DS), "print('the mean is 42')"),
        (titles.new_job("shell", UNDERSCORE), "echo from the shell"),
        (titles.new_job("in a folder", DS), "ANSWER = 42"),
    ):
        assert code in scene.mail(DO, new_job).text
    to_do, to_ds = (scene.mail(person, titles.job_failed("breaks")) for person in (DO, UNDERSCORE))
    assert "row 7 of the private table" in to_do.text
    for part in (to_ds.text, to_ds.html):
        assert "private table" not in part
    refusal = scene.mail(UNDERSCORE, titles.job_rejected("sales analysis"))
    assert "Please leave out the <names>." in refusal.text
    assert "Please leave out the &lt;names&gt;." in refusal.html


def check_conversations(scene: Scene) -> None:
    """A scientist's mailbox shows one conversation for each job and one for the owner as a peer."""
    for person, subjects in (
        (DS, {f"Peer {DO}", f"Job sales analysis at {DO}", f"Job in a folder at {DO}"}),
        (UNDERSCORE, {f"Peer {DO}", *(f"Job {job} at {DO}" for job in ("sales analysis", "shell", "breaks"))}),
    ):
        threads = scene.sandbox.mailbox(person).threads()
        assert sorted(thread[0].subject for thread in threads) == sorted(subjects)
        assert all(mail.subject == f"Re: {thread[0].subject}" for thread in threads for mail in thread[1:])


def test_the_owner_syncing_before_we_look_changes_no_job_mail(scene: Scene) -> None:
    do, ds, first_last = scene.people(DO, DS, UNDERSCORE)
    knew_the_empty_world, sees_it_first_now, comes_too_late = map(scene.notifier, ("early", "late", "too late"))
    assert scene.told_after(knew_the_empty_world.looks) == []

    submit_first_half(scene, ds, first_last)
    submit_second_half(scene, ds, first_last, force=True)
    accept_both(do)
    do.does("sync")
    # A grant is news only to who knew the time before it.
    grants = together(*(granted(person, f"Peer {DO}") for person in (DS, UNDERSCORE)))
    assert scene.told_after(knew_the_empty_world.looks) == together(ALL_SUBMITTED, grants)
    assert scene.told_after(sees_it_first_now.looks) == ALL_SUBMITTED

    decide_on_all(do)
    do.does("run_approved")
    for notifier in (knew_the_empty_world, sees_it_first_now):
        assert scene.told_after(notifier.looks) == together(ALL_APPROVED, ALL_FINISHED, REJECTED)
    # Neither what it finds at its first look nor what it knows at its second is news.
    for notifier in (comes_too_late, comes_too_late):
        assert scene.told_after(notifier.looks) == []


@pytest.mark.thorough
def test_the_owner_hears_of_an_old_client_that_their_own_never_shows(old_client: Path, scene_of_today: Scene) -> None:
    scene = scene_of_today
    (do,) = scene.people(DO)
    ds = scene.joins("ds", DS, python=old_client)
    notifier = scene.notifier("daemon")

    # The folder gets the name as typed; the owner's client compares exactly, Drive and we do not.
    ds.does("add_peer", email="Do@Example.org")
    ds.does("submit_bash", to="Do@Example.org", name="from the past", script="uptime\n", force=True)
    do.does("sync")
    assert do.does("jobs") == []
    assert scene.told_after(notifier.looks) == together(requested(DS), submitted(DS, "from the past"))
    assert scene.told_after(notifier.looks) == []
