"""Killed at any moment, again and again: every event is mailed; twice only where nobody could know, and so marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.faults.crash import play


@pytest.mark.parametrize("seed", [1, 2])
def test_no_kill_loses_an_event_or_sends_one_twice_unmarked(sandbox: Sandbox, tmp_path: Path, seed: int) -> None:
    verdict = play(sandbox, tmp_path / "home", events=150, kills=50, seed=seed)
    assert (verdict.lost, verdict.unexpected, verdict.unmarked) == ((), (), ())
    assert verdict.mails > 0
