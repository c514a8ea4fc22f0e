"""A village for the real program."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.stories.site import Village
from tests.worlds import GENERATIONS


@pytest.fixture
def village(sandbox: Sandbox, tmp_path: Path) -> Village:
    """Today's village; its home is the HOME of the program."""
    return Village(sandbox, tmp_path / "home", GENERATIONS["syft-rds-0.6.1"])
