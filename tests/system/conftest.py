"""A site for the real program."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.stories.site import Site
from tests.worlds import GENERATIONS


@pytest.fixture
def site(sandbox: Sandbox, tmp_path: Path) -> Site:
    """Today's site; its home is the HOME of the program."""
    return Site(sandbox, tmp_path / "home", GENERATIONS["syft-rds-0.6.1"])
