"""Commands beside a daemon, or after its death, on one database: nobody disturbs anybody."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import Files
from syft_notify.sandbox import Injected
from syft_notify.store.database import journal_of, open_copy, open_existing
from syft_notify.store.schema import MIGRATIONS
from tests.facts import lacking
from tests.stories.site import Site, requested, submitted, told_by
from tests.system.program import environment, started, syft_notify, wait_until
from tests.worlds import python_job

DS, NEW = "ds@example.org", "new@example.org"
# More than a pipe holds.
MANY, OLD = 3000, datetime(2020, 1, 1, tzinfo=UTC)
Call = Callable[..., subprocess.CompletedProcess[str]]

# Dies in a transaction that is too large for its memory: pages are on disk that were never committed.
CRASH = """
import os, sys
from pathlib import Path
from syft_notify.store.database import open_existing
database = open_existing(Path(sys.argv[1]))
database.rows("PRAGMA cache_size = 5")
with database.transaction():
    for table in ("deliveries", "outbox", "notified", "events"):
        database.run(f"DELETE FROM {table}")
    for number in range(2000):
        database.run("INSERT INTO files VALUES (?, '')", f"not committed {number}")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def told(site: Site) -> Site:
    """A site where two mails went out and two more wait, because Gmail fails."""
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("sales"))
    assert site.poll() == sorted(submitted("sales"))
    site.ask(NEW)
    site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=None)
    assert site.poll() == []
    site.google.faults.clear()
    return site


@pytest.fixture
def files(told: Site) -> Files:
    return Files(told.home / "notification_state.json")


@pytest.fixture
def call(told: Site) -> Iterator[Call]:
    """`call("outbox", "retry")` with the site's config; a daemon that still runs at the end is stopped."""

    def called(*words: str) -> subprocess.CompletedProcess[str]:
        return syft_notify(words[0], "-c", told.config_file, *words[1:], home=told.home)

    yield called
    called("stop")


@pytest.mark.parametrize("words", [("history", "-n", "100000"), ("history", "--json", "-n", "100000")], ids=" ".join)
def test_a_history_in_a_pager_that_nobody_reads_on_disturbs_no_mail(told, files, words):
    with open_existing(files.database) as database, database.transaction():
        names = [name for _, name, *_ in database.rows("PRAGMA table_info(deliveries)") if name not in ("id", "at")]
        columns = ", ".join(names)
        copy = f"INSERT INTO deliveries (at, {columns}) SELECT ?, {columns} FROM deliveries WHERE id = 1"  # noqa: S608
        for _ in range(MANY):  # long ago, or the channel's limit of a day would be reached
            database.run(copy, OLD)
    with (
        started("run", "-c", told.config_file, "--interval", "1", home=told.home) as daemon,
        started(*words, "-c", told.config_file, home=told.home) as pager,
    ):
        assert pager.stdout is not None
        pager.stdout.read(1)
        for name in ("first", "second"):
            told.submit(python_job(name))
            wait_until(lambda name=name: submitted(name)[0] in all_told(told))
        assert pager.poll() is None
        pager.kill()
        daemon.send_signal(signal.SIGTERM)
        said, _ = daemon.communicate(timeout=20)
    assert (daemon.returncode, "in use by another process" in said) == (0, False)


@pytest.mark.parametrize(
    "words", [("history", "--json"), ("outbox", "--json"), ("outbox", "retry"), ("run", "--once")], ids=" ".join
)
def test_what_a_killed_process_left_half_written_is_undone_by_whoever_comes_first(told, files, call, words):
    before = call(*words[:1], "--json").stdout if "--json" in words else ""
    killed = subprocess.run([sys.executable, "-c", CRASH, files.database], env=environment(told.home), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert journal_of(files.database).stat().st_size > 0
    ended = call(*words)
    assert ended.stderr == ""
    if before:
        assert (ended.returncode, ended.stdout) == (0, before)
        assert len(json.loads(before)) == 2
    journal = journal_of(files.database)
    assert not journal.exists() or journal.stat().st_size == 0
    assert call("outbox", "retry").returncode == 0
    assert told.poll() == sorted(requested(NEW))
    assert len(json.loads(call("history", "--json").stdout)) == 4


class TestTheCopyAtACleanStop:
    """Made within the hour that otherwise has one, so that nothing since the last one is lost with the database."""

    def test_holds_what_was_sent_last(self, told, files, call):
        assert call("start", "--interval", "1").returncode == 0
        told.submit(python_job("last"))
        wait_until(lambda: set(submitted("last")) <= set(all_told(told)))
        assert call("stop").returncode == 0
        files.database.unlink()
        files.state.write_text("{}")
        told.new_mails()
        assert told.poll() == []
        assert "last" in call("history").stdout

    def test_is_made_by_run_too(self, told, files):
        with started("run", "-c", told.config_file, "--interval", "1", home=told.home) as run:
            told.submit(python_job("last"))
            wait_until(lambda: set(submitted("last")) <= set(all_told(told)))
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=20)
        with open_copy(files.copy) as copy:
            assert copy.value("SELECT count(*) FROM deliveries WHERE marks LIKE '%last%'") == 2

    def test_that_cannot_be_made_is_said_and_holds_no_stop_up(self, told, files, call):
        assert call("start", "--interval", "1").returncode == 0
        told.submit(python_job("last"))
        wait_until(lambda: set(submitted("last")) <= set(all_told(told)))
        files.copy.unlink(missing_ok=True)
        files.copy.mkdir()
        stopped = call("stop")
        assert (stopped.returncode, stopped.stderr) == (0, "")
        assert lacking(call("logs").stdout, "copy: ", files.copy) == []

    def test_waits_for_nobody_who_works_on_the_state(self, told, files, call):
        assert call("start", "--interval", "3600").returncode == 0
        wait_until(lambda: json.loads(call("status", "--json").stdout)["last_poll"])
        with FileLock(files.lock, patience=10):
            begun = time.monotonic()
            assert call("stop").returncode == 0
            assert time.monotonic() - begun < 5


class TestANewerDatabase:
    @pytest.fixture(autouse=True)
    def _newer(self, told, files):
        with open_existing(files.database) as database:
            database.run(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    @pytest.mark.parametrize(
        "words",
        [
            ("run", "--once"),
            ("run", "--dry-run"),
            ("start",),
            ("history",),
            ("outbox",),
            ("outbox", "retry"),
            ("reset", "--peers", "--yes"),
            ("peer-granted", NEW),
        ],
        ids=" ".join,
    )
    def test_is_refused_in_words_and_left_alone(self, told, files, call, words):
        before = files.database.read_bytes()
        told.submit(python_job("more"))
        ended = call(*words)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "Error", files.database, "newer", "Update syft-notify") == []
        assert ended.stderr.count("\n") == 1
        assert files.database.read_bytes() == before
        assert told.new_mails() == []
        assert not list(told.home.glob("*.damaged-*"))


def all_told(site: Site) -> list[tuple[str, str, str]]:
    return [told_by(*mail) for mail in site.arrived()]
