"""`NotificationMonitor` beside the client objects that the real `login_do` returns, in one process with them."""

from __future__ import annotations

import pytest

from tests.facts import lacking
from tests.interop.expected import DO, DS, granted, requested, submitted, together
from tests.interop.people import Person
from tests.interop.scene import NOTEBOOK, Scene

pytestmark = [pytest.mark.interop, pytest.mark.thorough, pytest.mark.timeout(900)]


def submits(ds: Person, job: str) -> None:
    ds.does("submit_bash", to=DO, name=job, script="uptime\n", force=True)


def test_a_notebook_watches_with_the_owners_client_and_refuses_a_scientists(scene: Scene) -> None:
    do, ds = scene.people(DO, DS, actor=NOTEBOOK)
    refusal = ds.does("makes_monitor", settings=scene.settings("scientist"))
    assert lacking(refusal, DS, "data owner", "login_do()") == []
    assert do.does("makes_monitor", settings={**scene.settings("notebook"), "interval": 1}) == ""

    ds.does("add_peer", email=DO)
    assert do.does("checks") == 2
    assert scene.told() == together(requested(DS))

    assert do.does("starts", part="jobs") is True
    submits(ds, "while it runs")
    # The client is at work at the same time, on its own connection.
    do.does("sync")
    for person in (DO, DS):
        scene.sandbox.wait_for_mail(person, 2)
    assert do.does("stops") is False
    assert scene.told() == together(submitted(DS, "while it runs"))

    submits(ds, "after the stop")
    assert do.does("tells_of_grant", ds=DS) is True
    assert do.does("tells_of_grant", ds=DS) is False
    assert scene.told() == granted(DS)


def test_a_client_without_a_token_file_lends_its_credentials(scene: Scene) -> None:
    do, ds = scene.people(DO, DS, actor=NOTEBOOK)
    ds.does("add_peer", email=DO)
    do.does("loses_token_file")
    assert do.does("makes_monitor", settings=scene.settings("notebook")) == ""
    assert do.does("checks") == 2
    do.does("sync")
    assert scene.told() == together(requested(DS))
