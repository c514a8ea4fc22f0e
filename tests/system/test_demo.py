"""`syft-notify demo`: the whole story, nothing left behind."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.system.program import syft_notify


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def test_it_plays_to_the_end_and_leaves_the_mails_and_nothing_else(home):
    ended = syft_notify("demo", "--output", home / "mails", home=home, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].startswith(f"15 mails were sent. They lie in {home / 'mails'}")
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
