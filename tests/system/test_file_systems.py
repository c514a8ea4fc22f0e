"""File systems that cannot do all that a disk can: no sync of folders, no locks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stories.village import Village, submitted
from tests.system.program import environment, syft_notify
from tests.worlds import python_job

DS = "ds@example.org"
ANSWERS = Path(__file__).parent / "file_system"
NO_LOCKS = ["ENOLCK", "ENOSYS", "ENOTSUP", "524"]
STATE_HINT = "Set state_path in the config to a file on a local disk.\n"
CONFIG_HINT = "name it there with --config.\n"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on(village: Village) -> Iterator[Command]:
    """Runs a command on a file system with these answers."""

    def called(answers: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        env = {**environment(village.home), "PYTHONPATH": str(ANSWERS), **answers}
        return syft_notify(words[0], "-c", village.config_file, *words[1:], home=village.home, env=env)

    yield called
    syft_notify("stop", "-c", village.config_file, home=village.home)


def with_job(village: Village) -> None:
    village.ask(DS)
    village.accept(DS)
    village.submit(python_job("sales"))


@pytest.mark.parametrize("answer", ["EINVAL", "ENOTSUP", "ENOSYS", "EBADF"])
def test_where_folders_cannot_be_synced_mails_go_out_once(village, on, answer):
    with_job(village)
    for _ in range(2):
        ended = on({"FOLDER_FSYNC": answer}, "run", "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
    assert village.new_mails() == sorted(submitted("sales"))


@pytest.mark.parametrize(("answer", "words"), [("EIO", "Input/output error"), ("ENOSPC", "No space left on device")])
def test_what_a_disk_says_that_cannot_keep_names_is_a_failure(village, on, answer, words):
    with_job(village)
    ended = on({"FOLDER_FSYNC": answer}, "run", "--once")
    assert ended.returncode == 1
    assert f"cannot be written: {words}" in ended.stdout + ended.stderr
    assert village.new_mails() == []


class TestNoLocksBesideTheState:
    @pytest.mark.parametrize("answer", NO_LOCKS)
    @pytest.mark.parametrize(
        "words", [("run", "--once"), ("outbox",), ("reset", "--peers", "--yes"), ("peer-granted", DS)], ids=" ".join
    )
    def test_each_command_says_which_key_moves_it(self, village, on, words, answer):
        with_job(village)
        ended = on({"FLOCK": answer, "FLOCK_ON": "notification_state.lock"}, *words)
        assert (ended.returncode, ended.stdout) == (78, "")
        folder = f"The folder {village.home} cannot hold notification_state.lock: its file system gives no locks ("
        assert ended.stderr.startswith(f"Error: {folder}")
        assert ended.stderr.endswith(STATE_HINT)
        assert ended.stderr.count("\n") == 1
        assert village.new_mails() == []

    def test_start_says_so_and_leaves_no_process(self, village, on):
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "start")
        assert (ended.returncode, ended.stdout) == (78, "")
        assert ended.stderr.endswith(STATE_HINT)
        assert on({}, "status").returncode == 3

    def test_a_state_elsewhere_works(self, village, on, tmp_path):
        village.settings["state_path"] = str(tmp_path / "elsewhere" / "state.json")
        with_job(village)
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "run", "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert village.new_mails() == sorted(submitted("sales"))

    def test_doctor_names_it(self, village, on):
        assert on({}, "run", "--once").returncode == 0
        ended = on({"FLOCK": "ENOLCK", "FLOCK_ON": "notification_state.lock"}, "doctor", "--json")
        (found,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "state")
        assert found["state"] == "failed"
        assert found["cure"] == STATE_HINT.strip().rstrip(".")


class TestNoLocksBesideTheConfig:
    @pytest.mark.parametrize("answer", NO_LOCKS)
    @pytest.mark.parametrize("word", ["run", "start", "stop", "restart", "status"])
    def test_each_command_says_what_moves_it(self, village, on, word, answer):
        (village.home / "syft-notify.lock").touch()
        ended = on({"FLOCK": answer, "FLOCK_ON": "syft-notify.lock"}, word)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert "cannot hold syft-notify.lock: its file system gives no locks (" in ended.stderr
        assert ended.stderr.endswith(CONFIG_HINT)
        assert ended.stderr.count("\n") == 1

    def test_doctor_names_it(self, village, on):
        (village.home / "syft-notify.lock").touch()
        ended = on({"FLOCK": "ENOSYS", "FLOCK_ON": "syft-notify.lock"}, "doctor", "--json")
        (found,) = (check for check in json.loads(ended.stdout)["checks"] if check["name"] == "service")
        assert (found["state"], "--config" in found["cure"]) == ("failed", True)

    def test_another_answer_is_an_error_of_the_disk(self, village, on):
        ended = on({"FLOCK": "EIO", "FLOCK_ON": "syft-notify.lock"}, "run")
        assert ended.returncode == 1
        assert ended.stderr.endswith("syft-notify.lock cannot be locked: Input/output error. Look at its disk.\n")
