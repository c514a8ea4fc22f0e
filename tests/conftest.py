"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syft_notify.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local Google on a free port of its own; fails the test if the sandbox itself breaks."""
    with Sandbox().start() as local_google:
        yield local_google
    assert local_google.crashes == []
