"""Our program as the measurements use it: the only place that knows how it is built and looked into."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from benchmarks.google import Google
from benchmarks.world import DO
from syft_notify.config.settings import Config, load_config
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.domain.jobs import LocalJob
from syft_notify.engine.app import App, build_app
from syft_notify.store.store import Admission, Store
from syft_notify.syftbox.local_jobs import LocalJobFolder

# As much as the config allows: bursts are larger than what a day should bring.
_DAILY_CAP = 10_000


class Clock:
    """The program's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Home:
    """The folder of an owner: config, tokens, and a SyftBox folder if no other `root` is given."""

    def __init__(self, folder: Path, google: Google, root: Path | None = None) -> None:
        self.folder = folder
        self.root = root or folder / f"SyftBox_{DO}"
        (self.root / DO).mkdir(parents=True, exist_ok=True)
        settings = google.order("where")
        token = settings.pop("token")
        for name in ("token_do.json", "gmail_token.json"):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(token)
        self.config_file = folder / "daemon.yaml"
        settings |= {"do_email": DO, "syftbox_root": str(self.root), "daily_cap": _DAILY_CAP}
        self.config_file.write_text(yaml.safe_dump(settings))

    @property
    def config(self) -> Config:
        """The config as the program reads it."""
        return load_config(self.config_file, {}, self.folder)


class Program:
    """A pipeline that polls."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._reporter = LogReporter()

    def poll(self) -> None:
        """One poll. Raises `RuntimeError` for one that was not whole: its cost would mean nothing."""
        report = self._app.poll(self._reporter)
        self._reporter.end()
        if not report.healthy:
            raise RuntimeError(f"the poll did not end well: {report}")


@contextmanager
def program(home: Home, clock: Clock | None = None) -> Iterator[Program]:
    """A fresh pipeline for the owner; what an earlier one learned is on disk."""
    with patch("syft_notify.engine.app.utc_now", clock or Clock()), closing(build_app(home.config)) as app:
        yield Program(app)


@contextmanager
def without_rate_guard() -> Iterator[None]:
    """Let more than 60 mails go out in a minute."""
    with patch("syft_notify.channels.gmail.LARGEST_MINUTE", _DAILY_CAP):
        yield


@contextmanager
def persisting(mails: int) -> Iterator[Callable[[], float]]:
    """Tells when, by `time.perf_counter`, so many notifications had been saved.

    Raises `RuntimeError` when that was never.
    """
    saved = 0
    moment = 0.0
    admit = Store.admit

    def observed(store: Store, *arguments: Any) -> list[Admission]:
        nonlocal saved, moment
        admissions = admit(store, *arguments)
        if saved < mails:
            saved += sum(len(admission.notifications) for admission in admissions)
            moment = time.perf_counter()
        return admissions

    def found() -> float:
        if saved < mails:
            raise RuntimeError(f"{saved} of {mails} notifications were saved")
        return moment

    with patch.object(Store, "admit", observed):
        yield found


class DiskReader:
    """Looks at the owner's job folders, again and again; nothing may be wrong with any of them."""

    def __init__(self, root: Path) -> None:
        self.jobs: dict[str, LocalJob] = {}
        self._folder = LocalJobFolder(root, DO)

    def look(self, *, full: bool = False) -> None:
        """One look, after which `jobs` are as they are now; the first one sees everything."""
        seen = self._folder.look(full=full)
        if seen.problems or seen.absent or seen.gone:
            raise RuntimeError(f"the look was not whole: {seen}")
        self.jobs.update({job.path: job for job in seen.jobs})
