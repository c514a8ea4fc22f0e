"""Ending the process that holds a lock, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syft_notify.config.file_lock import is_held
from syft_notify.daemon import daemonize
from syft_notify.daemon.daemonize import stop
from syft_notify.domain.errors import UserError
from tests.facts import lacking
from tests.system.program import wait_until

HOLD = """
import signal, sys, time
from pathlib import Path
from syft_notify.config.file_lock import FileLock
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[2] == "deaf" else signal.SIG_DFL)
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""

# Takes the lock as soon as it is free, and signs it.
WAIT = """
import fcntl, json, sys, time
with open(sys.argv[1], "r+") as file:
    print("waiting", flush=True)
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(json.dumps({"pid": 1, "since_boot": 1, "command": ["next"]}).ljust(1000))
    file.flush()
    time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "service.lock"


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "service.pid"


@pytest.fixture(params=["hearing"])
def holder(request: pytest.FixtureRequest, lock: Path, pid_file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock and left a PID file."""
    command = [sys.executable, "-c", HOLD, lock, request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        pid_file.write_text(f"{process.pid}\n")
        yield process
        process.kill()


class TestStop:
    def test_ends_the_holder(self, lock, pid_file, holder):
        assert stop(lock, pid_file) == daemonize.Stopped(holder.pid, killed=False)
        assert holder.wait(5) == -signal.SIGTERM

    @pytest.mark.parametrize("holder", ["deaf"], indirect=True)
    def test_kills_who_does_not_hear_and_cleans_up_after_it(self, lock, pid_file, holder):
        assert stop(lock, pid_file, 0.2) == daemonize.Stopped(holder.pid, killed=True)
        assert holder.wait(5) == -signal.SIGKILL
        assert not pid_file.exists()

    def test_removes_what_a_killed_one_left(self, lock, pid_file, holder):
        holder.kill()
        holder.wait()
        assert stop(lock, pid_file) is None
        assert not pid_file.exists()

    def test_leaves_a_pipe_in_place_of_the_pid_file(self, lock, pid_file):
        os.mkfifo(pid_file)
        assert stop(lock, pid_file) is None
        assert pid_file.is_fifo()

    def test_says_that_it_is_not_yours(self, lock, pid_file, holder, monkeypatch):
        def refused(pid: int, number: int) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "kill", refused)  # root is refused nothing
        with pytest.raises(UserError, match=rf"another user .*{holder.pid}"):
            stop(lock, pid_file)
        assert pid_file.exists()

    def test_another_one_that_took_the_lock_since_is_not_waited_for(self, lock, pid_file, holder):
        with subprocess.Popen([sys.executable, "-c", WAIT, lock], stdout=subprocess.PIPE) as next_one:
            next_one.stdout.readline()
            assert stop(lock, pid_file, 5) == daemonize.Stopped(holder.pid, killed=False)
            assert next_one.poll() is None
            next_one.kill()

    def test_touches_nobody_when_the_holder_cannot_be_identified(self, lock, pid_file, holder, monkeypatch):
        monkeypatch.setattr("syft_notify.config.file_lock.PAUSE_SECONDS", 0.001)
        with subprocess.Popen(["sleep", "60"]) as stranger:
            lock.write_text(f'{{"pid": {stranger.pid}, "since_boot": 1, "command": ["x"]}}')
            with pytest.raises(UserError, match="identified"):
                stop(lock, pid_file)
            assert stranger.poll() is None
            assert holder.poll() is None
            stranger.kill()


START = """
import os, signal, sys, time
from pathlib import Path
from syft_notify.domain.errors import UserError
from syft_notify.daemon import daemonize
from syft_notify.config.file_lock import FileLock
folder = Path(sys.argv[1])
def serve(inbox, ready):
    {serve}
try:
    with FileLock(folder / "service.lock") as lock:
        {before}
        print("ready", daemonize.start(folder, folder / "service.pid", lock, serve, {seconds}) > 0)
except daemonize.StartError as error:
    print(int(error.exit_code), error)
"""


class TestStart:
    """Each in a process of its own, for it forks."""

    def said(self, folder: Path, serve: str, before: str = "pass", seconds: float = 10) -> str:
        code = START.format(serve=serve, before=before, seconds=seconds)
        ended = subprocess.run(
            [sys.executable, "-c", code, folder], capture_output=True, text=True, check=False, timeout=30
        )
        assert (ended.returncode, ended.stderr, ended.stdout.count("\n")) == (0, "", 1)
        wait_until(lambda: not is_held(folder / "service.lock"))  # one that was ready ends on its own
        assert not (folder / "service.pid").exists()
        return ended.stdout

    def test_one_that_dies_without_a_word_is_no_success(self, tmp_path):
        said = self.said(tmp_path, "(folder / 'service.pid').unlink(); os.kill(os.getpid(), signal.SIGKILL)")
        assert said.startswith("1 ")

    def test_its_own_error_and_exit_code_come_back(self, tmp_path):
        assert self.said(tmp_path, "raise UserError('No way', 'Turn around')") == "1 No way. Turn around.\n"

    def test_its_error_comes_back_although_somebody_took_the_pid_file_away(self, tmp_path):
        serve = "(folder / 'service.pid').unlink(); raise UserError('No way', 'Turn around')"
        assert self.said(tmp_path, serve) == "1 No way. Turn around.\n"

    def test_a_mistake_of_ours_is_not_told_as_a_success(self, tmp_path):
        said = self.said(tmp_path, "raise ZeroDivisionError")
        assert said.startswith("1 ")
        assert "ZeroDivisionError" in said

    def test_one_that_is_late_is_ended(self, tmp_path):
        said = self.said(tmp_path, "inbox.wait()", seconds=0.5)
        assert said.startswith("1 ")
        assert lacking(said, "0.5 s") == []

    def test_one_whose_starter_went_away_does_not_go_on(self, tmp_path):
        serve = "os.kill(starter, signal.SIGKILL); time.sleep(0.3); ready(); (folder / 'went-on').touch(); return 0"
        code = START.format(serve=serve, before="starter = os.getpid()", seconds=10)
        ended = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, check=False, timeout=30)
        assert ended.returncode == -signal.SIGKILL
        wait_until(lambda: not is_held(tmp_path / "service.lock"))
        assert not (tmp_path / "went-on").exists()

    def test_a_folder_that_is_gone_is_said(self, tmp_path):
        gone = "(folder / 'service.lock').unlink(); folder.rmdir()"
        folder = tmp_path / "gone"
        folder.mkdir()
        assert self.said(folder, "return 0", gone).startswith("1 ")

    def test_an_error_after_it_was_ready_gets_into_no_other_file(self, tmp_path):
        serve = "ready(); files = [open(folder / f'{n}.data', 'wb') for n in range(9)]; raise UserError('No way', '')"
        assert self.said(tmp_path, serve) == "ready True\n"
        assert [path.stat().st_size for path in tmp_path.glob("*.data")] == [0] * 9

    def test_a_pid_file_that_somebody_took_away_is_no_bad_end(self, tmp_path):
        assert self.said(tmp_path, "(folder / 'service.pid').unlink(); ready(); return 0") == "ready True\n"

    def test_a_daemon_hears_signals_though_a_fork_takes_the_wakeup_descriptor(self, tmp_path):
        """As asyncio's hook does since Python 3.12."""
        before = "os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))"
        serve = "os.kill(os.getpid(), signal.SIGHUP); inbox.wait() == (signal.SIGHUP,) and ready(); return 0"
        assert self.said(tmp_path, serve, before, seconds=5) == "ready True\n"

    def test_a_signal_is_not_lost_as_soon_as_the_pid_file_says_whom_to_signal(self, tmp_path):
        before = (
            "from lockfile.pidlockfile import PIDLockFile; write = PIDLockFile.acquire; "
            "PIDLockFile.acquire = lambda *given: (write(*given), os.kill(os.getpid(), signal.SIGTERM))"
        )
        serve = "inbox.wait() == (signal.SIGTERM,) and ready(); return 0"
        assert self.said(tmp_path, serve, before) == "ready True\n"

    @pytest.mark.parametrize("number", ["SIGHUP", "SIGINT"])
    def test_a_daemon_hears_what_its_starter_ignored(self, tmp_path, number):
        before = f"signal.signal(signal.{number}, signal.SIG_IGN)"
        serve = f"os.kill(os.getpid(), signal.{number}); inbox.wait() == (signal.{number},) and ready(); return 0"
        assert self.said(tmp_path, serve, before, seconds=5) == "ready True\n"
