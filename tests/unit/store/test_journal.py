"""The journal: a line is there whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from syft_notify.domain.errors import ConfigError
from syft_notify.store.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "x.jsonl")


def test_lines_come_back_in_order(journal):
    lines = [{"n": 1}, {"text": "größe\n\u2028 \ud800"}]
    for line in lines:
        journal.append(line)
    assert [entry["n"] for entry in journal.entries() if "n" in entry] == [1]
    assert len(journal.path.read_bytes().splitlines()) == 2


def test_only_its_owner_can_read_it(journal):
    journal.append({})
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_torn_line_is_passed_over_and_the_next_one_is_whole(journal):
    journal.append({"n": 1})
    with journal.path.open("ab") as file:
        file.write(b'{"n": 2, "te')
    journal.append({"n": 3})
    assert list(journal.entries()) == [{"n": 1}, {"n": 3}]


def test_an_absent_one_is_empty_and_clearing_it_is_no_mistake(journal):
    assert list(journal.entries()) == []
    journal.clear()
    journal.append({"n": 1})
    journal.clear()
    assert list(journal.entries()) == []


def test_a_folder_in_its_place_is_said(journal):
    journal.path.mkdir()
    for use in (lambda: journal.append({}), lambda: list(journal.entries())):
        with pytest.raises(ConfigError, match="folder"):
            use()


def test_a_symbolic_link_in_its_place_is_refused_and_what_it_points_to_stays(journal, tmp_path):
    other = tmp_path / "other"
    other.write_text("{}\n")
    journal.path.symlink_to(other)
    for use in (lambda: journal.append({}), lambda: list(journal.entries())):
        with pytest.raises(ConfigError, match="symbolic link"):
            use()
    assert other.read_text() == "{}\n"


def test_a_pipe_in_its_place_is_not_waited_for(journal):
    os.mkfifo(journal.path)
    for use in (lambda: journal.append({}), lambda: list(journal.entries())):
        with pytest.raises(ConfigError, match="pipe"):
            use()


FULL = """
import resource, sys
from pathlib import Path
from syft_notify.domain.errors import UserError
from syft_notify.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.append({"n": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (40, resource.RLIM_INFINITY))
try:
    journal.append({"text": "x" * 100})
except UserError as error:
    print(error.title)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append({"n": 2})
"""


def test_a_line_for_which_there_was_no_room_leaves_nothing(journal):
    said = subprocess.run([sys.executable, "-c", FULL, journal.path], capture_output=True, text=True, check=True)
    assert "written" in said.stdout
    assert journal.path.read_text() == '{"n": 1}\n{"n": 2}\n'
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
