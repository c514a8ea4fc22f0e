"""A site for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syft_notify.sandbox import Sandbox
from tests.stories.site import Site
from tests.worlds import GENERATIONS

TODAY = "syft-rds-0.6.1"


@pytest.fixture(autouse=True)
def _impatient(impatient: None) -> None:
    """Wherever Google fails in this process."""


@pytest.fixture
def found(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Site]:
    """Makes a site whose people use the given release, today's by default."""

    def make(release: str = TODAY, **options: Any) -> Site:
        return Site(sandbox, tmp_path / "home" / release, GENERATIONS[release], **options)

    (tmp_path / "home").mkdir()
    return make


@pytest.fixture
def site(found: Callable[..., Site]) -> Site:
    """Today's site."""
    return found()
