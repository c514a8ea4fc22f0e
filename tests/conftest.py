"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from syft_notify.sandbox import Sandbox

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
    monkeypatch.setattr("syft_notify.app.utc_now", clock)
    return clock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local Google on a free port of its own; fails the test if the sandbox itself breaks."""
    with Sandbox().start() as local_google:
        yield local_google
    assert local_google.crashes == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads in this process are repeated at once, for tests in which Google fails and the pause does not matter."""
    monkeypatch.setattr("syft_notify.google_api.session.FIRST_PAUSE_SECONDS", 0.0)
