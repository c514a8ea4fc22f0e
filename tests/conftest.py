"""What every test may ask for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings

from syft_notify.sandbox import Sandbox, front
from syft_notify.sandbox.content import Content
from syft_notify.sandbox.replies import Incoming, Reply
from tests import discovery

# `nohup` lets hangups be ignored; then our programs would ignore them, too, and the tests wait in vain.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=20_000)
settings.load_profile("quick")

# These start processes of their own, and wait for them.
THOROUGH = ("system", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What `make test` leaves to `make test-all`."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in THOROUGH:
            item.add_marker(pytest.mark.thorough)


@dataclass
class Clock:
    """The time of our program in this process; people and Google have their own."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can be set, for all lines that are opened from now on."""
    clock = Clock()
    monkeypatch.setattr("syft_notify.engine.app.utc_now", clock)
    return clock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local Google on a free port of its own; fails the test if the sandbox itself breaks."""
    with Sandbox().start() as local_google:
        yield local_google
    assert local_google.crashes == []


@pytest.fixture(autouse=True)
def violations() -> Iterator[list[str]]:
    """Fails the test if the simulator accepts a request, or gives an answer, that Google's documents do not allow.

    What an injected fault makes of an answer is not looked at, nor properties that a test describes against their
    schema.
    """
    found: list[str] = []
    planted: set[str] = set()
    carried_out, describe = front.carried_out, Content.describe

    def checked(app: Flask, incoming: Incoming) -> Reply:
        reply = carried_out(app, incoming)
        kind = incoming.headers.get("Content-Type", "")
        request = (incoming.method, incoming.path, incoming.query, incoming.body, kind)
        try:
            discovery.check(discovery.Exchange(*request, reply.status, reply.body), planted)
        except discovery.Violation as violation:
            found.append(str(violation))
        return reply

    def noted(content: Content, file_id: str, **fields: Any) -> None:
        said = {name: value for name, value in fields.items() if value is not None}
        planted.update(name for name, value in said.items() if not discovery.fits("drive.v3", "File", {name: value}))
        describe(content, file_id, **fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "carried_out", checked)
        patch.setattr(Content, "describe", noted)
        yield found
    assert not found, "\n".join(found)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads in this process are repeated at once, for tests in which Google fails and the pause does not matter."""
    monkeypatch.setattr("syft_notify.google.session.FIRST_PAUSE_SECONDS", 0.0)
