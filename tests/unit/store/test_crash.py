"""The store killed or refused at every statement of a poll: nothing lost, nothing doubled but what was being sent."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.errors import UserError
from syft_notify.domain.jobs import CodeFile, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.store import database
from syft_notify.store.store import Store
from tests.unit.makers import DO, NOW, job_event, looked, message_event, peer_event, routed, sent
from tests.unit.store.stores import admit, deliver, document, edit, opened, reader

CODE = Preview((CodeFile("main.py", "x = 1\n" * 100, 600),))
TOLD = job_event(job="told", file="f0")
AGAIN = job_event(job="again")
NEWS = [
    replace(job_event(file="f1"), preview=CODE),
    job_event(Kind.JOB_APPROVED),
    replace(job_event(sender="", job="unproven", file="f2"), preview=CODE),
    message_event("f3"),
    peer_event(),
]
# Every statement of a poll is counted; there are fewer.
MOST_STATEMENTS = 400


class Statements:
    """Counts the statements of all connections; from the `stop`th on each meets `refuse`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.stop = MOST_STATEMENTS
        self.refuse: Callable[[], None] = lambda: None
        statements, connect = self, sqlite3.connect

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
                statements.count += 1
                if statements.count >= statements.stop and sql != "ROLLBACK":
                    statements.refuse()
                # What a kill leaves does not depend on what was synced, and syncs take nearly all of the time.
                return super().execute(sql.replace("synchronous = FULL", "synchronous = OFF"), *more)

        def counted(*args: Any, **options: Any) -> sqlite3.Connection:
            return connect(*args, **options, factory=Connection)

        monkeypatch.setattr(database.sqlite3, "connect", counted)
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(monkeypatch)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def first_start(path: Path) -> None:
    """The original system was here."""
    path.write_text(json.dumps({"notified_jobs": {"told": ["new"]}, "peer_snapshot": ["old@example.org"]}))


def after_an_edit(path: Path) -> None:
    """We were here, and a person wants to be told of one job again."""
    with opened(path) as store:
        admit(store, TOLD, AGAIN, parts=("drive", "local", "peers"), files=("f0",))
        deliver(store)
        store.copy(NOW)
    edit(path, lambda content: content["notified_jobs"].pop("again"))


def poll(path: Path, mails: Path, store: Store | None = None) -> None:
    """As the pipeline: look, admit, send each, write the view, copy. The disk's no ends it; the next one goes on."""
    store = store or Store(Files(path), DO)
    try:
        store.refresh(NOW)
        offers = map(routed, [TOLD, *NEWS, AGAIN])
        store.admit(looked("drive", "local", "peers", files=("f0", "f1", "f2", "f3")), offers, NOW)
        for queued in store.pending():
            store.attempt(queued.id)
            with mails.open("a") as outside:
                outside.write(f"{queued.id}\n")
            store.settle(queued.id, sent())
        store.write_view()
        store.copy(NOW)
    except UserError:
        pass
    finally:
        store.close()


def arrived(mails: Path) -> Counter[str]:
    return Counter(mails.read_text().split() if mails.exists() else ())


@pytest.fixture(params=[first_start, after_an_edit])
def begun(request: pytest.FixtureRequest, tmp_path: Path, statements: Statements) -> Path:
    """A folder as it is before the poll, and beside it what a poll that nothing disturbs makes of it."""
    before, whole = tmp_path / "before", tmp_path / "whole"
    before.mkdir()
    request.param(before / "notification_state.json")
    shutil.copytree(before, whole)
    statements.count = 0
    poll(whole / "notification_state.json", whole / "mails")
    return before


def folders(begun: Path, share: int, statements: Statements) -> Iterator[tuple[int, Path]]:
    """A folder for every fourth statement of the poll."""
    assert len(NEWS) < statements.count < MOST_STATEMENTS
    for number in range(1 + share, statements.count + 1, 4):
        folder = begun.with_name(f"{number}")
        shutil.copytree(begun, folder)
        yield number, folder


def assert_same_end(begun: Path, folder: Path) -> None:
    """The view says the same, and everybody heard of everything."""
    whole = begun.with_name("whole")
    assert document(folder / "notification_state.json") == document(whole / "notification_state.json"), folder.name
    assert set(arrived(folder / "mails")) == set(arrived(whole / "mails")), folder.name
    store = Store(Files(folder / "notification_state.json"), DO)
    assert store.refresh(NOW) == ""
    assert list(store.pending()) == []
    assert all(store.seen(event.id) for event in [TOLD, *NEWS, AGAIN])
    assert store.database.value("SELECT count(*) FROM code") == 0
    store.close()


def assert_doubled_at_most_once(folder: Path) -> None:
    """And what was doubled is marked."""
    doubled = {name for name, count in arrived(folder / "mails").items() if count > 1}
    history = reader(folder / "notification_state.json").history(99)
    assert len(doubled) <= 1, folder.name
    assert doubled <= {delivery.id for delivery in history if delivery.ambiguous}, folder.name


@pytest.mark.thorough
@pytest.mark.parametrize("share", range(4))
def test_a_kill_at_any_statement_loses_nothing(begun: Path, statements: Statements, share: int) -> None:
    killed = 0
    for number, folder in folders(begun, share, statements):
        path, mails = folder / "notification_state.json", folder / "mails"
        pid = os.fork()
        if pid == 0:
            try:
                statements.count, statements.stop, statements.refuse = 0, number, kill
                poll(path, mails)
            finally:
                os._exit(0)
        killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        statements.stop = 10**9
        poll(path, mails)
        assert_same_end(begun, folder)
        assert_doubled_at_most_once(folder)
    assert killed > 10


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "restarted"])
@pytest.mark.parametrize("share", range(4))
def test_a_disk_that_is_full_from_any_statement_on_loses_nothing(
    begun: Path, statements: Statements, share: int, restarts: bool
) -> None:
    for number, folder in folders(begun, share, statements):
        path, mails = folder / "notification_state.json", folder / "mails"
        store = Store(Files(path), DO)
        statements.count, statements.stop, statements.refuse = 0, number, full
        poll(path, mails, store)
        statements.stop = 10**9
        poll(path, mails, None if restarts else store)
        assert_same_end(begun, folder)
        if restarts:
            assert_doubled_at_most_once(folder)
        else:
            assert max(arrived(mails).values()) == 1, number
