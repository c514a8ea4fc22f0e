"""A disk that refuses, at whichever write: nothing is lost, and when there is room again all goes on by itself."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from syft_notify.config.settings import load_config
from syft_notify.domain.errors import UserError
from syft_notify.engine.app import App, build_app
from syft_notify.sandbox import Sandbox
from syft_notify.testing import RecordingReporter
from tests.conftest import Clock
from tests.facts import lacking
from tests.records import ambiguous_ids
from tests.refusing_disk import Disk
from tests.stories.site import Site, Told, decided, requested, submitted, told_by
from tests.system.program import environment, wait_until
from tests.system.tools import needs
from tests.worlds import GENERATIONS, python_job

DS, NEW = "ds@example.org", "new@example.org"
EVERYTHING = sorted(requested(NEW) + submitted("sales") + decided("approved", "sales"))
# A poll of this story writes less often than that.
MOST_WRITES = 60


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    disk.attach(monkeypatch)
    return disk


def events(site: Site) -> None:
    site.ask(DS)
    site.accept(DS)
    site.poll()
    site.ask(NEW)
    job = site.submit(python_job("sales"))
    site.sync()
    site.generation.approve(site.root, job, site.tick())


def arrived(site: Site) -> dict[Told, list[str]]:
    found: dict[Told, list[str]] = {}
    for person, mail in site.arrived():
        found.setdefault(told_by(person, mail), []).append(mail.header("X-Syft-Event-Id"))
    return found


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "restarted"])
@pytest.mark.parametrize("share", range(4))
def test_no_refused_write_loses_a_mail(tmp_path: Path, clock: Clock, disk: Disk, restarts: bool, share: int) -> None:
    """Only what the disk did not hear of before the process ended may come twice; then it is marked."""
    refused = 0
    for room in range(share, MOST_WRITES, 4):
        with Sandbox() as google:
            site = Site(google, tmp_path / f"{room}", GENERATIONS["syft-rds-0.6.1"])
            events(site)
            disk.refused = 0
            polls(site, clock, disk, room, restarts=restarts)
            refused += disk.refused
            mails = arrived(site)
            assert sorted(mails) == EVERYTHING, room
            twice = {ids[0] for ids in mails.values() if len(ids) > 1}
            assert len(twice) <= restarts
            assert twice <= ambiguous_ids(site.home)
    assert refused


def polls(site: Site, clock: Clock, disk: Disk, room: int, *, restarts: bool) -> None:
    """The disk takes so many writes, then none for a poll, then all."""
    apps: list[App] = []
    for left in (room, 0, None, None):
        if restarts or not apps:
            apps.append(build_app(load_config(site.config_file, {}, site.home)))
        disk.room = left
        with suppress(UserError):  # as a service does
            apps[-1].poll(RecordingReporter())
        clock.ahead += timedelta(hours=2)
    for app in apps:
        app.close()


MOUNT = 'mount -t tmpfs -o size=256k,mode=700 tmpfs "$0" && exec "$@"'


def test_a_disk_that_fills_while_it_runs_is_said_and_holds_mails_back_until_there_is_room(site: Site) -> None:
    needs("unshare", package="util-linux")
    small = site.home / "small"
    small.mkdir()
    site.settings["state_path"] = str(small / "state.json")
    site.ask(DS)
    site.accept(DS)
    isolation = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-m", "-r"]
    program = [sys.executable, "-m", "syft_notify", "run", "-c", str(site.config_file), "--interval", "1"]
    shell = [*isolation, "sh", "-c", MOUNT, str(small), *program]
    with subprocess.Popen(shell, env=environment(site.home), stdout=subprocess.PIPE, text=True) as running:
        inside = Path(f"/proc/{running.pid}/root{small}")
        wait_until((inside / "state.json").exists)
        filled = fill(inside / "filler")
        site.submit(python_job("sales"))
        assert running.stdout is not None
        wait_until_said(running, "No space left on device")
        cpu = psutil.Process(running.pid).cpu_times()
        assert site.new_mails() == []
        filled.unlink()
        wait_until(lambda: len(site.arrived()) == 2, 20)
        assert site.new_mails() == sorted(submitted("sales"))
        assert cpu.user + cpu.system < 5
        running.terminate()
        running.communicate(timeout=20)
    assert running.returncode == 0


def fill(path: Path) -> Path:
    with path.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - the expected end of the loop
    return path


def wait_until_said(running: subprocess.Popen[str], words: str) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")


FULL = MOUNT.replace(
    'exec "$@"', 'cp "$1" "$0/daemon.yaml" && { cat /dev/zero > "$0/filler" 2> "$0/said"; shift; exec "$@"; }'
)


def test_a_start_on_a_full_disk_names_the_file_and_leaves_no_process(site: Site) -> None:
    needs("unshare", package="util-linux")
    small = site.home / "small"
    small.mkdir()
    isolation = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-m", "-r"]
    program = [sys.executable, "-m", "syft_notify", "start", "-c", str(small / "daemon.yaml")]
    shell = [*isolation, "sh", "-c", FULL, str(small), str(site.config_file), *program]
    ended = subprocess.run(shell, env=environment(site.home), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert lacking(line, "Error", f"{small}/syft-notify.lock", "No space left on device") == []
