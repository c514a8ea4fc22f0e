"""The lock: one process at a time, freed by the kernel whatever happens, signed by who holds it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.config.file_lock import FileLock, HeldError, holder_of, is_held, signed_by
from syft_notify.domain.errors import ConfigError, UserError
from tests.facts import lacking

HOLD = """
import sys, time
from pathlib import Path
from syft_notify.config.file_lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "service.lock"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_told_who_holds_it_and_gets_it_when_the_first_dies(path, other):
    with pytest.raises(HeldError, match=rf"\(PID {other.pid}\)"):
        FileLock(path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    with FileLock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


class TestWaiting:
    @pytest.fixture(autouse=True)
    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("syft_notify.config.file_lock.NOTICE_SECONDS", 0.2)

    def test_a_long_wait_is_said_once_with_whom_it_is_for(self, path, other, caplog):
        with pytest.raises(HeldError):
            FileLock(path, patience=0.8)
        (said,) = caplog.messages
        assert lacking(said, f"PID {other.pid}", path.parent, "0.8 s", "kill -CONT") == ["kill -CONT"]

    def test_a_holder_that_was_stopped_is_told_apart(self, path, other, caplog):
        other.send_signal(signal.SIGSTOP)
        with pytest.raises(HeldError):
            FileLock(path, patience=0.8)
        (said,) = caplog.messages
        assert lacking(said, f"PID {other.pid}", path.parent, "SIGSTOP", f"`kill -CONT {other.pid}`") == []

    def test_one_that_did_not_sign_can_be_looked_for(self, path, other, caplog):
        path.write_text("")
        with pytest.raises(HeldError):
            FileLock(path, patience=0.8)
        assert caplog.messages[0].endswith(f"`fuser {path}` names it.")

    def test_a_short_wait_is_not(self, path, other, caplog):
        with pytest.raises(HeldError):
            FileLock(path, patience=0.1)
        assert caplog.messages == []


def test_it_can_be_taken_again_after_it_was_released(path):
    for _ in range(2):
        with FileLock(path):
            assert is_held(path)
        assert not is_held(path)


class TestKeeping:
    def test_nothing_changes_while_the_file_is_there(self, path):
        with FileLock(path) as lock:
            before = path.stat()
            lock.keep()
            assert os.path.samestat(path.stat(), before)

    def test_a_removed_file_is_made_anew_and_held(self, path):
        with FileLock(path) as lock:
            path.unlink()
            assert not is_held(path)
            lock.keep()
            assert holder_of(path).pid == os.getpid()
        assert not is_held(path)

    def test_a_folder_that_is_gone_is_not_made_anew(self, path):
        with FileLock(path) as lock:
            path.parent.rename(path.parent.with_name("moved"))
            with pytest.raises(UserError, match="No such file"):
                lock.keep()
            assert not path.parent.exists()
            assert is_held(path.parent.with_name("moved") / path.name)
            path.parent.with_name("moved").rename(path.parent)
            lock.keep()

    def test_a_pipe_in_its_place_is_not_waited_for(self, path):
        os.mkfifo(path)
        for use in (FileLock, is_held):
            with pytest.raises(ConfigError, match="pipe"):
                use(path)

    def test_a_symbolic_link_in_its_place_is_refused_and_what_it_points_to_stays(self, path, tmp_path):
        other = tmp_path / "daemon.yaml"
        other.write_text("do_email: do@example.org\n")
        path.symlink_to(other)
        for use in (FileLock, is_held):
            with pytest.raises(ConfigError, match="symbolic link"):
                use(path)
        assert signed_by(path) is None
        assert other.read_text() == "do_email: do@example.org\n"

    def test_who_was_quicker_is_named(self, path):
        with FileLock(path) as lock:
            path.unlink()
            with FileLock(path), pytest.raises(HeldError, match=rf"\(PID {os.getpid()}\)"):
                lock.keep()


def test_only_the_owner_can_read_it_and_its_new_folder(tmp_path):
    previous = os.umask(0)
    try:
        FileLock(tmp_path / "new" / "service.lock", make_folder=True).close()
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", tmp_path / "new" / "service.lock")]
    assert modes == [0o700, 0o600]


def test_a_place_where_no_lock_can_be_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"service\.lock"):
        FileLock(tmp_path / "file" / "service.lock")
    assert not is_held(tmp_path / "file" / "service.lock")


class TestTheHolder:
    def test_is_known_by_pid_start_and_command(self, path, other):
        holder = holder_of(path)
        assert holder is not None
        assert (holder.pid, holder.command[0]) == (other.pid, sys.executable)
        assert holder.is_alive()

    def test_is_nobody_after_its_end_though_the_signature_stays(self, path, other):
        holder = holder_of(path)
        other.kill()
        other.wait()
        assert not is_held(path)
        assert holder is not None
        assert not holder.is_alive()
        assert holder_of(path) is None

    @pytest.mark.parametrize("changes", [{"since_boot": 1.0}, {"command": ("/bin/other",)}])
    def test_is_no_stranger_who_got_its_pid(self, path, other, changes):
        holder = holder_of(path)
        assert holder is not None
        assert not replace(holder, **changes).is_alive()

    @pytest.mark.parametrize(
        "content", ["", "17", "{}", '{"pid": "x"}', "\x00\xff", '{"pid": 1, "since_boot": 0, "command": 7}']
    )
    def test_is_unknown_when_the_signature_cannot_be_read(self, path, other, content, monkeypatch):
        monkeypatch.setattr("syft_notify.config.file_lock.PAUSE_SECONDS", 0.001)
        path.write_text(content, encoding="latin-1")
        assert is_held(path)
        assert holder_of(path) is None
        with pytest.raises(HeldError, match=str(path.parent)):
            FileLock(path)

    def test_is_a_child_once_it_signed(self, path):
        lock = FileLock(path)
        child = os.fork()
        if child == 0:
            try:
                lock.sign()
                time.sleep(20)  # it must not outlive a test that is killed
            finally:
                os._exit(0)
        lock.close()
        try:
            assert is_held(path)
            while (holder := holder_of(path)) is None or holder.pid != child:
                continue
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert not is_held(path)
