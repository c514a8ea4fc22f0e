"""While Google fails, in whatever way, the service lives, does its other work and hardly any computing."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from syft_notify.engine.health import read_health
from syft_notify.sandbox import Injected
from tests.stories.site import Site, decided, requested
from tests.system.program import started, wait_until
from tests.worlds import python_job

DS, NEW = "ds@example.org", "new@example.org"
# Those that pass are tried again in place, which takes seconds: two of them stand for all.
DRIVE_FAULTS = [Injected.INTERNAL, Injected.RESET, Injected.INSUFFICIENT_PERMISSIONS, Injected.UNAUTHORIZED]
GMAIL_FAULTS = [Injected.UNAVAILABLE, Injected.USER_RATE_LIMIT, Injected.UNAUTHORIZED, Injected.LOST]
# Start-up takes about half a second of it.
MOST_CPU_SECONDS = 3.0


def polls(home: Path) -> int:
    return int(read_health(home / "syft-notify.status.json").get("polls", 0))


@pytest.fixture
def watched(site: Site) -> Site:
    site.ask(DS)
    site.accept(DS)
    site.job = site.submit(python_job("sales"))
    site.poll()
    site.sync()
    return site


@pytest.mark.parametrize("injected", DRIVE_FAULTS)
def test_while_drive_fails_the_disk_is_told(watched: Site, injected: Injected) -> None:
    watched.google.faults.add(injected, "drive.*", times=None)
    with started("run", "-c", watched.config_file, "--interval", "1", home=watched.home) as process:
        wait_until(lambda: polls(watched.home), 30)
        watched.generation.approve(watched.root, watched.job, watched.tick())
        wait_until(watched.arrived, 30)
        assert watched.new_mails() == decided("approved", "sales")
        assert cpu_seconds(process.pid) < MOST_CPU_SECONDS
        watched.google.faults.clear()
        watched.ask(NEW)
        wait_until(lambda: len(watched.arrived()) == 2, 30)
        assert watched.new_mails() == sorted(requested(NEW))
        process.terminate()
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize("injected", GMAIL_FAULTS)
def test_while_gmail_fails_events_are_kept(watched: Site, injected: Injected) -> None:
    watched.google.faults.add(injected, "gmail.*", times=None)
    with started("run", "-c", watched.config_file, "--interval", "1", home=watched.home) as process:
        wait_until(lambda: polls(watched.home), 30)
        watched.submit(python_job("late"))
        wait_until(lambda: read_health(watched.home / "syft-notify.status.json")["pending"] == 2, 30)
        before, began = polls(watched.home), time.monotonic()
        wait_until(lambda: polls(watched.home) >= before + 2, 30)
        assert time.monotonic() - began > 1  # it does not try again and again without a pause
        assert cpu_seconds(process.pid) < MOST_CPU_SECONDS
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def cpu_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system
