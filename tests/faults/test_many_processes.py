"""A daemon, commands from cron and a notebook work on one state at once: no mail goes twice, no update is lost."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from syft_notify import NotificationMonitor
from tests.records import records, waiting
from tests.stories.site import Site, decided, submitted, told_by
from tests.system.program import started, syft_notify, wait_until
from tests.worlds import python_job

PEERS = tuple(f"ds{number}@example.org" for number in range(3))
JOBS = 9


def test_each_event_is_told_once(site: Site) -> None:
    for ds in PEERS:
        site.ask(ds)
        site.accept(ds)
    site.poll()
    site.new_mails()
    over = threading.Event()
    said: set[str] = set()

    def cron() -> None:
        while not over.is_set():
            said.add(syft_notify("run", "--once", "-c", site.config_file, home=site.home).stderr)

    def person() -> None:
        while not over.is_set():
            said.add(syft_notify("outbox", "retry", "-c", site.config_file, home=site.home).stderr)

    with a_daemon(site), ThreadPoolExecutor() as pool:
        workers = [pool.submit(cron), pool.submit(person)]
        with NotificationMonitor.from_config(site.config_file) as notebook:
            notebook.start()
            expected = live(site)
            wait_until(lambda: len(site.arrived()) >= len(expected), 60)
        over.set()
        for worker in workers:
            worker.result()
    assert all("Warning" in line and "PID" in line for text in said for line in text.splitlines())
    assert Counter(told_by(*mail) for mail in site.arrived()) == Counter(expected)
    marks = records(site.home)
    assert set(map(tuple, marks.values())) == {("certain",)}
    assert waiting(site.home) == []
    state = json.loads((site.home / "notification_state.json").read_text())
    assert all(state["notified_jobs"][f"{PEERS[n % 3]}/job {n}"] for n in range(JOBS))


def live(site: Site) -> list[tuple[str, str, str]]:
    """Jobs come and are approved; returns what is to be told."""
    expected = []
    for number in range(JOBS):
        ds = PEERS[number % len(PEERS)]
        job = site.submit(python_job(f"job {number}"), ds)
        expected += submitted(job.name, ds)
        if number % 2:
            site.sync()
            site.generation.approve(site.root, job, site.tick())
            expected += decided("approved", job.name, ds)
        before = len(site.arrived())
        wait_until(lambda before=before: len(site.arrived()) > before, 30)
    return expected


@contextmanager
def a_daemon(site: Site):
    with started("run", "-c", site.config_file, "--interval", "1", home=site.home) as process:
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=30)
