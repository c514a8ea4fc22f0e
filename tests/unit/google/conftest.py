"""Our side of the border with a local Google on the other."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from syft_notify.google.auth import DRIVE_SCOPES, GMAIL_SCOPES, TokenFile
from syft_notify.google.drive import DriveFiles
from syft_notify.google.session import Session
from syft_notify.sandbox import Sandbox

DO = "do@example.org"


@pytest.fixture
def token_path(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The owner's token file."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file(DO))
    return path


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that were waited between attempts; nobody waits in truth."""
    return []


@pytest.fixture
def drive(sandbox: Sandbox, token_path: Path, pauses: list[float]) -> Iterator[DriveFiles]:
    """The owner's Drive."""
    token = TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri)
    files = DriveFiles(token, sandbox.drive_endpoint, timeout=5, sleep=pauses.append)
    yield files
    files.close()


@pytest.fixture
def session(sandbox: Sandbox, token_path: Path) -> Iterator[Session]:
    """A bare session with the owner's Drive."""
    token = TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri)
    with closing(Session("drive", "v3", token, sandbox.drive_endpoint, timeout=5)) as session:
        yield session


@pytest.fixture
def gmail(sandbox: Sandbox, token_path: Path) -> Iterator[Callable[..., Session]]:
    """`gmail(endpoint)` is a session with the local Gmail, or with what listens at another endpoint."""
    with ExitStack() as stack:

        def opened(endpoint: str = sandbox.gmail_endpoint, **options: Any) -> Session:
            token = TokenFile(token_path, "Gmail", GMAIL_SCOPES, sandbox.token_uri)
            session = Session("gmail", "v1", token, endpoint, **{"timeout": 5, **options})
            stack.callback(session.close)
            return session

        yield opened


@pytest.fixture
def traced_peak() -> Iterator[Callable[[], int]]:
    """The most bytes of Python's memory that were in use at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
