"""`syft-notify start`, `stop` and `restart`: the loop as a daemon."""

from __future__ import annotations

import math
import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syft_notify.cli import output
from syft_notify.cli.options import check_parts, config_option, service_files, watching_options
from syft_notify.config.file_lock import is_held
from syft_notify.daemon.daemonize import STOP_SECONDS, Stopped
from syft_notify.daemon.signals import SignalInbox
from syft_notify.domain.errors import UserError

if TYPE_CHECKING:
    from syft_notify.daemon.service import Options


def _timeout(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """`FloatRange` takes NaN, which no wait would ever reach."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.", ctx, param)
    return value


timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(0, 3600),
    callback=_timeout,
    default=STOP_SECONDS,
    show_default=True,
    metavar="S",
    help="How long to wait for the mail in hand before killing it.",
)


@click.command(
    short_help="Watch in the background.",
    help="""Start the daemon; returns when it is ready, or says why it is not.

    \b
    Exit codes: 0 it runs; 1 it could not start or runs already;
    78 the config or a token needs you.

    \b
    Examples:
      syft-notify start
      syft-notify start --interval 60
      syft-notify start -c ~/other/daemon.yaml --jobs-only
    """,
)
@config_option
@watching_options
def start(path: Path, interval: timedelta | None, jobs_only: bool, peers_only: bool) -> None:
    check_parts(jobs_only=jobs_only, peers_only=peers_only)
    from syft_notify.daemon.service import Options

    _start(path, Options(interval, jobs=not peers_only, peers=not jobs_only))


@click.command(
    short_help="End the daemon after the mail in hand.",
    help="""Stop what runs with this config, be it `start` or `run`; the mail in hand is finished.

    Exit code 0 also when nothing was running, 1 when it runs in another
    container or on another host: it cannot be reached from here.

    \b
    Examples:
      syft-notify stop
      syft-notify stop --timeout 60
    """,
)
@config_option
@timeout_option
def stop(path: Path, timeout: float) -> None:
    stopped = _stop(path, timeout)
    output.outcome(f"Stopped (PID {stopped.pid})." if stopped else "It was not running.")


@click.command(
    short_help="Stop the daemon and start it again.",
    help="""Stop and start, with the options of the last start unless given anew.

    A config that cannot be used is refused before anything is stopped, and what systemd or a terminal runs is left to
    them. Exit codes as of start.

    \b
    Examples:
      syft-notify restart
      syft-notify restart --interval 60
    """,
)
@config_option
@watching_options
@timeout_option
def restart(path: Path, interval: timedelta | None, jobs_only: bool, peers_only: bool, timeout: float) -> None:
    check_parts(jobs_only=jobs_only, peers_only=peers_only)
    from syft_notify.config.settings import load_config
    from syft_notify.daemon import daemonize
    from syft_notify.engine.health import read_health

    load_config(path, os.environ, Path.home())
    files = service_files(path)
    health = read_health(files.health)
    if is_held(files.lock):
        daemonize.check_reachable(files.lock)
        _check_starter(str(health.get("started_by")))
    options = _former(health.get("options"))
    if interval:
        options = replace(options, interval=interval)
    if jobs_only or peers_only:
        options = replace(options, jobs=not peers_only, peers=not jobs_only)
    _stop(path, timeout)
    _start(path, options)


def _check_starter(started_by: str) -> None:
    """Raises `UserError` for a service that would run as something else afterwards."""
    if started_by == "systemd":
        raise UserError("systemd started what runs", "Restart it with `systemctl restart`, with --user if it is yours")
    if started_by == "run":
        raise UserError("What runs is a `syft-notify run`", "Say `syft-notify stop`, then `syft-notify start`")


def _check_owner(path: Path) -> None:
    """Raises `UserError` when root would leave files that shut the config's owner out."""
    owner = path.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        raise UserError(
            f"{path} belongs to {_name_of(owner)}, who could not use what root leaves", "Start it as that user"
        )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the user with the number {user}"


def _stop(path: Path, timeout: float) -> Stopped | None:
    from syft_notify.daemon import daemonize

    files = service_files(path)
    with output.warnings_shown():
        stopped = daemonize.stop(files.lock, files.pid, timeout)
    if stopped and stopped.killed:
        output.outcome(f"It did not end within {timeout:g} s and was killed; a mail in hand may go out twice.")
    return stopped


def _start(path: Path, options: Options) -> None:
    from syft_notify.config.file_lock import FileLock
    from syft_notify.config.settings import load_config
    from syft_notify.daemon import daemonize
    from syft_notify.engine.app import keep_from_others

    config = load_config(path, os.environ, Path.home())
    _check_owner(path)
    files = service_files(path)
    with output.warnings_shown():
        keep_from_others(config)  # before a log is opened: a link would lead it anywhere

    def serve(inbox: SignalInbox, ready: Callable[[], None]) -> int:
        from syft_notify.daemon.log_reporter import LogReporter
        from syft_notify.daemon.logging import LogFiles
        from syft_notify.daemon.service import Service

        with LogFiles(files.log, files.error_log) as logs:
            logs.configure(config.log_level, config.log_format)
            service = Service(
                path,
                config,
                options,
                LogReporter(),
                lock,
                reloaded=lambda config: logs.configure(config.log_level, config.log_format),
                started_by="start",
            )
            with logs.last_words():
                service.serve(inbox, ready, demanding=True)
        return 0

    with FileLock(files.lock) as lock, output.warnings_shown():
        pid = daemonize.start(files.folder, files.pid, lock, serve)
    output.outcome(f"{output.sign('✅ ', '')}Daemon is running (PID {pid})")


def _former(options: Any) -> Options:
    """The options of the last start, from its health report."""
    from syft_notify.daemon.service import Options

    given: Mapping[str, Any] = options if isinstance(options, dict) else {}
    seconds = given.get("interval")
    interval = timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds >= 1 else None
    parts = {name: given[name] for name in ("jobs", "peers") if isinstance(given.get(name), bool)}
    return Options(interval, **parts)
