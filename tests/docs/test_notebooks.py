"""The notebooks are played to their end, by the command of the README, with the real clients on a local Google."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from tests.docs.markdown import REPOSITORY
from tests.system.program import environment, wait_until

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]

FOLDER = REPOSITORY / "notebooks" / "e2e"
EMBEDDED, DAEMON = "notifications_e2e.ipynb", "notifications_cli_e2e.ipynb"
OWNER, SCIENTIST = "owner@example.org", "scientist@example.org"
JOBS = ("average age", "broken", "everything")

TOLD = [
    (OWNER, f"New peer request from {SCIENTIST}"),
    (SCIENTIST, f"Peer request sent to {OWNER}"),
    (SCIENTIST, f"Peer request accepted by {OWNER}"),
    *((OWNER, f"New job: {job} from {SCIENTIST}") for job in JOBS),
    *((SCIENTIST, f"Job submitted: {job}") for job in JOBS),
    (SCIENTIST, "Job approved: average age"),
    (SCIENTIST, "Job completed: average age"),
    (SCIENTIST, "Job rejected: everything"),
    (SCIENTIST, "Job approved: broken"),
    (OWNER, "Job failed: broken"),
    (SCIENTIST, "Job failed: broken"),
]


class Desk:
    """A folder with a copy of a notebook, a home without anything, and a folder for what is temporary."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary = folder / "home", folder / "tmp"
        for made in (self.home, self.temporary):
            made.mkdir()
        self._folder = folder

    def plays(self, name: str, *changes: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        """Execute the notebook, with some text of it replaced."""
        path = self._folder / name
        shutil.copy(FOLDER / name, path)
        for there, instead in changes:
            assert there in path.read_text()
            path.write_text(path.read_text().replace(there, instead))
        return subprocess.run(
            [sys.executable, "-m", "jupyter", "execute", "--inplace", name],
            cwd=self._folder,
            env=environment(self.home) | {"TMPDIR": str(self.temporary)},
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )

    def outputs(self, name: str) -> list[Any]:
        """What the cells show, from the first to the last."""
        notebook = nbformat.read(self._folder / name, as_version=4)
        return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]

    def shown(self, name: str) -> str:
        """The same as text."""
        return "\n".join(map(text_of, self.outputs(name)))

    def assert_nothing_is_left(self) -> None:
        assert [path for path in self.temporary.iterdir() if path.name.startswith("syft-notify")] == []
        assert {path.name for path in self.home.iterdir()} <= {".ipython", ".jupyter", ".local", ".cache"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def text_of(output: Any) -> str:
    return str(output.text if output.output_type == "stream" else output.get("data", {}).get("text/plain", ""))


def mails_in(shown: str) -> Counter[tuple[str, str]]:
    """The lines of the tables of mails."""
    found = re.findall(r"^(\S+@\S+)  (?:peer|job) [a-z]+  (.+)$", shown, re.MULTILINE)
    return Counter((to, headline) for to, headline in found)


@pytest.mark.parametrize("name", [EMBEDDED, DAEMON])
def test_the_story_is_told_to_the_end_and_each_mail_comes_once(desk, name):
    ended = desk.plays(name)
    assert ended.returncode == 0, ended.stderr
    assert [output for output in desk.outputs(name) if output.output_type == "error"] == []
    shown = desk.shown(name)
    assert mails_in(shown) == Counter(TOLD)
    assert "No mail." in shown
    assert "'40.25'" in shown
    check_embedded(desk) if name == EMBEDDED else check_daemon(shown)
    desk.assert_nothing_is_left()


def check_embedded(desk: Desk) -> None:
    tables = [output.data for output in desk.outputs(EMBEDDED) if "NotificationMonitor" in text_of(output)]
    assert len(tables) == 2
    assert all("<table" in table["text/html"] for table in tables)
    assert "running and all is well" in tables[1]["text/html"]
    assert "15 sent since the start, 0 waiting, 0 given up" in tables[1]["text/plain"]
    assert "client.approve_peer_request" in desk.shown(EMBEDDED)


def check_daemon(shown: str) -> None:
    assert "syft-notify is running and all is well" in shown
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(?:peer|job) \w+", shown)) == len(TOLD)
    (pid,) = re.findall(r"Daemon is running \(PID (\d+)\)", shown)
    assert f"Stopped (PID {pid})" in shown
    assert "syft-notify is not running" in shown
    wait_until(lambda: not psutil.pid_exists(int(pid)))  # whoever inherited it has to take note of its end


def test_a_mail_that_does_not_come_stops_the_notebook_and_its_daemon(desk):
    ended = desk.plays(
        DAEMON,
        ("!syft-notify start", "!echo 'notify_on_approved: false' >> ~/.syft-creds/daemon.yaml; syft-notify start"),
        (
            'accounts.expect_mails(to_ds=[\\"job approved\\"])',
            'accounts.expect_mails(to_ds=[\\"job approved\\"], within=3)',
        ),
    )
    assert ended.returncode != 0
    assert f"Mails missing: job approved to {SCIENTIST}; mails too many: none" in ended.stderr
    wait_until(lambda: not daemons_of(desk))
    desk.assert_nothing_is_left()


def daemons_of(desk: Desk) -> list[psutil.Process]:
    """Processes of ours whose home was below the desk's temporary folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME", "").startswith(str(desk.temporary)):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("name", [EMBEDDED, DAEMON])
def test_they_are_kept_without_outputs_and_explain_each_step(name):
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert notebook.cells[0].source.startswith("# ")
    assert sum(cell.cell_type == "markdown" for cell in notebook.cells) >= 10
    assert "REAL = False" in code[0].source
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_every_notebook_is_played():
    assert {path.name for path in FOLDER.glob("*_e2e.ipynb")} == {EMBEDDED, DAEMON}
