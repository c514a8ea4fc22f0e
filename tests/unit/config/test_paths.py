"""Which config is used, and what lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.config.paths import Files, config_path, default_folder, is_there
from tests.unit.syftbox.boxes import Nobody

HOME = Path("/home/olivia")


@pytest.mark.parametrize(
    ("given", "environ", "expected"),
    [
        (None, {}, "/home/olivia/.syft-creds/daemon.yaml"),
        (None, {"SYFT_NOTIFY_CONFIG": "/etc/n.yaml"}, "/etc/n.yaml"),
        ("/x/d.yaml", {"SYFT_NOTIFY_CONFIG": "/etc/n.yaml"}, "/x/d.yaml"),
        (None, {"SYFT_NOTIFY_CONFIG": ""}, "/home/olivia/.syft-creds/daemon.yaml"),
    ],
)
def test_the_command_line_wins_over_the_environment_and_that_over_the_default(given, environ, expected):
    assert config_path(given, environ, lambda: HOME) == Path(expected)


def test_a_relative_path_belongs_to_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config_path("d.yaml", {}, lambda: HOME) == tmp_path / "d.yaml"


def test_on_colab_everything_lies_on_the_mounted_drive(tmp_path):
    assert default_folder(HOME, tmp_path) == tmp_path / "syft-creds"
    assert default_folder(HOME, tmp_path / "not mounted") == HOME / ".syft-creds"


def test_two_states_share_no_file():
    first, second = Files(Path("/a/state.json")), Files(Path("/b/state.json"))
    names = ["state", "database", "journal", "copy", "lock"]
    assert [getattr(first, name) for name in names] == [
        Path("/a") / f"state.{end}" for end in ("json", "db", "db-journal", "db.bak", "lock")
    ]
    assert {getattr(first, name) for name in names}.isdisjoint(getattr(second, name) for name in names)


@pytest.mark.parametrize("name", ["file", "folder", "link"])
def test_what_is_there_is_there(name, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    assert is_there(tmp_path / name)


@pytest.mark.parametrize("name", ["absent", "absent/file", "file/below", "dangling"])
def test_what_is_absent_is_not_there(name, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("absent")
    assert not is_there(tmp_path / name)


def test_what_cannot_be_seen_is_not_absent(strangers_root):
    (strangers_root / "closed").mkdir(parents=True)
    (strangers_root / "closed").chmod(0)
    with Nobody(), pytest.raises(PermissionError):
        is_there(strangers_root / "closed/file")


def test_a_colab_drive_of_another_user_is_none(strangers_root):
    (strangers_root / "content").mkdir(parents=True)
    (strangers_root / "content").chmod(0)
    with Nobody():
        assert default_folder(HOME, strangers_root / "content/drive") == HOME / ".syft-creds"
