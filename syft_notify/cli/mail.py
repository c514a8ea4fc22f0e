"""`syft-notify test-email` and `peer-granted`: one mail, now, because a person says so."""

from __future__ import annotations

import os
from pathlib import Path

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option, email
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import ExitCode


@click.command(
    "test-email",
    short_help="Send one test mail.",
    help="""Send one real mail in the way of all others, to see that it arrives.

    \b
    Exit codes: 0 it was accepted; 1 it did not go out;
    78 the config or a credential needs you.

    \b
    Examples:
      syft-notify test-email
      syft-notify test-email --to colleague@example.org
    """,
)
@config_option
@click.option("--to", "to", callback=email, metavar="ADDRESS", help="To whom. [default: the owner of the config]")
def test_email(path: Path, to: str) -> None:
    from syft_notify.channels.registry import email_channel
    from syft_notify.config.settings import load_config
    from syft_notify.engine.test_message import SUBJECT, send_test_mail

    config = load_config(path, os.environ, Path.home())
    to = to or config.do_email
    send_test_mail(config, to, utc_now())
    output.line(f'Sent "{SUBJECT}" to {to}, through {email_channel(config).title}.')
    output.line("It is in the inbox there, or among the spam.")


@click.command(
    "peer-granted",
    short_help="Tell a scientist that you accepted them.",
    help="""Tell the scientist at EMAIL at once that their request was granted.

    A running syft-notify does so by itself when it sees your decision; they are told once, whoever is first.

    \b
    Exit codes: 0 the mail went out, or did so before; 1 it did not, and goes
    with a later poll; 78 the config or a credential needs you.

    \b
    Examples:
      syft-notify peer-granted ds@example.org
    """,
)
@config_option
@click.argument("ds_email", metavar="EMAIL", callback=email)
def peer_granted(path: Path, ds_email: str) -> int:
    from syft_notify.cli.live import LiveReporter
    from syft_notify.cli.watch import local_now
    from syft_notify.config.settings import load_config
    from syft_notify.engine.app import open_app

    with output.warnings_shown(), open_app(load_config(path, os.environ, Path.home())) as app:
        report = app.grant_peer(ds_email, LiveReporter(output.line, local_now))
    if report.credentials:
        for problem in report.credentials.values():
            output.error(problem)
        return ExitCode.CONFIG
    if report.undelivered or report.given_up or report.problems:
        return ExitCode.FAILED
    if not report.sent:
        output.line(f"{ds_email} was told before, or the mail is on its way (`syft-notify outbox`).")
    return ExitCode.OK
