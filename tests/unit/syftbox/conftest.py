"""The owner's SyftBox folder, empty at first, and the reader that looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.syftbox.local_jobs import LocalJobFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "SyftBox_do@example.org"


@pytest.fixture
def jobs(root: Path) -> LocalJobFolder:
    return LocalJobFolder(root, "do@example.org")
