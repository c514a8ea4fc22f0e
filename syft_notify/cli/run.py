"""`syft-notify run`: the loop in the foreground."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.cli.options import check_parts, config_option, watching_options
from syft_notify.daemon.logging import stream_handler

if TYPE_CHECKING:
    from syft_notify.config.settings import Config


@click.command(
    short_help="Watch in the foreground; Ctrl+C ends it.",
    help="""Watch Drive and the SyftBox folder, and mail what happens.

    \b
    Exit codes of --once: 0 all is told; 1 a look failed or a mail waits;
    78 the config or a token needs you.

    \b
    Examples:
      syft-notify run                       keep watching
      syft-notify run --once --dry-run      see what a first poll would send
      syft-notify run -c ~/other/daemon.yaml --interval 60
    """,
)
@config_option
@click.option("--once", is_flag=True, help="Poll once and end.")
@watching_options
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send and remember nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Also tell what is not sent and why, and log to stderr.")
def run(
    path: Path,
    once: bool,
    interval: timedelta | None,
    jobs_only: bool,
    peers_only: bool,
    dry_run: bool,
    verbose: bool,
) -> int:
    check_parts(jobs_only=jobs_only, peers_only=peers_only)
    from syft_notify.cli.watch import Watch
    from syft_notify.config.settings import load_config
    from syft_notify.daemon.service import Options

    config = load_config(path, os.environ, Path.home())
    _log_to_stderr(config, verbose=verbose)
    options = Options(interval, jobs=not peers_only, peers=not jobs_only)
    watch = Watch(config, path, options, dry_run=dry_run, verbose=verbose)
    return watch.once() if once or dry_run else watch.keep_watching()


def _log_to_stderr(config: Config, *, verbose: bool) -> None:
    """Warnings in a word and, with `verbose`, everything.

    Only of our own loggers: Google's can show whole requests, and with them tokens.
    """
    logger = logging.getLogger("syft_notify")
    if verbose:
        logger.setLevel("DEBUG" if config.log_level == "INFO" else config.log_level)
    logger.addHandler(stream_handler(sys.stderr, config.log_format) if verbose else output.warning_handler())
