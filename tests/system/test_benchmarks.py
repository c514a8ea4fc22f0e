"""The measurements run, in tiny worlds; how long anything took is nobody's business here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.docs.markdown import CONTRIBUTING, REPOSITORY, code_in
from tests.system.program import environment


def test_every_part_measures_and_writes_down_what_it_found(tmp_path: Path):
    figures = tmp_path / "figures.json"
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", figures],
        cwd=REPOSITORY,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    tables = json.loads(figures.read_text())["tables"]
    assert len(tables) == len(CONTRIBUTING.table("part"))
    for name, table in tables.items():
        assert f"\n{name}: {table['world']}\n" in ended.stdout
        assert table["rows"]
        assert all(value is not None for row in table["rows"] for value in row.values())


def test_every_part_is_documented():
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    named = [code for row in CONTRIBUTING.table("part") for code in code_in(row[0])]
    assert f"--only PART [PART ...] {', '.join(named)}" in " ".join(told.split())


def test_the_soak_polls_and_measures() -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--polls", "20"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = [line.split() for line in ended.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == [str(polls) for polls in range(2, 21, 2)]
