"""One town for each story and each released client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.interop.environment import syft_client_python
from tests.interop.town import Town


@pytest.fixture(scope="session", params=["syft-rds 0.6.1", "syft-client 0.1.117"])
def client_python(request: pytest.FixtureRequest) -> Path:
    """The interpreter that has the released client; today's is in our own environment (extra `test`)."""
    return Path(sys.executable) if request.param == "syft-rds 0.6.1" else syft_client_python("0.1.117")


@pytest.fixture
def town(client_python: Path, tmp_path: Path) -> Iterator[Town]:
    with Sandbox() as sandbox, ExitStack() as people:
        yield Town(tmp_path, client_python, sandbox, people)
    assert sandbox.crashes == []
