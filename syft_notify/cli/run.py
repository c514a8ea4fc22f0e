"""`syft-notify run`: the loop in the foreground."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.service.logs import stream_handler

if TYPE_CHECKING:
    from syft_notify.config import Config

LONGEST_INTERVAL_SECONDS = 86_400


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> timedelta | None:
    """A pause in seconds: a number between 1 and a day, which NaN is not."""
    if value is None:
        return None
    if not 1 <= value <= LONGEST_INTERVAL_SECONDS:
        raise click.BadParameter(f"{value:g} is not between 1 and {LONGEST_INTERVAL_SECONDS} seconds.", ctx, param)
    return timedelta(seconds=value)


@click.command(short_help="Watch in the foreground; Ctrl+C ends it.")
@click.option("-c", "--config", "config_file", metavar="PATH", help="The config [default: ~/.syft-creds/daemon.yaml].")
@click.option("--once", is_flag=True, help="Poll once and end.")
@click.option(
    "--interval", type=float, callback=_seconds, metavar="S", help="Pause between two polls in seconds, at least 1."
)
@click.option("--jobs-only", is_flag=True, help="Watch jobs and no peers.")
@click.option("--peers-only", is_flag=True, help="Watch peers and no jobs.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send and remember nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Also tell what is not sent and why, and log to stderr.")
def run(
    config_file: str | None,
    once: bool,
    interval: timedelta | None,
    jobs_only: bool,
    peers_only: bool,
    dry_run: bool,
    verbose: bool,
) -> int:
    """Watch Drive and the SyftBox folder, and mail what happens.

    \b
    Exit codes of --once: 0 all is told; 1 a look failed or a mail waits;
    78 the config or a token needs you.

    \b
    Examples:
      syft-notify run                       keep watching
      syft-notify run --once --dry-run      see what a first poll would send
      syft-notify run -c ~/other/daemon.yaml --interval 60
    """
    if jobs_only and peers_only:
        raise click.UsageError("--jobs-only and --peers-only leave nothing to watch. Give one of them, or none.")
    from syft_notify.cli.watch import Watch
    from syft_notify.config import load_config
    from syft_notify.paths import config_path

    path = config_path(config_file, os.environ, Path.home())
    config = load_config(path, os.environ, Path.home())
    _log_to_stderr(config, verbose=verbose)
    watch = Watch(config, path, jobs=not peers_only, peers=not jobs_only, dry_run=dry_run, verbose=verbose)
    if once or dry_run:
        return watch.once()
    return watch.keep_watching(interval or config.interval)


def _log_to_stderr(config: Config, *, verbose: bool) -> None:
    """Warnings in a word and, with `verbose`, everything.

    Only of our own loggers: Google's can show whole requests, and with them tokens.
    """
    logger = logging.getLogger("syft_notify")
    handler = stream_handler(sys.stderr, config.log_format)
    if verbose:
        logger.setLevel("DEBUG" if config.log_level == "INFO" else config.log_level)
    else:
        handler.setFormatter(logging.Formatter("Warning: %(message)s"))
        handler.addFilter(lambda record: record.levelno == logging.WARNING)
    logger.addHandler(handler)
