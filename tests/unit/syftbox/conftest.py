"""The owner's SyftBox folder, empty at first, and the reader that looks at it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from syft_notify.syftbox.local_jobs import LocalJobFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "SyftBox_do@example.org"


@pytest.fixture
def jobs(root: Path) -> LocalJobFolder:
    return LocalJobFolder(root, "do@example.org")


@pytest.fixture
def strangers_root() -> Iterator[Path]:
    """A SyftBox folder of somebody else; root, who may read everything, becomes nobody for the test."""
    before = os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - nobody must be able to enter what is below
        yield Path(folder) / "SyftBox"
    os.umask(before)
