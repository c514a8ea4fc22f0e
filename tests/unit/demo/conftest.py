"""The actions on a local Google, before anybody polls."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.demo.actions import Actions
from syft_notify.demo.owner import OwnerSetup
from syft_notify.domain.clock import utc_now
from syft_notify.sandbox import Sandbox

DO, DS = "do@example.org", "ds@example.org"


@pytest.fixture
def owner_setup(sandbox: Sandbox, tmp_path: Path) -> OwnerSetup:
    return OwnerSetup(sandbox, tmp_path, DO)


@pytest.fixture
def actions(sandbox: Sandbox, owner_setup: OwnerSetup) -> Actions:
    """Open, with one scientist who is a peer."""
    actions = Actions(sandbox, owner_setup, DS, utc_now)
    actions.first.ask(DO)
    actions.owner.accept(DS)
    actions.open()
    return actions
