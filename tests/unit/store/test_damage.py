"""A database that is damaged, gone, not ours or refused: nothing is told twice, nothing is lost without a word."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.errors import ConfigError, ExitCode, UserError
from syft_notify.domain.model import Decision
from syft_notify.domain.notifications import PendingState
from syft_notify.store import schema
from syft_notify.store.database import DamagedError, journal_of
from syft_notify.store.store import Store
from tests.unit.makers import DO, MINUTE, NOW, job_event, peer_event, quiet, sent
from tests.unit.store.stores import admit, deliver, document, opened, reader, waiting

HOUR = timedelta(hours=1)
JOBS = [job_event(job=str(number), file=f"f{number}") for number in range(3)]


def overwritten(database: Path) -> None:
    """As a disk that lost a stretch in the middle."""
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xa5" * (size // 2))


def emptied(database: Path) -> None:
    """A database without tables."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM")


def one_page_overwritten(database: Path) -> None:
    """In a part that opening does not read."""
    connection = sqlite3.connect(database)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries_at'").fetchone()
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * 1024)
        file.write(b"\xff" * 1024)


DAMAGES = {
    "one page overwritten": one_page_overwritten,
    "overwritten": overwritten,
    "header overwritten": lambda database: database.write_bytes(b"x" * 4096),
    "truncated": lambda database: os.truncate(database, database.stat().st_size // 2),
    "cut within a page": lambda database: os.truncate(database, 1500),
    "zero bytes": lambda database: os.truncate(database, 0),
    "an empty database": lambda database: (database.unlink(), emptied(database)),
}


def lived(path: Path) -> None:
    """One job told before the copy, another told since, a third in the outbox of the copy; all was told in the view."""
    with opened(path) as store:
        admit(store, JOBS[0], quiet(peer_event()), parts=("drive", "local", "peers"), files=("f0",))
        deliver(store)
        admit(store, JOBS[1], JOBS[2])
        store.copy(NOW)
        for queued in waiting(store)[:3]:
            store.attempt(queued.id)
            store.settle(queued.id, sent())


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_database_is_set_aside_and_replaced_by_its_copy_and_the_view(path, damage):
    lived(path)
    database = Files(path).database
    damage(database)
    damaged = database.read_bytes()
    store = Store(Files(path), DO)
    notice = store.refresh(NOW + MINUTE)
    aside = f"{database.name}.damaged-20261123-120100"
    assert re.fullmatch(
        rf"{database} .*\. It was set aside as {aside}\. The copy of 2026-11-23 12:00 UTC is used", notice
    )
    assert database.with_name(aside).read_bytes() == damaged
    assert store.revision > 0
    assert [queued.mark for queued in store.pending()] == [("2", "submitted")]
    assert waiting(store)[0].state is PendingState.AMBIGUOUS
    assert [store.seen(job.id) for job in JOBS] == [True] * 3
    assert store.seen(peer_event().id)
    assert store.started("drive")
    assert deliver(store) == ["submitted"]
    store.write_view()
    assert store.refresh(NOW + 2 * MINUTE) == ""
    store.close()
    assert set(document(path)["notified_jobs"]) >= {"0", "1", "2"}
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


@pytest.mark.parametrize("copy", ["none", "damaged"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_without_a_copy_the_view_says_what_was_told(path, damage, copy):
    lived(path)
    damage(Files(path).database)
    if copy == "none":
        Files(path).copy.unlink()
    else:
        damage(Files(path).copy)
    store = Store(Files(path), DO)
    notice = store.refresh(NOW + MINUTE)
    assert "set aside" in notice
    assert "what was waiting is lost" in notice
    assert not store.started("drive")
    decisions = admit(store, JOBS[0], JOBS[1], job_event(job="new"), parts=("drive", "local"))
    assert decisions == [Decision.ALREADY_SEEN, Decision.ALREADY_SEEN, Decision.SEND]
    store.close()


def test_a_database_that_is_gone_is_made_from_the_copy(path):
    lived(path)
    Files(path).database.unlink()
    store = Store(Files(path), DO)
    assert store.refresh(NOW + MINUTE) == "The copy of 2026-11-23 12:00 UTC is used"
    assert [queued.mark for queued in store.pending()] == [("2", "submitted")]
    store.close()


def test_one_that_vanishes_under_a_running_service_is_made_anew_at_the_next_poll(path):
    lived(path)
    store = Store(Files(path), DO)
    store.refresh(NOW)
    Files(path).database.unlink()
    store.write_view()
    assert "copy" in store.refresh(NOW + MINUTE)
    assert store.seen(JOBS[0].id)
    store.close()


def test_damage_that_is_met_only_in_the_middle_of_a_poll_is_repaired_at_the_next_one(path):
    lived(path)
    store = Store(Files(path), DO)
    store.refresh(NOW)
    overwritten(Files(path).database)
    store.database.run("PRAGMA shrink_memory")
    with pytest.raises(DamagedError):
        admit(store, *(job_event(job=f"more {number}") for number in range(50)))
    assert "set aside" in store.refresh(NOW + MINUTE)
    assert store.seen(JOBS[0].id)
    store.close()


def test_damage_that_opening_does_not_meet_is_repaired_once_a_poll_met_it(path):
    lived(path)
    store = Store(Files(path), DO)
    store.refresh(NOW)
    store.release()
    one_page_overwritten(Files(path).database)
    assert store.refresh(NOW) == ""
    with pytest.raises(DamagedError):
        store.delivered(NOW - HOUR)
    store.release()
    assert "set aside" in store.refresh(NOW + MINUTE)
    assert len(store.delivered(NOW)) == 2
    store.close()


def test_a_journal_that_a_lost_database_left_is_not_played_into_the_next_one(path):
    lived(path)
    database = Files(path).database
    pid = os.fork()
    if pid == 0:
        crash_in_a_large_transaction(path)
    os.waitpid(pid, 0)
    assert journal_of(database).stat().st_size > 0
    database.unlink()
    Files(path).copy.unlink()
    with opened(path) as store:
        store.database.check()
        assert admit(store, JOBS[0]) == [Decision.ALREADY_SEEN]


def crash_in_a_large_transaction(path: Path) -> None:
    """Never returns: pages are on disk that were not committed."""
    try:
        store = Store(Files(path), DO)
        store.refresh(NOW)
        store.database.run("PRAGMA cache_size = 5")
        with store.database.transaction():
            store.database.run("DELETE FROM notified")
            for number in range(2000):
                store.database.run("INSERT INTO files VALUES (?, ?)", f"not committed {number}", NOW)
            os.kill(os.getpid(), 9)
    finally:
        os._exit(1)


@pytest.mark.parametrize("who", ["store", "reader"])
def test_what_a_crash_left_half_written_is_undone_by_whoever_comes_first(path, who):
    lived(path)
    before = len(reader(path).history(99))
    pid = os.fork()
    if pid == 0:
        crash_in_a_large_transaction(path)
    os.waitpid(pid, 0)
    assert journal_of(Files(path).database).stat().st_size > 0
    if who == "reader":
        assert len(reader(path).history(99)) == before
        journal = journal_of(Files(path).database)
        assert not journal.exists() or journal.stat().st_size == 0
    with opened(path) as store:
        assert store.seen(JOBS[0].id)
        assert not store.file_seen("not committed 0")
    assert set(document(path)["notified_jobs"]) >= {"0", "1"}


class TestNotOurs:
    def test_a_newer_database_is_refused_and_left_alone(self, path):
        lived(path)
        database = Files(path).database
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
        connection.close()
        before = database.read_bytes()
        with pytest.raises(ConfigError, match=r"was written by a newer syft-notify\. Update syft-notify"):
            Store(Files(path), DO).refresh(NOW)
        with pytest.raises(ConfigError, match="newer"):
            reader(path).counts()
        assert database.read_bytes() == before

    def test_one_of_another_program_is_refused_and_left_alone(self, path):
        database = Files(path).database
        connection = sqlite3.connect(database)
        connection.execute("CREATE TABLE theirs (a)")
        connection.close()
        before = database.read_bytes()
        with pytest.raises(ConfigError, match=r"is a database of another program\. Set another state_path") as refused:
            Store(Files(path), DO).refresh(NOW)
        assert refused.value.exit_code is ExitCode.CONFIG
        assert database.read_bytes() == before

    @pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/null", path)])
    def test_what_is_no_regular_file_is_refused(self, path, make):
        make(Files(path).database)
        with pytest.raises(ConfigError, match="not a regular file"):
            Store(Files(path), DO).refresh(NOW)

    def test_a_state_path_that_is_the_databases_own_is_refused(self, path):
        with pytest.raises(ConfigError, match="state_path"):
            Store(Files(path.with_suffix(".db")), DO).refresh(NOW)
        assert list(path.parent.iterdir()) == []

    def test_a_copy_of_another_owner_is_not_used(self, path):
        lived(path)
        Files(path).database.unlink()
        with pytest.raises(ConfigError, match=f"is the state of {DO}"):
            Store(Files(path), "x@example.org").refresh(NOW)


class TestRefused:
    """A disk that refuses: nothing is half kept, and all goes on when it takes writes again."""

    def test_a_full_disk_keeps_nothing_of_the_look_and_all_of_it_later(self, path):
        with opened(path) as store:
            admit(store, JOBS[0])
            pages = store.database.value("PRAGMA page_count")
            store.database.rows(f"PRAGMA max_page_count = {pages}")
            many = [job_event(job=f"more {number}") for number in range(50)]
            with pytest.raises(UserError, match=r"cannot be written: No space left on device\. Make room"):
                admit(store, *many)
            assert not store.seen(many[0].id)
            store.database.rows("PRAGMA max_page_count = 1000000")
            assert admit(store, *many) == [Decision.SEND] * 50

    def test_what_went_out_is_written_before_anything_else_is_sent(self, path):
        with opened(path) as store:
            admit(store, JOBS[0])
            first, second = waiting(store)
            store.attempt(first.id)
            store.database.rows("PRAGMA query_only = ON")
            with pytest.raises(UserError, match="cannot be written: it is read-only"):
                store.settle(first.id, sent())
            with pytest.raises(UserError, match="cannot be written"):
                store.attempt(second.id)
            store.database.rows("PRAGMA query_only = OFF")
            store.refresh(NOW)
            (left,) = waiting(store)
            assert (left.id, left.state, left.attempts) == (second.id, PendingState.PENDING, 0)
        assert [delivery.ambiguous for delivery in reader(path).history(9)] == [False]

    def test_nothing_is_sent_while_the_end_of_a_send_cannot_be_written(self, path, monkeypatch):
        def refuse(name, outcome):
            raise UserError("the disk refuses")

        with opened(path) as store:
            admit(store, JOBS[0])
            first, second = waiting(store)
            store.attempt(first.id)
            with monkeypatch.context() as patch:
                patch.setattr(store, "_settle", refuse)
                for step in (lambda: store.settle(first.id, sent()), lambda: store.attempt(second.id)):
                    with pytest.raises(UserError, match="the disk refuses"):
                        step()
            assert waiting(store)[1].attempts == 0
            store.attempt(second.id)
            assert [queued.id for queued in store.pending()] == [second.id]

    def test_a_folder_that_is_not_there_is_named(self, path):
        store = Store(Files(path / "missing" / "state.json"), DO)
        with pytest.raises(UserError, match="cannot be written: No such file or directory"):
            store.refresh(NOW)

    def test_a_reader_that_has_the_database_open_holds_no_poll_up_for_ever(self, path, monkeypatch):
        monkeypatch.setattr("syft_notify.store.database._BUSY_SECONDS", 0.05)
        lived(path)
        other = sqlite3.connect(Files(path).database)
        cursor = other.execute("SELECT * FROM outbox UNION ALL SELECT * FROM outbox")
        cursor.fetchone()
        with opened(path) as store:
            with pytest.raises(UserError, match="in use"):
                admit(store, job_event(job="new"))
            cursor.close()
            other.close()
            assert admit(store, job_event(job="new")) == [Decision.SEND]


class TestCopy:
    def test_it_is_made_at_most_once_an_hour_and_only_of_what_changed(self, path):
        copy = Files(path).copy
        with opened(path) as store:
            store.copy(NOW)
            first = copy.stat().st_ino
            admit(store, JOBS[0])
            store.copy(NOW + HOUR - MINUTE)
            assert copy.stat().st_ino == first
            store.refresh(NOW)
            store.copy(NOW + HOUR)
            second = copy.stat().st_ino
            assert second != first
            store.refresh(NOW)
            store.copy(NOW + 3 * HOUR)
            assert copy.stat().st_ino == second
            admit(store, JOBS[1])
            store.copy(NOW - HOUR)
            assert copy.stat().st_ino != second
            third = copy.stat().st_ino
            admit(store, JOBS[2])
            store.copy(NOW, at_once=True)
            assert copy.stat().st_ino != third

    def test_a_damaged_database_does_not_take_the_place_of_a_good_copy(self, path):
        lived(path)
        before = Files(path).copy.read_bytes()
        store = Store(Files(path), DO)
        store.refresh(NOW)
        overwritten(Files(path).database)
        store.database.run("PRAGMA shrink_memory")
        with pytest.raises(DamagedError):
            store.copy(NOW, at_once=True)
        store.close()
        assert Files(path).copy.read_bytes() == before
        assert [file for file in path.parent.iterdir() if file.name.startswith(".")] == []

    def test_a_copy_made_while_a_service_works_is_whole(self, path, tmp_path):
        target = tmp_path / "copies" / path.name
        target.parent.mkdir()
        with opened(path) as store:
            admit(store, *JOBS)
            assert reader(path).copy_to(Files(target).database)
            admit(store, job_event(job="later"))
        with opened(target) as store:
            assert len(waiting(store)) == 6
            assert not store.seen(job_event(job="later").id)
