"""What others can do to our folder and files, and that both get their modes back."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from syft_notify.config.permissions import (
    Access,
    OpenError,
    access_of_others,
    check_written_by_us_alone,
    close_to_others,
)
from syft_notify.domain.errors import ExitCode
from tests.facts import lacking


@pytest.fixture
def shared_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group of everything here has another member."""
    monkeypatch.setattr(grp, "getgrgid", lambda number: SimpleNamespace(gr_name=own_name(), gr_mem=["bob"]))


@pytest.fixture
def private_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is the user's own, as on systems where the umask is 002."""
    monkeypatch.setattr(grp, "getgrgid", lambda number: SimpleNamespace(gr_name=own_name(), gr_mem=[]))
    monkeypatch.setattr(pwd, "getpwall", lambda: [pwd.getpwuid(os.geteuid())])


def own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def folder(tmp_path: Path, mode: int) -> Path:
    path = tmp_path / "creds"
    path.mkdir()
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("mode", "access"),
    [
        (0o700, Access.NONE),
        (0o755, Access.LOOK),
        (0o750, Access.LOOK),
        (0o720, Access.LOOK),  # to write needs to enter
        (0o770, Access.CHANGE),
        (0o703, Access.CHANGE),
        (0o1777, Access.CHANGE),
    ],
)
def test_the_modes_of_a_folder_say_what_others_can_do(tmp_path, shared_group, mode, access):
    assert access_of_others(folder(tmp_path, mode)) is access


def test_a_group_of_the_owner_alone_is_nobody_else(tmp_path, private_group, monkeypatch):
    path = folder(tmp_path, 0o770)
    assert access_of_others(path) is Access.NONE
    check_written_by_us_alone(path, None)
    path.chmod(0o772 | 0o1)
    assert access_of_others(path) is Access.CHANGE
    path.chmod(0o770)
    monkeypatch.setattr(os, "getxattr", lambda path, name: b"an access control list")
    assert access_of_others(path) is Access.CHANGE


def test_nor_is_a_group_whose_other_members_have_it_as_their_first(tmp_path, private_group, monkeypatch):
    path = folder(tmp_path, 0o770)
    bob = SimpleNamespace(pw_name="bob", pw_gid=path.stat().st_gid)
    monkeypatch.setattr(pwd, "getpwall", lambda: [bob])
    assert access_of_others(path) is Access.CHANGE


def test_where_a_mount_keeps_no_modes_they_say_nothing(tmp_path, monkeypatch, caplog):
    def open_folder(prefix: str, dir: Path) -> str:
        made = dir / prefix
        made.mkdir()
        made.chmod(0o777)
        return str(made)

    path = folder(tmp_path, 0o777)
    token = path / "token.json"
    token.touch()
    token.chmod(0o777)
    monkeypatch.setattr(tempfile, "mkdtemp", open_folder)
    assert access_of_others(path) is access_of_others(token) is Access.UNKNOWN
    check_written_by_us_alone(path, None)
    assert lacking(caplog.text, path, "modes") == []
    assert list(path.iterdir()) == [token]


def test_a_folder_that_others_can_write_to_is_refused_and_one_that_they_can_read_is_not(tmp_path):
    path = folder(tmp_path, 0o777)
    with pytest.raises(OpenError, match=f"write to {path}") as caught:
        check_written_by_us_alone(path, None)
    assert caught.value.exit_code is ExitCode.CONFIG
    assert caught.value.hint == f"`chmod 700 {path}`"
    assert list(path.iterdir()) == []
    path.chmod(0o755)
    check_written_by_us_alone(path, None)


def test_so_is_a_config_that_others_can_write_to(tmp_path):
    path = folder(tmp_path, 0o755)
    config = path / "daemon.yaml"
    config.touch()
    for mode, refused in ((0o644, False), (0o646, True)):
        config.chmod(mode)
        if refused:
            with pytest.raises(OpenError, match=f"can write to {config}. `chmod go-w {config}`"):
                check_written_by_us_alone(path, config)
        else:
            check_written_by_us_alone(path, config)


def test_own_files_and_folders_get_their_modes_back_and_links_stay(tmp_path, caplog):
    path = folder(tmp_path, 0o775)
    other = tmp_path / "other"
    other.touch()
    other.chmod(0o644)
    (path / "link").symlink_to(other)
    (path / "state").touch()
    (path / "state").chmod(0o666)
    os.mkfifo(path / "pipe")
    (path / "pipe").chmod(0o622)
    close_to_others([path, tmp_path / "absent"], [path / "link", path / "state", path / "pipe", path / "absent"])
    modes = [stat.S_IMODE(found.stat().st_mode) for found in (path, path / "state", other, path / "pipe")]
    assert modes == [0o700, 0o600, 0o644, 0o622]
    assert lacking(caplog.text, path / "state", "600") == []
