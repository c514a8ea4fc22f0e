"""The benchmarks run; what they measure is for people to judge."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.markdown import REPOSITORY


def test_the_soak_polls_and_measures() -> None:
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "soak.py"), "--polls", "20"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [line.split() for line in ended.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == [str(polls) for polls in range(2, 21, 2)]
