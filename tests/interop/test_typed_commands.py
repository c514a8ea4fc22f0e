"""What the mails tell people to type is typed, as it stands there, into the real clients."""

from __future__ import annotations

from itertools import pairwise

import pytest

from syft_notify.sandbox.mailboxes import Mail
from tests import titles
from tests.interop.expected import DO, UNDERSCORE
from tests.interop.notifier import Notifier
from tests.interop.people import Person
from tests.interop.scene import Scene

pytestmark = [pytest.mark.interop, pytest.mark.thorough, pytest.mark.timeout(900)]

BROKEN = "import sys\nprint('row 7', file=sys.stderr)\nsys.exit(3)\n"
GOOD = "open('outputs/mean.txt', 'w').write('42')\n"


def commands(mail: Mail) -> list[str]:
    """The code of each step below `Next` in the text part: a title that ends in a colon, a blank line, the code."""
    paragraphs = mail.text.replace("\r\n", "\n").partition("\nNext\n----\n")[2].split("\n\n")
    return [code for title, code in pairwise(paragraphs) if title.endswith(":") and "\n" not in title.strip()]


class Story:
    """Each person acts on the newest mail with a headline, after a look of ours."""

    def __init__(self, scene: Scene, notifier: Notifier) -> None:
        self._scene = scene
        self._notifier = notifier

    def types(self, person: Person, headline: str, *steps: int) -> str:
        """Lets the person type those steps of the mail, counted from 1; returns what they printed."""
        self._notifier.looks()
        code = commands(self._scene.mail(person.email, headline))
        return "".join(person.does("types", code=code[step - 1]) for step in steps)


def test_the_commands_in_the_mails_lead_from_the_request_to_the_results(scene: Scene) -> None:
    do, ds = scene.people(DO, UNDERSCORE)
    story = Story(scene, scene.notifier("daemon"))

    ds.does("add_peer", email=DO)
    story.types(ds, titles.request_sent(DO), 1)
    story.types(do, titles.new_request(UNDERSCORE), 1, 2)

    ds.writes("main.py", BROKEN)
    story.types(ds, titles.request_accepted(DO), 1)
    story.types(ds, titles.job_submitted("my first job"), 1)
    shown = story.types(do, titles.new_job("my first job", UNDERSCORE), 1, 2)
    assert BROKEN in shown
    assert "python main.py" in shown
    story.types(do, titles.new_job("my first job", UNDERSCORE), 3)
    assert status(do, "my first job") == "failed"
    assert "row 7" in story.types(do, titles.job_failed("my first job"), 1, 2)

    ds.writes("main.py", GOOD)
    story.types(ds, titles.job_approved("my first job"), 1)
    story.types(ds, titles.job_failed("my first job"), 1)
    story.types(do, titles.new_job("a new name", UNDERSCORE), 1, 2, 3)
    assert "mean.txt" in story.types(ds, titles.job_completed("a new name"), 1)


def test_the_commands_in_the_mails_reject_a_job(scene: Scene) -> None:
    do, ds = scene.people(DO, UNDERSCORE)
    story = Story(scene, scene.notifier("daemon"))
    ds.does("add_peer", email=DO)
    ds.does("submit_bash", to=DO, name='it\'s "odd"', script="uptime\n", force=True)
    do.does("accept_peer", email=UNDERSCORE)

    assert "uptime" in story.types(do, titles.new_job('it\'s "odd"', UNDERSCORE), 1, 2)
    story.types(do, titles.new_job('it\'s "odd"', UNDERSCORE), 4)
    assert status(do, 'it\'s "odd"') == "rejected"
    ds.writes("main.py", GOOD)
    story.types(ds, titles.job_rejected('it\'s "odd"'), 1)
    assert {job["name"] for job in do.does("jobs")} == {'it\'s "odd"', "a new name"}


def test_the_commands_in_the_mails_reject_a_peer(scene: Scene) -> None:
    do, ds = scene.people(DO, UNDERSCORE)
    story = Story(scene, scene.notifier("daemon"))
    ds.does("add_peer", email=DO)
    assert "Rejected" in story.types(do, titles.new_request(UNDERSCORE), 1, 3)


def status(do: Person, name: str) -> str:
    """What the owner's client says of the one job with this name."""
    (job,) = (job for job in do.does("jobs") if job["name"] == name)
    return str(job["status"])
