"""Programs of the system that some tests need: where they are missing the test says how to get them."""

from __future__ import annotations

import ctypes
import os
import shutil

import pytest


def needs(*programs: str, package: str) -> None:
    """Skip the test where a program is missing; where `SYFT_NOTIFY_ALL_TOOLS` is set, as in CI, fail it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        _do_without(", ".join(missing), package)


def needs_library(name: str, package: str) -> None:
    """As `needs`, of a shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        _do_without(name, package)


def _do_without(missing: str, package: str) -> None:
    sentence = f"needs {missing}: apt-get install {package}"
    if os.environ.get("SYFT_NOTIFY_ALL_TOOLS"):
        pytest.fail(sentence)
    pytest.skip(sentence)
