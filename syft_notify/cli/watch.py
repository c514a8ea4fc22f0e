"""Polls in the foreground for a person: live output, a clean end on Ctrl+C or SIGTERM."""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from pathlib import Path

from syft_notify.cli.live import LiveReporter
from syft_notify.cli.output import OutputError
from syft_notify.cli.screen import Screen
from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import ServiceFiles
from syft_notify.config.settings import Config
from syft_notify.daemon.service import Options, Service
from syft_notify.daemon.signals import POLL, RELOAD, STOP, SignalInbox, attend
from syft_notify.domain.errors import ExitCode
from syft_notify.domain.model import PollReport
from syft_notify.engine.app import open_app


class Watch:
    """One `run`."""

    def __init__(self, config: Config, path: Path, options: Options, *, dry_run: bool, verbose: bool) -> None:
        self._config = config
        self._path = path
        self._options = options
        self._dry_run = dry_run
        self._screen = Screen()
        self._reporter = LiveReporter(self._say, local_now, verbose=verbose)
        self._service: Service | None = None
        self._sent = 0
        self._unheard: OutputError | None = None

    def once(self) -> int:
        """One poll. 0 when all is told, 1 when something is left, 78 when a person must act.

        Raises `OutputError` when the person could not be told.
        """
        reports: list[PollReport] = []
        stop = threading.Event()

        def heed(number: int) -> bool:
            stop.set()
            return True

        options = self._options
        opened = open_app(self._config, jobs=options.jobs, peers=options.peers, dry_run=self._dry_run)
        with opened as app, self._screen, SignalInbox() as inbox:
            self._screen.begins("looking at everything")

            def poll() -> None:
                reports.append(app.poll(self._reporter, wanted=lambda: not stop.is_set()))

            attend(poll, inbox, heed, lambda: not app.sending)
        if not reports:
            return ExitCode.FAILED
        report = reports[0]
        self._say(_summary(report, dry_run=self._dry_run))
        self._check_heard()
        if report.credentials:
            return ExitCode.CONFIG
        if self._dry_run:
            return ExitCode.FAILED if report.problems else ExitCode.OK
        return ExitCode.OK if report.healthy else ExitCode.FAILED

    def keep_watching(self) -> int:
        """Poll until Ctrl+C or SIGTERM, or until nobody listens. Raises `OutputError` when something was not heard."""
        attached = sys.stdin.isatty() or sys.stdout.isatty()
        with FileLock(ServiceFiles(self._path.parent).lock) as lock:
            service = Service(
                self._path, self._config, self._options, self._reporter, lock, polled=self._polled, attached=attached
            )
            self._service = service
            with self._screen, SignalInbox(*STOP, RELOAD, POLL) as inbox:
                service.serve(inbox, self._announce)
        self._say(f"Stopped. {_mails(self._sent)} sent.")
        self._check_heard()
        return ExitCode.OK

    def _announce(self) -> None:
        wanted = {
            "jobs": self._options.jobs and self._config.monitor_jobs,
            "peers": self._options.peers and self._config.monitor_peers,
        }
        watched = " and ".join(name for name, on in wanted.items() if on)
        interval = self._options.interval or self._config.interval
        self._say(f"Watching {watched} of {self._config.do_email} every {interval.total_seconds():g} s.")
        self._say(f"Config {self._path}, SyftBox {self._config.syftbox_root}. Ctrl+C ends it.")
        self._screen.begins("looking at everything")

    def _polled(self, report: PollReport) -> None:
        self._sent += report.sent
        waiting = f", {_mails(report.pending)} waiting" if report.pending else ""
        self._screen.status(f"watching, last poll {local_now():%H:%M:%S}{waiting}")
        if self._service and self._unheard and self._unheard.gone:
            self._service.stop()

    def _say(self, text: str) -> None:
        """A full disk stops no mail. A reader that went away ends the watch, but not the poll."""
        try:
            self._screen.say(text)
        except OutputError as error:
            self._unheard = error

    def _check_heard(self) -> None:
        if self._unheard:
            raise self._unheard


def local_now() -> datetime:
    """The wall clock of the person at the terminal."""
    return datetime.now().astimezone()


def _mails(count: int) -> str:
    return f"{count} mail{'' if count == 1 else 's'}"


def _summary(report: PollReport, *, dry_run: bool) -> str:
    found = f"{report.events} new event{'' if report.events == 1 else 's'}"
    if dry_run:
        return f"Dry run: {found}; nothing was sent or remembered."
    parts = [found, f"{_mails(report.sent)} sent"]
    if report.pending:
        parts.append(f"{_mails(report.pending)} waiting")
    if report.dead:
        parts.append(f"{_mails(report.dead)} given up")
    if report.problems:
        parts.append(f"{len(report.problems)} problem{'' if len(report.problems) == 1 else 's'}")
    return "Polled once: " + ", ".join(parts) + "."
