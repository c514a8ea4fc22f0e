"""A real daemon, started as a user would: the memory it holds after many polls, and commands that run beside it."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.google import Google
from benchmarks.jobs_on_disk import JobsOnDisk, disk
from benchmarks.program import Home
from benchmarks.report import Report, Table
from benchmarks.scale import Scale
from syft_notify.config.paths import ServiceFiles
from tests.system.program import environment, syft_notify

EARLY_POLLS = 10
_EARLY_SECONDS = 600
_BETWEEN_SIGNALS = 0.004
_PROGRAM = str(Path(sys.executable).with_name("syft-notify"))


class Daemon:
    """A running daemon."""

    def __init__(self, home: Home) -> None:
        self._health = ServiceFiles(home.folder).health
        self.process = psutil.Process(json.loads(self._health.read_text())["pid"])

    @property
    def polls(self) -> int:
        """How many are done."""
        return int(json.loads(self._health.read_text())["polls"])

    def poll_until(self, polls: int, deadline: float, google: Google) -> int:
        """Let it poll without pause until so many are done or it is `deadline` by the monotonic clock; how many are."""
        cleaned = time.monotonic()
        while (done := self.polls) < polls and time.monotonic() < deadline:
            os.kill(self.process.pid, signal.SIGUSR1)
            time.sleep(_BETWEEN_SIGNALS)
            if time.monotonic() - cleaned > 1:
                google.order("spent")  # it would remember every request
                cleaned = time.monotonic()
        return done


@contextmanager
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon after its first poll; it polls again when told to. Raises `CalledProcessError` if it does not start."""
    syft_notify("start", "--interval", "3600", "-c", home.config_file, home=home.folder).check_returncode()
    try:
        running = Daemon(home)
        end = time.monotonic() + _EARLY_SECONDS
        while not running.polls and time.monotonic() < end:
            time.sleep(_BETWEEN_SIGNALS)
        yield running
    finally:
        syft_notify("stop", "-c", home.config_file, home=home.folder)


def memory(scale: Scale, report: Report) -> None:
    """Resident memory after few polls and after many: of the first daemon, to which all is new, and of a later one."""
    peers, jobs, live = scale.crowd
    world = {"peers": peers, "jobs": jobs, "live": live}
    described = (
        f"a daemon with {peers} peers and {jobs} jobs on disk, {live} of them live, polls again and again by "
        f"SIGUSR1, {scale.polls} times or for {scale.polling_seconds:.0f} s. The `first` one has an empty state"
    )
    table = report.table("memory", described, (*world, "start", "polls", "seconds", "MB", "descriptors", "threads"))
    with disk() as root, Google(peers) as google, TemporaryDirectory(prefix="syft-notify-home-") as folder:
        home = Home(Path(folder), google, root)
        JobsOnDisk(root, peers).grow(jobs, live)
        _measure_memory(home, google, {**world, "start": "first"}, (EARLY_POLLS,), scale.polling_seconds, table)
        many = sorted({EARLY_POLLS, scale.polls // 10, scale.polls})
        _measure_memory(home, google, {**world, "start": "later"}, many, scale.polling_seconds, table)


def _measure_memory(
    home: Home, google: Google, world: Mapping[str, object], counts: Sequence[int], seconds: float, table: Table
) -> None:
    begun = time.monotonic()
    with daemon(home) as running:
        for polls in counts:
            allowed = _EARLY_SECONDS if polls == EARLY_POLLS else seconds
            done = running.poll_until(polls, begun + allowed, google)
            table.add(
                {
                    **world,
                    "polls": done,
                    "seconds": time.monotonic() - begun,
                    "MB": running.process.memory_info().rss / 1_000_000,
                    "descriptors": running.process.num_fds(),
                    "threads": running.process.num_threads(),
                },
                "" if done >= polls else f"the time was up before {polls} polls",
            )
            if done < polls:
                break


def starts(scale: Scale, report: Report) -> None:
    """How long commands take, as a ratio to `import click`."""
    world = f"median of {scale.starts} runs each, in turns, while a daemon waits for its next poll"
    table = report.table("start-up", world, ("command", "seconds", "ratio"))
    with Google(1) as google, TemporaryDirectory(prefix="syft-notify-home-") as folder:
        home = Home(Path(folder), google)
        commands = {
            "import click": [sys.executable, "-c", "import click"],
            "--help": [_PROGRAM, "--help"],
            "status": [_PROGRAM, "status", "-c", str(home.config_file)],
        }
        with daemon(home):
            times = _timed_in_turns(commands.values(), scale.starts, home.folder)
    for name, seconds in zip(commands, times, strict=True):
        table.add({"command": name, "seconds": seconds, "ratio": seconds / times[0]})


def _timed_in_turns(commands: Iterable[Sequence[str]], runs: int, home: Path) -> list[float]:
    """The median time of each command; a first round, which reads the disk, is not counted."""
    rounds = [[_seconds(command, home) for command in commands] for _ in range(runs + 1)]
    return [statistics.median(times) for times in zip(*rounds[1:], strict=True)]


def _seconds(command: Sequence[str], home: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment(home), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun
