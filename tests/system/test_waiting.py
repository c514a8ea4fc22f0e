"""A command that waits for another process on the same state says for whom, and goes on afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.facts import lacking
from tests.stories.site import Site
from tests.system.program import started, syft_notify

DS = "ds@example.org"
HOLD = """
import sys, time
from pathlib import Path
from syft_notify.config.file_lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the state."""
    lock = site.config_file.parent / "notification_state.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize(
    "words",
    [["run", "--once"], ["outbox", "retry"], ["reset", "--peers", "--yes"], ["peer-granted", DS]],
    ids=" ".join,
)
def test_it_says_for_whom_after_two_seconds_and_what_helps(site, other, words):
    os.kill(other.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with started(words[0], "-c", site.config_file, *words[1:], home=site.home) as command:
        assert command.stdout is not None
        line = command.stdout.readline()
        assert 2 < time.monotonic() - begun < 20
        facts = (f"PID {other.pid}", "SIGSTOP", site.home, "90 s", f"`kill -CONT {other.pid}`")
        assert lacking(line, "Warning", *facts) == []
        other.kill()
        assert "Warning" not in command.communicate(timeout=30)[0]
    assert command.returncode == 0


@pytest.mark.parametrize("word", ["outbox", "history"])
def test_what_only_looks_waits_for_nobody(site, other, word):
    ended = syft_notify(word, "-c", site.config_file, home=site.home)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert other.poll() is None


def test_start_says_for_whom_the_daemon_waits(site, other):
    with started("start", "-c", site.config_file, home=site.home) as command:
        assert command.stdout is not None
        line = command.stdout.readline()
        other.kill()
        said = command.communicate(timeout=30)[0]
    assert lacking(line, "Warning", f"PID {other.pid}", site.home) == []
    assert said.startswith("✅ ")
    assert syft_notify("stop", "-c", site.config_file, home=site.home).returncode == 0
