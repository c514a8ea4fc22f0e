"""`syft-notify logs`: the end of the daemon's log, and what comes."""

from __future__ import annotations

from pathlib import Path

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option, service_files
from syft_notify.config.paths import is_there
from syft_notify.daemon.tail import follow as followed
from syft_notify.daemon.tail import last_lines
from syft_notify.domain.errors import UserError

_LOOK_SECONDS = 0.2


@click.command(
    short_help="Show what the daemon wrote.",
    help="""The last lines of the daemon's log; exit code 1 when there is none.

    \b
    Examples:
      syft-notify logs
      syft-notify logs -n 200 --errors
      syft-notify logs --follow
    """,
)
@config_option
@click.option("-n", "count", type=click.IntRange(0), metavar="N", default=50, show_default=True, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on as it writes; Ctrl+C ends it.")
@click.option("--errors", is_flag=True, help="Warnings and errors only.")
def logs(path: Path, count: int, follow: bool, errors: bool) -> None:
    files = service_files(path)
    log = files.error_log if errors else files.log
    try:
        if not (is_there(log) and log.is_file()):
            raise UserError(f"There is no log at {log}", "`syft-notify start` begins one; systemd keeps its own")
        if not follow:
            for line in last_lines(log, count):
                output.line(line)
            return
        for line in followed(log, count, _pause):
            output.line(line)
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise UserError(f"{log} cannot be read: {error.strerror}", "Ask as the user who runs it, or as root") from error


def _pause() -> bool:
    """Wait for more to say, unless whoever read our output went away."""
    return not output.reader_left(_LOOK_SECONDS)
