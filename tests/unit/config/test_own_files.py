"""No file of ours is named twice, and only regular files are written."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from syft_notify.config.settings import Config, ConfigProblems, load_config
from syft_notify.domain.errors import ExitCode
from tests.facts import lacking


def load(folder: Path, name: str = "daemon.yaml", **settings: object) -> Config:
    lines = {"do_email": "do@example.org", "syftbox_root": "/data/SyftBox", **settings}
    path = folder / name
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return load_config(path, {}, Path("/home/olivia"))


def problem(folder: Path, name: str = "daemon.yaml", **settings: object) -> str:
    with pytest.raises(ConfigProblems) as caught:
        load(folder, name, **settings)
    assert caught.value.exit_code is ExitCode.CONFIG
    assert len(caught.value.lines) == 1
    return re.sub(", line [0-9]+", "", caught.value.lines[0].replace(str(folder), ""))


@pytest.mark.parametrize(
    ("state", "roles"),
    [
        ("syft-notify.json", {"lock", "service"}),
        ("syft-notify.state", {"lock", "service"}),
        ("syft-notify.log", {"lock", "service"}),
        ("syft-notify.error.log.3", {"state", "log"}),
        ("syft-notify.status.json", {"state", "health report"}),
        ("state.lock", {"state", "lock"}),
        ("state.db", {"state", "database"}),
        ("state.db-journal", {"state", "journal"}),
        ("daemon.yaml", {"state", "config"}),
        ("x/../daemon.yaml", {"state", "config"}),
        ("Daemon.YAML", {"state", "config"}),
        ("credentials.json", {"state", "OAuth client"}),
        ("templates", {"state", "templates"}),
        ("token_do.json", {"state", "token"}),
        ("gmail_token.json", {"state", "token"}),
        ("/data/SyftBox", {"state", "SyftBox folder"}),
    ],
)
def test_a_state_at_a_path_that_has_another_use_is_refused(tmp_path, state, roles):
    said = problem(tmp_path, state_path=state)
    assert said.startswith("/daemon.yaml: state_path: ")
    assert lacking(said, "both", *roles) == []


@pytest.mark.parametrize(
    ("settings", "roles"),
    [
        ({"drive_token_path": "notification_state.lock"}, ["lock", "token"]),
        ({"gmail_token_path": "notification_state.db"}, ["database", "token"]),
        ({"gmail_token_path": "syft-notify.log.7"}, ["log", "token"]),
        ({"gmail_token_path": "credentials.json"}, ["token", "OAuth client"]),
        ({"drive_token_path": "daemon.yaml"}, ["token", "config"]),
        ({"syftbox_root": "notification_state.db.bak"}, ["copy", "SyftBox folder"]),
    ],
)
def test_so_is_any_other_path_and_the_key_is_named_that_was_written(tmp_path, settings, roles):
    whole = problem(tmp_path, **settings)
    assert whole.startswith(f"/daemon.yaml: {next(iter(settings))}: ")
    assert lacking(whole, "both", *roles) == []


@pytest.mark.parametrize("name", ["syft-notify.lock", "syft-notify.log", "credentials.json"])
def test_so_is_a_config_with_the_name_of_a_file_of_ours(tmp_path, name):
    assert lacking(problem(tmp_path, name), "both", "config") == []


def test_two_names_of_one_file_are_one_path(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "again").symlink_to("disk")
    said = problem(tmp_path, state_path="disk/s.json", drive_token_path="again/s.json")
    assert lacking(said, "both", "state", "token") == []
    (tmp_path / "notification_state.db-journal").touch()
    os.link(tmp_path / "notification_state.db-journal", tmp_path / "syft-notify.log")
    assert lacking(problem(tmp_path), "both", "journal", "log") == []


def test_equal_files_that_a_tool_linked_to_save_space_are_no_problem(tmp_path):
    (tmp_path / "notification_state.json").touch()
    os.link(tmp_path / "notification_state.json", tmp_path / "notification_state.db.bak")
    load(tmp_path)


def test_one_token_may_serve_both(tmp_path):
    config = load(tmp_path, drive_token_path="token.json", gmail_token_path="token.json")
    assert config.drive_token_path == config.gmail_token_path


def test_a_device_is_no_state(tmp_path):
    said = problem(tmp_path, state_path="/dev/null")
    assert said.startswith("/daemon.yaml: state_path: ")
    assert lacking(said, "/dev/null", "device", "regular file") == []


@pytest.mark.parametrize("state", ["..", ".", "nowhere/..", "there"])
def test_a_folder_is_no_state(tmp_path, state):
    (tmp_path / "there").mkdir()
    said = problem(tmp_path, state_path=state)
    assert said.startswith("/daemon.yaml: state_path: ")
    assert lacking(said, "folder") == []


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("notification_state.db.bak", "copy"),
        ("token_do.json", "token"),
        ("syft-notify.status.json", "health report"),
        ("syft-notify.log", "log"),
        ("syft-notify.lock", "lock"),
        ("notification_state.lock", "lock"),
        ("notification_state.db", "database"),
        ("notification_state.db-journal", "journal"),
    ],
)
def test_a_pipe_or_a_socket_in_the_place_of_a_file_is_named(tmp_path, name, role):
    os.mkfifo(tmp_path / name)
    assert lacking(problem(tmp_path), name, "pipe", role) == []
    (tmp_path / name).unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / name))
    assert lacking(problem(tmp_path), name, "socket", role) == []


def test_links_to_files_that_are_replaced_work_and_links_to_what_is_written_in_place_do_not(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    for name in ("notification_state.json", "token_do.json", "daemon.yaml"):
        (tmp_path / name).symlink_to(disk / name)
    (tmp_path / "syft-notify.log").symlink_to("/dev/null")
    assert load(tmp_path).state_path == tmp_path / "notification_state.json"
    (tmp_path / "notification_state.db").symlink_to(disk / "memory")
    assert lacking(problem(tmp_path), "notification_state.db", "symbolic link") == []
