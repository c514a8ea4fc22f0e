"""Replacing a file: regular files only, and nothing else in the folder is touched."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from syft_notify.config.atomic_file import sweep, write_atomically
from syft_notify.domain.errors import ConfigError, ExitCode


def test_a_linked_file_is_replaced_and_its_link_stays(tmp_path):
    there = tmp_path / "disk"
    there.mkdir()
    (there / "state.json").write_text("old")
    link = tmp_path / "state.json"
    link.symlink_to(there / "state.json")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert (there / "state.json").read_text() == "new"


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link_that_points_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [make_pipe, make_socket, make_folder, make_link_that_points_to_itself])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_regular_file_is_never_replaced(tmp_path, make, linked):
    path = tmp_path / "x"
    make(path)
    before = path.lstat()
    named = path
    if linked:
        named = tmp_path / "link"
        named.symlink_to(path)
    with pytest.raises(ConfigError, match="regular file") as caught:
        write_atomically(named, b"new")
    assert caught.value.exit_code is ExitCode.CONFIG
    assert (path.lstat().st_ino, stat.S_IFMT(path.lstat().st_mode)) == (before.st_ino, stat.S_IFMT(before.st_mode))
    assert {found.name for found in tmp_path.iterdir()} == {path.name, named.name}


class TestSweeping:
    def old(self, path: Path) -> Path:
        path.touch()
        os.utime(path, (0, 0))
        return path

    def test_only_temporary_files_of_this_file_go(self, tmp_path):
        left = self.old(tmp_path / ".state[1].json.a1b2c3d4")
        others = [self.old(tmp_path / name) for name in (".state[1].json.swp", ".state1.json.a1b2c3d4", "x.json")]
        sweep(tmp_path / "state[1].json")
        assert not left.exists()
        assert all(other.exists() for other in others)

    def test_a_name_with_a_star_means_no_other_file(self, tmp_path):
        other = self.old(tmp_path / ".bashrc.a1b2c3d4")
        sweep(tmp_path / "*")
        assert other.exists()
