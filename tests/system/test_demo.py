"""`syft-notify demo`: the whole story, nothing left behind."""

from __future__ import annotations

import socket
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.facts import lacking
from tests.system.dialogue import Dialogue
from tests.system.program import environment, syft_notify


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def test_it_plays_to_the_end_and_leaves_the_mails_and_nothing_else(home):
    ended = syft_notify("demo", "--output", home / "mails", home=home, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert lacking(ended.stdout.splitlines()[-1], "15 mails", home / "mails") == []
    mails = sorted((home / "mails").glob("*.eml"))
    assert len(mails) == 15
    assert [file.name for file in home.iterdir()] == ["mails"]
    assert {file.suffix for file in (home / "mails").iterdir()} == {".eml", ".html"}
    for file in mails:
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        html = mail.get_body(("html",))
        assert html is not None
        assert html.get_content().split() == file.with_suffix(".html").read_text().split()
        assert mail["Auto-Submitted"] == "auto-generated"
        assert f"{mail['To']}: " in ended.stdout


def test_it_can_be_played_again_and_leaves_foreign_files_alone(home):
    (home / "syft-notify-demo").mkdir()
    (home / "syft-notify-demo" / "mine.html").write_text("keep me")
    for _ in range(2):
        assert syft_notify("demo", home=home, timeout=60).returncode == 0
    assert len(list((home / "syft-notify-demo").iterdir())) == 31
    assert (home / "syft-notify-demo" / "mine.html").read_text() == "keep me"


def test_an_output_that_is_no_folder_is_said_in_one_line(home):
    (home / "file").touch()
    ended = syft_notify("demo", "--output", home / "file" / "x", home=home)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: ")
    assert len(ended.stderr.splitlines()) == 1


def test_without_its_extra_it_says_what_to_install(home):
    (home / "sitecustomize.py").write_text("import sys; sys.modules['flask'] = None")
    ended = syft_notify("demo", "--once", home=home, env={**environment(home), "PYTHONPATH": str(home)})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert lacking(ended.stderr, "Flask", "pip install '.[demo]'") == []
    assert len(ended.stderr.splitlines()) == 1


def test_on_a_terminal_it_stays_with_a_page_until_ctrl_c_and_leaves_nothing(home):
    with Dialogue("demo", home=home, environ={"TMPDIR": str(home)}) as terminal:
        terminal.hears("http://127.0.0.1:")
        terminal.hears("Ctrl+C")
        pressed = time.monotonic()
        terminal.presses("c")
        code, said = terminal.ended()
    assert time.monotonic() - pressed < 2
    assert (code, "Traceback" in said) == (0, False)
    assert [file.name for file in home.iterdir()] == ["syft-notify-demo"]


@pytest.mark.parametrize(("arguments", "environ"), [(("--once",), {}), ((), {"CI": "true"})])
def test_on_a_terminal_it_ends_by_itself_once_and_in_ci(home, arguments, environ):
    with Dialogue("demo", *arguments, home=home, environ=environ) as terminal:
        code, said = terminal.ended()
    assert code == 0
    assert lacking(said.splitlines()[-1], "15 mails") == []
    assert "Ctrl+C" not in said


def test_a_port_that_is_taken_is_said_before_the_story(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Dialogue("demo", "--port", str(port), home=home) as terminal:
            code, said = terminal.ended()
    (line,) = said.splitlines()
    assert (code, lacking(line, "Error", port, "Address already in use", "--port")) == (1, [])
