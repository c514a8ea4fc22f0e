"""`syft-notify init`: from nothing to a first mail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option, service_files
from syft_notify.cli.options import email as email_address
from syft_notify.config.file_lock import is_held

if TYPE_CHECKING:
    from syft_notify.setup.paths import SetupPaths


@click.command(
    short_help="Set everything up, or repair it.",
    help="""Ask what is to be watched, get Google's consent to read Drive and to send mail, and write the config.

    What is there already and good is kept, so it can be run again at any time. Nothing is written before all is
    answered.

    \b
    Exit codes: 0 it is set up; 1 it is not, or the test mail did not go out.

    \b
    Examples:
      syft-notify init
      syft-notify init --no-browser            on a server
      syft-notify init --renew gmail           when Google no longer takes the token
      syft-notify init --no-input --email you@example.org --no-test-mail
    """,
)
@config_option
@click.option("--email", callback=email_address, metavar="ADDRESS", help="Your address, as the data owner.")
@click.option(
    "--syftbox-root",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="PATH",
    help="The folder that your SyftBox client made.",
)
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH",
    help="The downloaded file of the OAuth client.",
)
@click.option("--no-browser", is_flag=True, help="Consent in a browser elsewhere, by paste or ssh -L.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="Where the browser comes back to. [default: a free one; 41235 without a browser]",
)
@click.option("--test-mail/--no-test-mail", default=None, help="Send yourself a test mail at the end. [default: ask]")
@click.option("--no-input", is_flag=True, help="Ask nothing: what is missing is an error.")
@click.option(
    "--renew",
    type=click.Choice(["drive", "gmail"]),
    help="Give new consent for one token, though the old one may look good.",
)
def init(
    path: Path,
    email: str,
    syftbox_root: Path | None,
    credentials: Path | None,
    no_browser: bool,
    port: int | None,
    test_mail: bool | None,
    no_input: bool,
    renew: str | None,
) -> None:
    from syft_notify.cli.terminal_prompter import Nobody, TerminalPrompter
    from syft_notify.domain.clock import utc_now
    from syft_notify.setup.browser import Ways, can_open
    from syft_notify.setup.conversation import set_up
    from syft_notify.setup.paths import SetupPaths
    from syft_notify.setup.plan import Given

    place = SetupPaths(path, Path.home(), Path.cwd(), os.environ)
    given = Given(
        email,
        syftbox_root.absolute() if syftbox_root else None,
        credentials.absolute() if credentials else None,
        renew=renew or "",
    )
    ways = Ways(browser=not no_browser and can_open(os.environ), port=port or 0)
    set_up(Nobody() if no_input else TerminalPrompter(), place, given, ways, utc_now, test_mail)
    _tell_next(place, running=is_held(service_files(path).lock), renewed=bool(renew))


def _tell_next(place: SetupPaths, *, running: bool, renewed: bool) -> None:
    output.line()
    if running and renewed:
        output.line("syft-notify is running, and takes the new token at its next poll.")
        return
    if running:
        output.line("syft-notify is running; to have it read the config again:")
        output.line(f"  {place.command('restart')}")
        return
    output.line("Next:")
    output.line(f"  {place.command('run --once --dry-run'):<40}  see what a first poll would send")
    output.line(f"  {place.command('start'):<40}  keep watching in the background")
