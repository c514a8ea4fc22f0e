"""A place that the tests' user may be shut out of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def strangers_root() -> Iterator[Path]:
    """A folder of somebody else, not made yet; root, who may read everything, becomes nobody for the test."""
    before = os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - nobody must be able to enter what is below
        yield Path(folder) / "SyftBox"
    os.umask(before)
