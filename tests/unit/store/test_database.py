"""The database: what keeps processes apart, and who may change its tables."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import syft_notify
from syft_notify.config.paths import Files
from syft_notify.domain.errors import UserError
from syft_notify.store import database, schema
from syft_notify.store.database import has_locks, opened_to_read
from syft_notify.store.reading import Reader
from syft_notify.store.store import Store
from tests.unit.makers import DO, NOW, job_event
from tests.unit.store.stores import admit, deliver, opened, reader


@pytest.fixture
def no_locks(monkeypatch):
    """Says for every file what a file system without POSIX locks says."""

    def refuse(name):
        number = name if isinstance(name, int) else getattr(errno, name)

        def lockf(descriptor, operation):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "lockf", lockf)
        has_locks.cache_clear()

    yield refuse
    has_locks.cache_clear()


class Ours:
    """A lock of our own that says when it is held."""

    def __init__(self):
        self.held = 0
        self.taken = 0

    @contextmanager
    def __call__(self):
        self.held, self.taken = self.held + 1, self.taken + 1
        yield
        self.held -= 1


class TestLocks:
    def test_a_disk_has_them(self, tmp_path):
        assert has_locks(tmp_path)

    @pytest.mark.parametrize("answer", ["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", 524])
    def test_without_them_a_reader_takes_our_own_lock_while_it_is_open(self, path, no_locks, answer, monkeypatch):
        with opened(path) as store:
            admit(store, job_event())
            deliver(store)
        no_locks(answer)
        names = []
        real = database.sqlite3.connect
        monkeypatch.setattr(database.sqlite3, "connect", lambda name, **more: names.append(name) or real(name, **more))
        ours = Ours()
        with opened_to_read(Files(path).database, ours) as found:
            assert ours.held == 1
            assert found.value("SELECT count(*) FROM deliveries") == 2
        assert ours.held == 0
        with opened(path) as store:
            assert store.seen(job_event().id)
        assert ["nolock=1" in name for name in names] == [True, True]

    def test_with_them_a_reader_waits_for_nobody(self, path):
        ours = Ours()
        with opened(path) as store:
            admit(store, job_event())
            assert len(Reader(Files(path).database, ours).outbox()) == 2
        assert ours.taken == 0

    def test_another_refusal_says_nothing_about_locks(self, tmp_path, no_locks):
        no_locks("EAGAIN")
        assert has_locks(tmp_path)


class TestMigration:
    @pytest.fixture
    def newer(self, path, monkeypatch):
        """A database of this version, and a program of the next one."""
        with opened(path) as store:
            admit(store, job_event())
        monkeypatch.setattr(
            schema, "MIGRATIONS", (*schema.MIGRATIONS, ("ALTER TABLE mutes ADD why TEXT", "UPDATE mutes SET why = ''"))
        )

    def test_what_polls_brings_it_up_to_date_and_keeps_everything(self, path, newer):
        with opened(path) as store:
            assert store.database.value("PRAGMA user_version") == 2
            assert store.database.rows("SELECT why FROM mutes") == []
            assert store.seen(job_event().id)
        with opened(path) as store:
            assert store.seen(job_event().id)

    def test_a_command_beside_an_older_service_changes_nothing(self, path, newer):
        before = Files(path).database.read_bytes()
        for ask in (reader(path).outbox, lambda: Store(Files(path), DO, migrate=False).refresh(NOW)):
            with pytest.raises(UserError, match=r"was written by an older syft-notify\. Run `syft-notify restart`"):
                ask()
        assert Files(path).database.read_bytes() == before

    def test_one_that_fails_half_way_did_not_begin(self, path, newer, monkeypatch):
        before = Files(path).database.read_bytes()
        broken = (*schema.MIGRATIONS[:1], ("ALTER TABLE mutes ADD why TEXT", "UPDATE missing SET why = ''"))
        monkeypatch.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(database.sqlite3.OperationalError, match="no such table"):
            Store(Files(path), DO).refresh(NOW)
        assert Files(path).database.read_bytes()[:20] == before[:20]
        monkeypatch.setattr(schema, "MIGRATIONS", broken[:1])
        with opened(path) as store:
            assert store.database.value("PRAGMA user_version") == 1
            assert store.seen(job_event().id)


@pytest.mark.parametrize("name", [b"Ren\xe9", b"a b#c?d%41&mode=memory"])
def test_a_folder_of_any_name_holds_it(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    with opened(folder / "state.json") as store:
        admit(store, job_event())
    assert (folder / "state.db").stat().st_size > 0
    with opened(folder / "state.json") as store:
        assert store.seen(job_event().id)


def test_one_module_alone_imports_sqlite() -> None:
    package = Path(syft_notify.__file__).parent
    importing = re.compile(r"^\s*(import|from) sqlite3", re.MULTILINE)
    found = [file.name for file in package.rglob("*.py") if importing.search(file.read_text())]
    assert found == ["database.py"]


def test_what_the_status_asks_loads_nothing_heavy() -> None:
    heavy = "{'pydantic', 'jinja2', 'rich', 'googleapiclient'}"
    program = f"import syft_notify.store.reading, sys; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
