"""One scene for each story and each released client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.interop.environment import syft_client_python
from tests.interop.scene import Scene

# Today's client comes with our own extra `test`.
TODAY = Path(sys.executable)


@pytest.fixture(scope="session")
def old_client() -> Path:
    """The interpreter of an environment with the last syft-client, built when it is not there."""
    return syft_client_python("0.1.117")


@pytest.fixture(params=["syft-rds 0.6.1", pytest.param("syft-client 0.1.117", marks=pytest.mark.thorough)])
def scene(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Scene]:
    """Everybody has this release."""
    today = request.param == "syft-rds 0.6.1"
    with ExitStack() as people:
        yield Scene(tmp_path, TODAY if today else request.getfixturevalue("old_client"), sandbox, people)


@pytest.fixture
def scene_of_today(sandbox: Sandbox, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as people:
        yield Scene(tmp_path, TODAY, sandbox, people)
