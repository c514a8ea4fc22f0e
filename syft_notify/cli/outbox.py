"""`syft-notify outbox`: what waits or was given up, and what to do with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.cli.store import opened_store, reader
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import UserError

if TYPE_CHECKING:
    from syft_notify.domain.notifications import Queued

_SHOWN_ID = 8


@click.command(
    short_help="See and change what waits to be sent.",
    help="""What waits to be sent or was given up. An ID may be shortened.

    \b
    Examples:
      syft-notify outbox               what is there, and why
      syft-notify outbox retry         try all of it again, with the next poll
      syft-notify outbox retry 1a2b3c  try this one again
      syft-notify outbox drop 1a2b3c   take one out; its mail is never sent
    """,
)
@config_option
@click.argument("action", type=click.Choice(["list", "retry", "drop"]), default="list", metavar="[list|retry|drop]")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--json", "as_json", is_flag=True, help="The list as one JSON document.")
@click.option("--yes", is_flag=True, help="Drop without asking.")
def outbox(path: Path, action: str, ids: tuple[str, ...], as_json: bool, yes: bool) -> None:
    if action == "list":
        _list(path, ids, as_json=as_json)
    elif action == "retry":
        _retry(path, ids)
    else:
        _drop(path, ids, ask=not yes)


def _retry(path: Path, ids: tuple[str, ...]) -> None:
    with opened_store(path) as store:
        chosen = _chosen(list(store.pending()), ids)
        store.retry([queued.id for queued in chosen], utc_now())
    output.line(f"{_count(chosen)} will be tried with the next poll.")


def _drop(path: Path, ids: tuple[str, ...], *, ask: bool) -> None:
    if not ids:
        raise click.UsageError("Say which: `syft-notify outbox` lists the IDs.")
    with opened_store(path) as store:
        chosen = _chosen(list(store.pending()), ids)
    for queued in chosen:
        output.line(_in_words(queued))
    if ask:
        click.confirm(f"Drop {_count(chosen)} for ever?", abort=True)
    with opened_store(path) as store:  # anew, so that nobody waits for the answer
        left = {queued.id for queued in store.pending()}
        store.drop([queued.id for queued in chosen if queued.id in left])
    output.line(f"{_count(chosen)} dropped.")


def _list(path: Path, ids: tuple[str, ...], *, as_json: bool) -> None:
    waiting = _chosen(reader(path).outbox(), ids)
    if as_json:
        output.line(json.dumps([_as_json(queued) for queued in waiting], indent=1, ensure_ascii=False))
        return
    if not waiting:
        output.line("Nothing is waiting.")
        return
    output.listing(("ID", "State", "What", "Tried", "Why"), map(_cells, waiting), map(_in_words, waiting))


def _chosen(waiting: Sequence[Queued], ids: Sequence[str]) -> list[Queued]:
    """The notifications whose IDs begin so, all without any. Raises `UserError` when one means none or several."""
    chosen = [] if ids else list(waiting)
    for wanted in ids:
        found = [queued for queued in waiting if queued.id.startswith(wanted)]
        if len(found) != 1:
            what = "is no ID in the outbox" if not found else "is the beginning of several IDs"
            raise UserError(f"{wanted!r} {what}", "`syft-notify outbox list --json` shows them whole")
        chosen += found
    return chosen


def _as_json(queued: Queued) -> dict[str, Any]:
    return {
        "id": queued.id,
        "state": queued.state.value,
        "kind": queued.kind.value,
        "to": queued.recipient,
        "about": _about(queued),
        "events": queued.members or 1,
        "attempts": queued.attempts,
        "waits_since": queued.admitted_at.isoformat(),
        "not_before": queued.pause.until.isoformat() if queued.pause else None,
        "last_fault": queued.last_fault,
    }


def _cells(queued: Queued) -> tuple[str, str, str, str, str]:
    from syft_notify.domain.text import plain

    tries = f"{queued.attempts} {'try' if queued.attempts == 1 else 'tries'}" if queued.attempts else ""
    due = f"not before {queued.pause.until.astimezone():%Y-%m-%d %H:%M:%S}" if queued.pause else ""
    kind = queued.kind.value.replace("_", " ")
    what = f"{kind} to {plain(queued.recipient)} ({plain(_about(queued), 120)})"
    tried = ", ".join(filter(None, (tries, due)))
    return queued.id[:_SHOWN_ID], queued.state.value, what, tried, plain(queued.last_fault, 400)


def _in_words(queued: Queued) -> str:
    name, state, what, tried, fault = _cells(queued)
    first = f"{name}  {state}: {what}" + (f", {tried}" if tried else "")
    return f"{first}\n          {fault}" if fault else first


def _about(queued: Queued) -> str:
    """The job or the peer; of a digest how many."""
    if queued.members:
        return f"{queued.members} in one mail"
    return f"peer {queued.cause}" if queued.kind.is_about_peer else f"job {queued.mark[0]}"


def _count(chosen: Sequence[Queued]) -> str:
    return f"{len(chosen)} notification{'' if len(chosen) == 1 else 's'}"
