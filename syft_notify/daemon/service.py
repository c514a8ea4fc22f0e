"""The service: polls in a loop until it is told to stop, its health written down, its config read again."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from syft_notify import __version__
from syft_notify.config.file_lock import FileLock, HeldError
from syft_notify.config.paths import ServiceFiles
from syft_notify.config.regular_files import remove_file
from syft_notify.config.settings import Config, load_config
from syft_notify.daemon.loop import Control, run_loop
from syft_notify.daemon.sd_notify import SystemdNotifier
from syft_notify.daemon.signals import RELOAD, STOP, SignalInbox, attend
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import CredentialFault, Fault, NotifyError, UserError
from syft_notify.domain.model import PollReport, TokenState
from syft_notify.domain.ports import Reporter
from syft_notify.engine.app import App, build_app
from syft_notify.engine.health import Health, described, failed_poll, problems_of

log = logging.getLogger(__name__)


class PollReporter(Reporter, Protocol):
    """A reporter that wants to know when a poll is over."""

    def end(self) -> None:
        """The poll ended."""


@dataclass(frozen=True)
class Options:
    """What was said on the command line and outlives a reload of the config and a restart."""

    interval: timedelta | None = None
    jobs: bool = True
    peers: bool = True

    def as_json(self) -> Mapping[str, Any]:
        """For the health report, from which `restart` takes them again."""
        seconds = None if self.interval is None else self.interval.total_seconds()
        return {"interval": seconds, "jobs": self.jobs, "peers": self.peers}


class Service:
    """Serves one config. The polls go on in a thread, so that no signal ever waits for a slow network."""

    def __init__(
        self,
        path: Path,
        config: Config,
        options: Options,
        reporter: PollReporter,
        lock: FileLock,
        *,
        polled: Callable[[PollReport], None] = lambda report: None,
        reloaded: Callable[[Config], None] = lambda config: None,
        attached: bool = False,
        started_by: str = "run",
    ) -> None:
        """`lock` is held by the caller and says that this service runs; `started_by` is the command that it is.

        `polled` hears of each poll and `reloaded` of each new config, after it is in force.

        SIGHUP reads the config again; of a service that is `attached` to a terminal it says that the terminal closed.
        """
        self._path = path
        self._options = options
        self._reporter = reporter
        self._lock = lock
        self._polled = polled
        self._reloaded = reloaded
        self._stops = STOP | {RELOAD} if attached else STOP
        self._systemd = SystemdNotifier(os.environ)
        self._control = Control(self._systemd.beat, self._systemd.beat_seconds or 3600)
        self._refused = ""
        self._successor: HeldError | None = None
        self._running = _RunningApp(config, options, self._systemd.beat)
        self._files = ServiceFiles(path.parent)
        self._health = self._first_health("systemd" if self._systemd.listens else started_by)

    def _first_health(self, started_by: str) -> Health:
        return Health(
            pid=os.getpid(),
            version=__version__,
            config=str(self._path),
            started_at=utc_now(),
            next_poll=utc_now(),
            interval_seconds=self._interval.total_seconds(),
            started_by=started_by,
            options=self._options.as_json(),
        )

    def stop(self) -> None:
        """End after the mail in hand; from any thread."""
        self._control.stop()

    def serve(self, inbox: SignalInbox, ready: Callable[[], None], *, demanding: bool = False) -> None:
        """Poll until a signal says stop. `ready` is called when the first poll begins.

        With `demanding`, Google must answer, or nothing begins. Raises `NotifyError` for what prevents the start, and
        `HeldError` when another one took over after somebody removed the lock's file.
        """
        log.info("syft-notify %s starts with %s", __version__, self._path)
        with self._running:
            attend(
                lambda: self._work(ready, demanding=demanding), inbox, self._heed, lambda: not self._running.app.sending
            )
            if not self._successor:
                self._keep_copy()
        self._systemd.stopping()
        log.info("syft-notify stops; %d mails were sent", self._health.sent)
        if self._successor:
            raise self._successor

    @property
    def _interval(self) -> timedelta:
        given = self._options.interval
        return self._running.config.interval if given is None else given

    def _heed(self, number: int) -> bool:
        if number in self._stops:
            self.stop()
        elif number == RELOAD:
            self._control.reload()
        else:
            self._control.poll_now()
        return self._control.stopping

    def _work(self, ready: Callable[[], None], *, demanding: bool) -> None:
        self._check(demanding=demanding)
        self._write_health()
        ready()
        self._systemd.ready()
        while not self._control.stopping:
            run_loop(self._poll, self._interval, self._control, self._failed, self._check_consents)
            if not self._control.stopping:
                self._reload()

    def _keep_copy(self) -> None:
        """Leave a copy of the memory behind; a stop waits for nobody who works on it, and goes on without."""
        try:
            self._running.app.keep_copy()
        except HeldError as error:
            log.debug("no copy is made: %s", error)
        except NotifyError as error:
            self._reporter.problem("copy", str(error))

    def _check(self, *, demanding: bool) -> None:
        """Raises `CredentialFault` when a person must act first and, if `demanding`, what else is in the way."""
        self._running.app.check_state()
        try:
            log.info("checking the tokens and channels")
            access = self._running.app.check_access(demanding=True)
            _check_good(access)
            self._note_access(access)
            if demanding:
                log.info("asking Drive whether it answers")
                self._running.app.check_drive()
        except CredentialFault:
            raise
        except Fault as fault:
            if demanding:
                raise
            self._reporter.problem("start", str(fault))

    def _poll(self) -> None:
        if self._refused:
            self._reporter.problem(*self._refused.split(": ", 1))
        try:
            self._lock.keep()
        except HeldError as error:
            self._successor = error
            self.stop()
            return
        report = self._running.app.poll(self._reporter, wanted=self._wanted)
        self._note(report)
        self._reporter.end()
        self._polled(report)

    def _wanted(self) -> bool:
        self._systemd.beat()
        return not self._control.stopping

    def _failed(self, error: Exception) -> None:
        self._reporter.problem("poll", described(error))
        self._note(failed_poll(error, utc_now()))

    def _note(self, report: PollReport) -> None:
        """Write down how the poll went, for `status` and for systemd."""
        refused = (self._refused,) if self._refused else ()
        report = replace(report, problems=(*refused, *report.problems))
        self._health.note(report, self._interval)
        self._write_health()
        self._systemd.status(_in_words(self._health))

    def _check_consents(self) -> None:
        """In a long pause between two polls: a consent may end meanwhile."""
        access = self._running.app.check_access()
        for name, state in access.items():
            if state.problem:
                self._reporter.problem(name, state.problem)
        self._note_access(access)
        self._write_health()
        self._systemd.status(_in_words(self._health))

    def _note_access(self, access: Mapping[str, TokenState]) -> None:
        """Mails may go out from another mailbox than the owner's: say from which."""
        before = dict(self._health.accounts)
        self._health.note_tokens(access)
        for name, account in self._health.accounts.items():
            if account and account != before.get(name):
                log.info("messages through %s go out from %s", name, account)

    def _write_health(self) -> None:
        try:
            self._health.write(self._files.health)
        except UserError as error:
            self._reporter.problem("status", str(error))
            with suppress(OSError):  # an old report would tell of a time when all was well
                remove_file(self._files.health)

    def _reload(self) -> None:
        """Take the config anew; a broken one is reported and the old one stays in force."""
        self._systemd.reloading()
        self._control.reloaded()
        try:
            self._running.replace(load_config(self._path, os.environ, Path.home()))
        except Exception as error:
            if not isinstance(error, NotifyError):
                log.exception("internal error while the config was read again")
            self._refused = (
                f"config: not taken over, the one before stays in force: {' '.join(described(error).splitlines())}"
            )
        else:
            self._refused = ""
            self._health.interval_seconds = self._interval.total_seconds()
            self._note_access(self._running.app.check_access())
            self._reloaded(self._running.config)
            log.info("the config was read again")
        self._systemd.ready()


class _RunningApp:
    """The app in force, between `with` and its end."""

    def __init__(self, config: Config, options: Options, heartbeat: Callable[[], None]) -> None:
        self.config = config
        self._options = options
        self._heartbeat = heartbeat
        self.app: App

    def __enter__(self) -> _RunningApp:
        self.app = self._built(self.config)
        return self

    def __exit__(self, *failure: object) -> None:
        self.app.close()

    def replace(self, config: Config) -> None:
        """Go on with another config. Raises `NotifyError` for one that cannot work; then the old one stays."""
        app = self._built(config)
        try:
            app.check_state()
        except BaseException:
            app.close()
            raise
        self.app.close()
        self.config, self.app = config, app

    def _built(self, config: Config) -> App:
        return build_app(config, jobs=self._options.jobs, peers=self._options.peers, heartbeat=self._heartbeat)


def _check_good(tokens: Mapping[str, TokenState]) -> None:
    """Raises `CredentialFault` with what each dead token or channel needs a person for."""
    problems = [state.problem for state in tokens.values() if state.problem]
    if problems:
        raise CredentialFault(" ".join(problems))


def _in_words(health: Health) -> str:
    problems = problems_of(health.as_json(), utc_now())
    waiting = f", {health.pending} waiting" if health.pending else ""
    return f"{health.sent} mails sent{waiting}. " + (problems[0] if problems else "All is well.")
