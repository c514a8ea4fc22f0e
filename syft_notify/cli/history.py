"""`syft-notify history`: what was sent, to whom, when."""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option

if TYPE_CHECKING:
    from syft_notify.store.history import Delivery


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
    from syft_notify.config.paths import Files
    from syft_notify.config.settings import load_config
    from syft_notify.store.history import History

    config = load_config(path, os.environ, Path.home())
    found = deque(History(Files(config.state_path).history).deliveries(older=True), maxlen=count)
    if as_json:
        from pydantic import TypeAdapter

        from syft_notify.store.history import Delivery

        document = TypeAdapter(list[Delivery]).dump_python(list(found), mode="json")
        output.line(json.dumps(document, indent=1, ensure_ascii=False))
        return
    for delivery in found:
        output.line(_in_words(delivery))
    if not found:
        output.line("Nothing was told yet. (Test mails are not kept here.)")


def _in_words(delivery: Delivery) -> str:
    from syft_notify.domain.text import plain

    about = plain(delivery.events[0].mark[0], 120) if len(delivery.events) == 1 else f"{len(delivery.events)} in one"
    twice = ", perhaps for the second time" if delivery.ambiguous else ""
    kind = delivery.kind.replace("_", " ")
    return f"{delivery.time.astimezone():%Y-%m-%d %H:%M:%S}  {kind} to {plain(delivery.to)} ({about}){twice}"
