"""`syft-notify reset`: forget, so that it is announced again."""

from __future__ import annotations

from pathlib import Path

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.cli.store import opened_store
from syft_notify.domain.errors import UserError


@click.command(
    short_help="Forget, so that it is announced again.",
    help="""Forget what was told, so that the next poll tells it again; also while syft-notify runs.

    With --jobs the next poll is like the first one ever: it tells of jobs that wait for the owner, and of none that is
    settled. With --job every step of that job is told again, to the owner and to the scientist.

    \b
    Examples:
      syft-notify reset --job sales_analysis
      syft-notify reset --peers --jobs --yes
    """,
)
@config_option
@click.option("--peers", is_flag=True, help="Open peer requests.")
@click.option("--jobs", is_flag=True, help="All jobs: those that still wait are announced again.")
@click.option("--job", "name", metavar="NAME", help="Everything about the jobs of this name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(path: Path, peers: bool, jobs: bool, name: str | None, yes: bool) -> None:
    if not (peers or jobs or name):
        raise click.UsageError("Say what to forget: --peers, --jobs or --job NAME.")
    if not yes:
        click.confirm("People may get mails again that they had before. Go on?", abort=True)
    with opened_store(path) as store:
        forgotten = store.forget_requests() if peers else 0
        forgotten += store.forget_jobs() if jobs else 0
        found = store.forget_job(name) if name and not jobs else 0
    if name and not jobs and not found:
        raise UserError(f"Nothing is known of a job named {name!r}", "`syft-notify history` shows what was told")
    count = forgotten + found
    output.line(
        f"{count} event{'' if count == 1 else 's'} forgotten; the next poll tells them again where they are open."
    )
