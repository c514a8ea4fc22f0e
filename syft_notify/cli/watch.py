"""Runs the line in the foreground for a person: live output, a clean end on Ctrl+C or SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from syft_notify.app import App, open_app
from syft_notify.cli.live import LiveNarrator
from syft_notify.cli.output import OutputError
from syft_notify.cli.screen import Screen
from syft_notify.config import Config
from syft_notify.errors import ExitCode
from syft_notify.model import PollReport
from syft_notify.service.loop import run_loop

# How long a stop waits for a look at Drive, which can be dropped at any moment; a mail in hand is waited for.
LOOK_GRACE_SECONDS = 1.0


class Watch:
    """One `run`: the polls go on in a thread, so that a stop never waits for a slow network."""

    def __init__(self, config: Config, path: Path, *, jobs: bool, peers: bool, dry_run: bool, verbose: bool) -> None:
        self._config = config
        self._path = path
        self._jobs = jobs
        self._peers = peers
        self._dry_run = dry_run
        self._screen = Screen()
        self._narrator = LiveNarrator(self._say, local_now, verbose=verbose)
        self._stop = threading.Event()
        self._sent = 0
        self._unheard: OutputError | None = None

    def once(self) -> int:
        """One poll. 0 when all is told, 1 when something is left, 78 when a person must act.

        Raises `OutputError` when the person could not be told.
        """
        reports: list[PollReport] = []
        self._work(lambda app: reports.append(self._poll(app)))
        if not reports:
            return ExitCode.FAILED
        report = reports[0]
        self._say(_summary(report, dry_run=self._dry_run))
        self._check_heard()
        if report.credential:
            return ExitCode.CONFIG
        if self._dry_run:
            return ExitCode.FAILED if report.problems else ExitCode.OK
        return ExitCode.OK if report.healthy else ExitCode.FAILED

    def keep_watching(self, interval: timedelta) -> int:
        """Poll until Ctrl+C or SIGTERM, or until nobody listens. Raises `OutputError` when something was not heard."""
        watched = " and ".join(
            name
            for name, on in (
                ("jobs", self._jobs and self._config.monitor_jobs),
                ("peers", self._peers and self._config.monitor_peers),
            )
            if on
        )
        self._say(f"Watching {watched} of {self._config.do_email} every {interval.total_seconds():g} s.")
        self._say(f"Config {self._path}, SyftBox {self._config.syftbox_root}. Ctrl+C ends it.")
        self._work(lambda app: run_loop(lambda: self._poll(app), interval, self._stop, self._failed))
        self._say(f"Stopped. {_mails(self._sent)} sent.")
        self._check_heard()
        return ExitCode.OK

    def _poll(self, app: App) -> PollReport:
        self._screen.status("looking …")
        report = app.poll(self._narrator, wanted=lambda: not self._stop.is_set())
        self._narrator.end()
        self._sent += report.sent
        if self._unheard and self._unheard.gone:
            self._stop.set()
        waiting = f", {_mails(report.pending)} waiting" if report.pending else ""
        self._screen.status(f"watching, last poll {local_now():%H:%M:%S}{waiting}")
        return report

    def _failed(self, error: Exception) -> None:
        self._narrator.trouble("poll", str(error) or type(error).__name__)

    def _work(self, task: Callable[[App], object]) -> None:
        """Do the task in a thread until it ends or a signal comes. Raises what the task raised."""
        errors: list[BaseException] = []
        with open_app(self._config, jobs=self._jobs, peers=self._peers, dry_run=self._dry_run) as app, self._screen:
            worker = threading.Thread(target=self._guarded, args=(task, app, errors), daemon=True)
            self._catch_signals()
            worker.start()
            self._stop.wait()
            self._leave(worker, app)
        if errors:
            raise errors[0]

    def _say(self, text: str) -> None:
        """A full disk stops no mail. A reader that went away ends the watch, but not the poll."""
        try:
            self._screen.say(text)
        except OutputError as error:
            self._unheard = error

    def _check_heard(self) -> None:
        if self._unheard:
            raise self._unheard

    def _guarded(self, task: Callable[[App], object], app: App, errors: list[BaseException]) -> None:
        try:
            task(app)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            errors.append(error)
        finally:
            self._stop.set()

    def _leave(self, worker: threading.Thread, app: App) -> None:
        worker.join(LOOK_GRACE_SECONDS)
        while worker.is_alive() and app.sending:
            worker.join(0.1)

    def _catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())


def local_now() -> datetime:
    """The wall clock of the person at the terminal."""
    return datetime.now().astimezone()


def _mails(count: int) -> str:
    return f"{count} mail{'' if count == 1 else 's'}"


def _summary(report: PollReport, *, dry_run: bool) -> str:
    if dry_run:
        return "Dry run: nothing was sent or remembered."
    parts = [f"{report.events} new event{'' if report.events == 1 else 's'}", f"{_mails(report.sent)} sent"]
    if report.pending:
        parts.append(f"{_mails(report.pending)} waiting")
    if report.dead:
        parts.append(f"{_mails(report.dead)} given up")
    if report.problems:
        parts.append(f"{len(report.problems)} problem{'' if len(report.problems) == 1 else 's'}")
    return "Polled once: " + ", ".join(parts) + "."
