"""`syft-notify history`: what was sent, to whom, when."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.cli.store import reader

if TYPE_CHECKING:
    from syft_notify.store.reading import Delivery


@click.command(
    short_help="Show what was sent.",
    help="""The mails that went out: when, of what, to whom.

    \b
    Examples:
      syft-notify history
      syft-notify history -n 100 --json
    """,
)
@config_option
@click.option(
    "-n", "count", type=click.IntRange(0), metavar="N", default=20, show_default=True, help="How many, the newest last."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def history(path: Path, count: int, as_json: bool) -> None:
    found = reader(path).history(count)
    if as_json:
        documents = [asdict(delivery) | {"time": delivery.time.isoformat()} for delivery in found]
        output.line(json.dumps(documents, indent=1, ensure_ascii=False))
        return
    if not found:
        output.line("Nothing was sent yet. (Test mails are not kept here.)")
        return
    output.listing(("Sent", "What", "To", "About"), map(_cells, found), map(_in_words, found))


def _cells(delivery: Delivery) -> tuple[str, str, str, str]:
    from syft_notify.domain.text import plain

    about = plain(delivery.marks[0][0], 120) if len(delivery.marks) == 1 else f"{len(delivery.marks)} in one"
    twice = " (perhaps for the second time)" if delivery.ambiguous else ""
    sent = f"{delivery.time.astimezone():%Y-%m-%d %H:%M:%S}"
    return sent, delivery.kind.replace("_", " "), plain(delivery.to), f"{about}{twice}"


def _in_words(delivery: Delivery) -> str:
    sent, kind, to, about = _cells(delivery)
    return f"{sent}  {kind} to {to}: {about}"
