"""A stage on a local Google, before anybody polls."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.demo.actions import Stage
from syft_notify.demo.owner import House
from syft_notify.engine.app import utc_now
from syft_notify.sandbox import Sandbox

DO, DS = "do@example.org", "ds@example.org"


@pytest.fixture
def house(sandbox: Sandbox, tmp_path: Path) -> House:
    return House(sandbox, tmp_path, DO)


@pytest.fixture
def stage(sandbox: Sandbox, house: House) -> Stage:
    """Open, with one scientist who is a peer."""
    stage = Stage(sandbox, house, DS, utc_now)
    stage.first.ask(DO)
    stage.owner.accept(DS)
    stage.open()
    return stage
