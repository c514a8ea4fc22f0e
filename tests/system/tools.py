"""Programs of the system that some tests need: where they are missing the test says how to get them."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(*programs: str, package: str) -> None:
    """Skip the test where a program is missing; where `SYFT_NOTIFY_ALL_TOOLS` is set, as in CI, fail it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        sentence = f"needs {', '.join(missing)}: apt-get install {package}"
        if os.environ.get("SYFT_NOTIFY_ALL_TOOLS"):
            pytest.fail(sentence)
        pytest.skip(sentence)
