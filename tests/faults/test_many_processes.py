"""A daemon, commands from cron and a notebook work on one state at once: no mail goes twice, no update is lost."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from syft_notify import NotificationMonitor
from tests.faults.records import records
from tests.stories.site import Village, decided, submitted, told_by
from tests.system.program import started, syft_notify, wait_until
from tests.worlds import python_job

PEERS = tuple(f"ds{number}@example.org" for number in range(3))
JOBS = 9


def test_each_event_is_told_once(village: Village) -> None:
    for ds in PEERS:
        village.ask(ds)
        village.accept(ds)
    village.poll()
    village.new_mails()
    over = threading.Event()
    said: set[str] = set()

    def cron() -> None:
        while not over.is_set():
            said.add(syft_notify("run", "--once", "-c", village.config_file, home=village.home).stderr)

    def person() -> None:
        while not over.is_set():
            said.add(syft_notify("outbox", "retry", "-c", village.config_file, home=village.home).stderr)

    with a_daemon(village), ThreadPoolExecutor() as pool:
        workers = [pool.submit(cron), pool.submit(person)]
        with NotificationMonitor.from_config(village.config_file) as notebook:
            notebook.start()
            expected = live(village)
            wait_until(lambda: len(village.arrived()) >= len(expected), 60)
        over.set()
        for worker in workers:
            worker.result()
    assert all("Warning" in line and "PID" in line for text in said for line in text.splitlines())
    assert Counter(told_by(*mail) for mail in village.arrived()) == Counter(expected)
    marks = records(village.home)
    assert set(map(tuple, marks.values())) == {("certain",)}
    state = json.loads((village.home / "notification_state.json").read_text())
    assert state["syft_notify"]["outbox"] == {}
    assert all(state["notified_jobs"][f"{PEERS[n % 3]}/job {n}"] for n in range(JOBS))


def live(village: Village) -> list[tuple[str, str, str]]:
    """Jobs come and are approved; returns what is to be told."""
    expected = []
    for number in range(JOBS):
        ds = PEERS[number % len(PEERS)]
        job = village.submit(python_job(f"job {number}"), ds)
        expected += submitted(job.name, ds)
        if number % 2:
            village.sync()
            village.generation.approve(village.root, job, village.tick())
            expected += decided("approved", job.name, ds)
        before = len(village.arrived())
        wait_until(lambda before=before: len(village.arrived()) > before, 30)
    return expected


@contextmanager
def a_daemon(village: Village):
    with started("run", "-c", village.config_file, "--interval", "1", home=village.home) as process:
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=30)
