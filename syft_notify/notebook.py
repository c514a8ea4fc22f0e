"""`NotificationMonitor`: the same pipeline in a notebook, in a thread beside your work."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from syft_notify import __version__
from syft_notify.config.paths import config_path, default_folder
from syft_notify.config.settings import Config, check_settings, checked_email, load_config
from syft_notify.config.surroundings import Surroundings
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.daemon.loop import run_loop
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import UserError
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import PollReport
from syft_notify.domain.notifications import Notification, Outcome, OutcomeKind
from syft_notify.engine.app import App, open_app
from syft_notify.engine.health import Health, described, failed_poll
from syft_notify.engine.status import Status, summary
from syft_notify.setup.browser import Ways, can_open
from syft_notify.setup.consents import DRIVE, SERVICES
from syft_notify.setup.conversation import set_up
from syft_notify.setup.notebook_prompter import NotebookPrompter
from syft_notify.setup.owners_client import known_by
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.plan import Given

log = logging.getLogger(__name__)

_PARTS = (None, "jobs", "peers")
# By the state that they work on. A cell that is run again makes a new monitor; the one before must not watch on.
_watching: weakref.WeakValueDictionary[Path, NotificationMonitor] = weakref.WeakValueDictionary()
_taking_over = threading.Lock()


class NotificationMonitor:
    """Watches the owner's Drive and SyftBox folder and mails what happens.

    `with monitor:` starts and stops it. A daemon beside it, on the same state, takes turns with it: no mail goes twice.
    """

    def __init__(self, config: Config, *, lent_drive: Any = None) -> None:
        """Use `from_client` or `from_config`. `lent_drive` are google-auth credentials used instead of a token file."""
        self.config = config
        self._lent_drive = lent_drive
        self._poll_lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._app: App | None = None
        self._health = self._new_health(None)
        _stop_at_exit(self)

    @classmethod
    def from_config(cls, path: str | Path | None = None) -> NotificationMonitor:
        """With the settings of a daemon.yaml, by default the one that `syft-notify run` uses. Raises `ConfigError`."""
        chosen = config_path(str(path) if path else None, os.environ, Path.home)
        return cls(load_config(chosen, os.environ, Path.home()))

    @classmethod
    def setup(
        cls, client: Any = None, *, browser: bool | None = None, test_mail: bool | None = None, renew: str = ""
    ) -> NotificationMonitor:
        """Ask for what is missing, as `syft-notify init` does, and return a monitor with it.

        With the `client` of `login_do()` only the consent to send mail is asked for. Without a `browser` on this
        machine the address where another one ended is pasted; None finds out. `renew` names a consent.
        Raises `UserError`.
        """
        if renew not in ("", *SERVICES):
            raise UserError(f"{renew!r} cannot be renewed", f"Use {' or '.join(map(repr, SERVICES))}")
        home = Path.home()
        ways = Ways(can_open(os.environ) if browser is None else browser)
        place = SetupPaths(config_path(None, os.environ, Path.home), home, Path.cwd(), os.environ)
        given, lent = (Given(renew=renew), None) if client is None else _given_by(client, renew, place)
        config = set_up(NotebookPrompter(browser=ways.browser), place, given, ways, utc_now, test_mail)
        return cls(config, lent_drive=lent)

    @classmethod
    def from_client(cls, client: Any, **settings: Any) -> NotificationMonitor:
        """With what the client of `login_do()` knows: email, SyftBox folder, and its access to Drive.

        `settings` are keys of daemon.yaml, e.g. `interval=60`; paths not given lie in `~/.syft-creds` (on Colab on the
        mounted Drive). Raises `UserError` for a client that is no data owner's, `ConfigError` for wrong settings.
        """
        known, lent = known_by(client)
        home = Path.home()
        surroundings = Surroundings(default_folder(home), home, os.environ)
        config = check_settings({**known, **settings}, "NotificationMonitor.from_client", surroundings)
        config.state_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(config, lent_drive=lent)

    @property
    def is_running(self) -> bool:
        """Whether the background thread watches."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def status(self) -> Status:
        """How it does: a table in a notebook, text elsewhere."""
        running = self.is_running
        health = self._health.as_json()
        # Of one that does not run, nobody waits for the next poll.
        report = summary(health if running else {**health, "next_poll": None}, utc_now())
        return Status(self.config.do_email, running, report)

    def start(self, part: str | None = None) -> None:
        """Watch in a background thread: everything, only `"jobs"`, or only `"peers"`. Does nothing when it runs.

        Another monitor of the same state in this process stops: run the cell again, and it is one that watches.
        Returns when the settings and tokens are good; raises `ConfigError`, `CredentialFault` or `UserError` if not.
        """
        _check_part(part)
        if self.is_running:
            return
        self._stop.clear()
        self._health = self._new_health(part)
        self._health.next_poll = self._health.started_at
        ready: list[BaseException | None] = []
        opened = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(part, ready, opened), name="syft-notify", daemon=True)
        self._thread.start()
        opened.wait()
        if ready[0] is not None:
            self._thread.join()
            raise ready[0]
        self._take_over()

    def stop(self) -> None:
        """Stop watching; returns when the poll in hand is finished. Does nothing when it does not run."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def check(self) -> PollReport:
        """Poll once, now. Raises what `start` raises."""
        with self._opened(None) as app, self._poll_lock:
            report = app.poll(LogReporter())
            self._note(report)
            return report

    def run(self, part: str | None = None) -> None:
        """Watch in the foreground until the cell is interrupted."""
        _check_part(part)
        self._stop.clear()
        with self._opened(part) as app:
            try:
                self._loop(app)
            except KeyboardInterrupt:
                log.info("interrupted")

    def notify_peer_granted(self, ds_email: str) -> bool:
        """Tell a DS that their request was granted.

        True if the mail went out now, False if it went out before or is on its way.

        Raises `UserError` for what is no address, and when the mail could not be sent; then it stays in the outbox
        and goes with a later poll.
        """
        try:
            address = checked_email(ds_email)
        except ValueError as error:
            raise UserError(f"{ds_email!r} {error}") from None
        reporter = _GrantReporter(address)
        with self._opened(None) as app, self._poll_lock:
            app.grant_peer(address, reporter)
        if reporter.outcome is None:
            return False
        if reporter.outcome.kind is not OutcomeKind.SENT:
            raise UserError(f"The mail to {address} did not go out: {reporter.outcome.fault}")
        return True

    def __enter__(self) -> NotificationMonitor:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "stopped"
        return f"<NotificationMonitor of {self.config.do_email}, {state}>"

    def _watch(self, part: str | None, ready: list[BaseException | None], opened: threading.Event) -> None:
        try:
            with self._opened(part) as app:
                app.check_state()
                self._app = app
                ready.append(None)
                opened.set()
                self._loop(app)
        except Exception as error:
            if opened.is_set():
                log.exception("watching ended after an internal error")
            ready.append(error)
        finally:
            self._app = None
            opened.set()

    def _loop(self, app: App) -> None:
        reporter = LogReporter()

        def poll() -> None:
            with self._poll_lock:
                self._note(app.poll(reporter, wanted=lambda: not self._stop.is_set()))
            reporter.end()

        def failed(error: Exception) -> None:
            reporter.problem("poll", described(error))
            self._note(failed_poll(error, utc_now()))

        def check_consents() -> None:
            self._health.note_tokens(app.check_access())

        run_loop(poll, self.config.interval, self._stop, failed, check_consents)

    def _note(self, report: PollReport) -> None:
        self._health.note(report, self.config.interval)

    def _new_health(self, part: str | None) -> Health:
        return Health(
            pid=os.getpid(),
            version=__version__,
            config="",
            started_at=utc_now(),
            interval_seconds=self.config.interval.total_seconds(),
            started_by="notebook",
            options={"jobs": part != "peers", "peers": part != "jobs"},
        )

    def _take_over(self) -> None:
        with _taking_over:
            other = _watching.get(self.config.state_path)
            _watching[self.config.state_path] = self
        if other is not None and other is not self and other.is_running:
            log.info("another monitor of this notebook on the same state stops")
            other.stop()

    @contextmanager
    def _opened(self, part: str | None) -> Iterator[App]:
        """The app of the running thread, or one of our own for as long as it is needed."""
        if self._app is not None:
            yield self._app
            return
        with open_app(self.config, jobs=part != "peers", peers=part != "jobs", lent_drive=self._lent_drive) as app:
            yield app


class _GrantReporter(LogReporter):
    """Also keeps what became of the mail about one granted peer."""

    def __init__(self, ds: str) -> None:
        super().__init__()
        self._ds = ds
        self.outcome: Outcome | None = None

    def attempted(self, notification: Notification, outcome: Outcome) -> None:
        """A delivery was tried."""
        super().attempted(notification, outcome)
        if notification.kind is Kind.PEER_GRANTED and notification.recipient == self._ds:
            self.outcome = outcome


def _check_part(part: str | None) -> None:
    if part not in _PARTS:
        raise UserError(f"{part!r} cannot be watched", 'Use "jobs", "peers", or nothing for both')


def _given_by(client: Any, renew: str, place: SetupPaths) -> tuple[Given, Any]:
    """What need not be asked, because the client knows it, and the credentials that it lends.

    One that lends its access to Drive needs no token for it.
    """
    known, lent = known_by(client)
    usual = str(place.folder / Config.model_fields["drive_token_path"].default)
    token = {key: value for key, value in known.items() if key == "drive_token_path" and value != usual}
    services = tuple(SERVICES) if lent is None else tuple(name for name in SERVICES if name != DRIVE.name)
    root = Path(known["syftbox_root"])
    return Given(known["do_email"], root, settings=token, services=services, renew=renew), lent


def _stop_at_exit(monitor: NotificationMonitor) -> None:
    """Finish the mail in hand before the interpreter ends, without keeping the monitor alive until then."""
    reference = weakref.ref(monitor)

    def stop() -> None:
        alive = reference()
        if alive is not None:
            alive.stop()

    atexit.register(stop)
