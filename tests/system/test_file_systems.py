"""File systems that cannot do all that a disk can: no sync of folders, no locks."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from syft_notify.config.file_lock import FileLock
from tests.facts import lacking
from tests.stories.site import Site, submitted
from tests.system.program import environment, syft_notify, wait_until
from tests.system.tools import needs_library
from tests.worlds import python_job

DS = "ds@example.org"
ANSWERS = Path(__file__).parent / "file_system"
NO_LOCKS = ["ENOLCK", "ENOSYS", "ENOTSUP", "524"]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on(site: Site) -> Iterator[Command]:
    """Runs a command on a file system with these answers."""

    def called(answers: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        env = {**environment(site.home), "PYTHONPATH": str(ANSWERS), **answers}
        return syft_notify(words[0], "-c", site.config_file, *words[1:], home=site.home, env=env)

    yield called
    syft_notify("stop", "-c", site.config_file, home=site.home)


def with_job(site: Site) -> None:
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("sales"))


@pytest.mark.parametrize("answer", ["EINVAL", "ENOTSUP", "ENOSYS", "EBADF"])
def test_where_folders_cannot_be_synced_mails_go_out_once(site, on, answer):
    with_job(site)
    for _ in range(2):
        ended = on({"FOLDER_FSYNC": answer}, "run", "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
    assert site.new_mails() == sorted(submitted("sales"))


@pytest.mark.parametrize(("answer", "words"), [("EIO", "Input/output error"), ("ENOSPC", "No space left on device")])
def test_what_a_disk_says_that_cannot_keep_names_is_a_failure(site, on, answer, words):
    with_job(site)
    ended = on({"FOLDER_FSYNC": answer}, "run", "--once")
    assert ended.returncode == 1
    assert lacking(ended.stdout + ended.stderr, words) == []
    assert site.new_mails() == []


class TestNoLocksBesideTheState:
    @pytest.mark.parametrize("answer", NO_LOCKS)
    @pytest.mark.parametrize(
        "words",
        [("run", "--once"), ("outbox", "retry"), ("reset", "--peers", "--yes"), ("peer-granted", DS)],
        ids=" ".join,
    )
    def test_each_command_says_which_key_moves_it(self, site, on, words, answer):
        with_job(site)
        ended = on({"FLOCK": answer, "FLOCK_ON": "notification_state.lock"}, *words)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert ended.stderr.startswith("Error: ")
        assert lacking(ended.stderr, site.home, "notification_state.lock", "locks", "state_path") == []
        assert ended.stderr.count("\n") == 1
        assert site.new_mails() == []

    @pytest.mark.parametrize("word", ["outbox", "history"])
    def test_what_only_looks_needs_none(self, site, on, word):
        with_job(site)
        assert on({}, "run", "--once").returncode == 0
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, word, "--json")
        assert (ended.returncode, ended.stderr, len(json.loads(ended.stdout))) == (0, "", 2 * (word == "history"))

    def test_start_says_so_and_leaves_no_process(self, site, on):
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "start")
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "notification_state.lock", "state_path") == []
        assert on({}, "status").returncode == 3

    def test_a_state_elsewhere_works(self, site, on, tmp_path):
        site.settings["state_path"] = str(tmp_path / "elsewhere" / "state.json")
        with_job(site)
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "run", "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert site.new_mails() == sorted(submitted("sales"))

    def test_doctor_names_it(self, site, on):
        assert on({}, "run", "--once").returncode == 0
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "doctor", "--json")
        (found,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "state")
        assert found["state"] == "failed"
        assert lacking(found["fix"], "state_path") == []


@pytest.mark.parametrize("answer", ["ENOLCK", "524"])
class TestNoPosixLocks:
    """SQLite has none then: our own lock, of another kind, keeps all of its users apart."""

    @pytest.fixture(autouse=True)
    def _seccomp(self):
        needs_library("libseccomp.so.2", package="libseccomp2")

    def test_mails_go_out_once_beside_commands_that_look_and_change(self, site, on, answer):
        none = {"POSIX_LOCKS": answer}
        with_job(site)
        started = on(none, "start", "--interval", "1")
        assert (started.returncode, started.stderr) == (0, "")
        wait_until(lambda: len(site.arrived()) == 2)
        for _ in range(4):
            site.submit(python_job(f"more {len(site.arrived())}"))
            for words in (("history", "--json"), ("outbox", "--json"), ("outbox", "retry"), ("run", "--once")):
                ended = on(none, *words)
                assert (ended.returncode, ended.stderr) == (0, "")
        wait_until(lambda: len(site.arrived()) == 10)
        assert on(none, "stop").returncode == 0
        assert len(json.loads(on(none, "history", "--json").stdout)) == 10
        assert len(site.new_mails()) == 10

    @pytest.mark.parametrize("word", ["outbox", "history"])
    def test_who_looks_waits_for_who_works_on_it(self, site, on, answer, word):
        assert on({}, "run", "--once").returncode == 0
        with ThreadPoolExecutor() as threads, FileLock(site.home / "notification_state.lock"):
            looking = threads.submit(on, {"POSIX_LOCKS": answer}, word)
            time.sleep(1)
            assert not looking.done()
        assert looking.result().returncode == 0

    @pytest.mark.parametrize(
        "words",
        [("run", "--once"), ("start",), ("outbox",), ("history",), ("reset", "--peers", "--yes")],
        ids=" ".join,
    )
    def test_without_any_other_lock_each_command_says_which_key_moves_the_state(self, site, on, answer, words):
        with_job(site)
        assert on({}, "run", "--once").returncode == 0
        site.new_mails()
        site.submit(python_job("more"))
        ended = on({"POSIX_LOCKS": answer, "FLOCK": answer, "FLOCK_ON": "notification_state.lock"}, *words)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "Error", "notification_state.lock", "locks", "state_path") == []
        assert ended.stderr.count("\n") == 1
        assert site.new_mails() == []


class TestNoLocksBesideTheConfig:
    @pytest.mark.parametrize("answer", NO_LOCKS)
    @pytest.mark.parametrize("word", ["run", "start", "stop", "restart", "status"])
    def test_each_command_says_what_moves_it(self, site, on, word, answer):
        (site.home / "syft-notify.lock").touch(mode=0o600)
        ended = on({"FLOCK": answer, "FLOCK_ON": "syft-notify.lock"}, word)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, site.home, "syft-notify.lock", "locks", "--config") == []
        assert ended.stderr.count("\n") == 1

    def test_doctor_names_it(self, site, on):
        (site.home / "syft-notify.lock").touch(mode=0o600)
        ended = on({"FLOCK": "ENOSYS", "FLOCK_ON": "syft-notify.lock"}, "doctor", "--json")
        (found,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "service")
        assert (found["state"], "--config" in found["fix"]) == ("failed", True)

    def test_another_answer_is_an_error_of_the_disk(self, site, on):
        ended = on({"FLOCK": "EIO", "FLOCK_ON": "syft-notify.lock"}, "run")
        assert ended.returncode == 1
        assert lacking(ended.stderr, "syft-notify.lock", "Input/output error", "disk") == []


def test_a_folder_whose_name_is_not_utf_8_holds_config_and_state(site):
    odd = site.home / os.fsdecode(b"Ren\xe9")
    odd.mkdir(mode=0o700)
    site.settings["interval"] = 1
    for path in (site.config_file, site.home / "token_do.json", site.home / "gmail_token.json"):
        path.rename(odd / path.name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(site.home / "notify"))
        systemd.settimeout(10)
        env = {**environment(site.home), "NOTIFY_SOCKET": str(site.home / "notify")}
        assert syft_notify("start", "-c", odd / "daemon.yaml", home=site.home, env=env).returncode == 0
        wait_until((odd / "notification_state.lock").exists)
        (odd / "notification_state.lock").unlink()
        (odd / "notification_state.lock").mkdir()
        wait_until(lambda: b"Ren?/notification_state.lock is a folder" in systemd.recv(4096))
    status = syft_notify("status", "-c", odd / "daemon.yaml", home=site.home)
    assert (status.returncode, "Ren?/notification_state.lock is a folder" in status.stdout) == (1, True)
    assert syft_notify("stop", "-c", odd / "daemon.yaml", home=site.home).stdout.startswith("Stopped")


class TestAFolderThatOthersCanWriteTo:
    @pytest.mark.parametrize("words", [["run"], ["run", "--once"], ["run", "--dry-run"], ["start"]], ids=" ".join)
    @pytest.mark.parametrize("mode", [0o703, 0o1777])
    def test_is_refused_as_doctor_says(self, site, on, words, mode):
        with_job(site)
        site.home.chmod(mode)
        ended = on({}, *words)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "Error", "write", site.home, f"`chmod 700 {site.home}`") == []
        (found,) = (c for c in json.loads(on({}, "doctor", "--json").stdout)["checks"] if c["name"] == "folder")
        assert lacking(found["detail"], "write", site.home) == []
        assert lacking(found["fix"], f"`chmod 700 {site.home}`") == []
        assert stat.S_IMODE(site.home.stat().st_mode) == mode
        site.home.chmod(0o700)
        assert on({}, "run", "--once").returncode == 0
        assert site.new_mails() == sorted(submitted("sales"))

    @pytest.mark.parametrize("words", [["run", "--once"], ["start"]], ids=" ".join)
    def test_is_no_worse_than_a_config_that_they_can_write_to(self, site, on, words):
        site.config_file.chmod(0o646)
        facts = ("write", site.home / "daemon.yaml")
        env = environment(site.home)
        ended = syft_notify(words[0], "-c", site.home / "daemon.yaml", *words[1:], home=site.home, env=env)
        assert (ended.returncode, lacking(ended.stderr, *facts, "`chmod go-w")) == (78, [])
        site.home.chmod(0o700)
        (site.home / "daemon.yaml").chmod(0o646)
        ended = syft_notify("doctor", "--json", "-c", site.home / "daemon.yaml", home=site.home, env=env)
        (found,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "folder")
        assert (found["state"], lacking(found["detail"], *facts)) == ("failed", [])

    def test_serves_with_a_warning_where_the_mount_keeps_no_modes(self, site, on):
        with_job(site)
        site.home.chmod(0o777)
        ended = on({"NO_MODES": "1"}, "run", "--once")
        assert ended.returncode == 0
        assert lacking(ended.stderr, "Warning", site.home, "modes") == []
        assert site.new_mails() == sorted(submitted("sales"))

    @pytest.mark.parametrize("words", [["run", "--once"], ["start"]], ids=" ".join)
    def test_is_closed_again_when_it_is_the_default_one(self, site, words):
        folder = site.home / ".syft-creds"
        folder.mkdir()
        site.settings["state_path"] = str(folder / "notification_state.json")
        for path in (site.config_file, site.home / "token_do.json", site.home / "gmail_token.json"):
            path.rename(folder / path.name)
            (folder / path.name).chmod(0o666)
        folder.chmod(0o777)
        ended = syft_notify(*words, home=site.home)
        assert ended.returncode == 0
        assert lacking(ended.stderr, "Warning", folder, "700") == []
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert syft_notify("stop", home=site.home).returncode == 0
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
