"""`syft-notify outbox`: what waits or was given up, and what to do with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.cli.store import opened_ledger, utc_now
from syft_notify.domain.errors import UserError

if TYPE_CHECKING:
    from syft_notify.domain.model import Pending

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
    with opened_ledger(path) as ledger:
        chosen = _chosen(ledger.pending(), ids)
        ledger.retry([pending.notification.id for pending in chosen], utc_now())
    output.line(f"{_count(chosen)} will be tried with the next poll.")


def _drop(path: Path, ids: tuple[str, ...], *, ask: bool) -> None:
    if not ids:
        raise click.UsageError("Say which: `syft-notify outbox` lists the IDs.")
    with opened_ledger(path) as ledger:
        chosen = _chosen(ledger.pending(), ids)
    for pending in chosen:
        output.line(_in_words(pending))
    if ask:
        click.confirm(f"Drop {_count(chosen)} for ever?", abort=True)
    with opened_ledger(path) as ledger:  # anew, so that nobody waits for the answer
        left = {pending.notification.id for pending in ledger.pending()}
        ledger.drop([pending.notification.id for pending in chosen if pending.notification.id in left])
    output.line(f"{_count(chosen)} dropped.")


def _list(path: Path, ids: tuple[str, ...], *, as_json: bool) -> None:
    with opened_ledger(path) as ledger:
        waiting = _chosen(ledger.pending(), ids)
    if as_json:
        output.line(json.dumps([_as_json(pending) for pending in waiting], indent=1, ensure_ascii=False))
        return
    for pending in waiting:
        output.line(_in_words(pending))
    if not waiting:
        output.line("Nothing waits.")


def _chosen(waiting: Sequence[Pending], ids: Sequence[str]) -> list[Pending]:
    """The notifications whose IDs begin so, all without any. Raises `UserError` when one means none or several."""
    chosen = [] if ids else list(waiting)
    for wanted in ids:
        found = [pending for pending in waiting if pending.notification.id.startswith(wanted)]
        if len(found) != 1:
            what = "is no ID in the outbox" if not found else "is the beginning of several IDs"
            raise UserError(f"{wanted!r} {what}", "`syft-notify outbox list --json` shows them whole")
        chosen += found
    return chosen


def _as_json(pending: Pending) -> dict[str, Any]:
    notification = pending.notification
    return {
        "id": notification.id,
        "state": pending.state.value,
        "kind": notification.kind.value,
        "to": notification.recipient,
        "about": _about(pending),
        "events": len(notification.parts),
        "attempts": pending.attempts,
        "waits_since": pending.admitted_at.isoformat(),
        "not_before": pending.pause.until.isoformat() if pending.pause else None,
        "last_fault": pending.last_fault,
    }


def _in_words(pending: Pending) -> str:
    from syft_notify.domain.text import plain

    notification = pending.notification
    tries = f", {pending.attempts} tries" if pending.attempts else ""
    due = f", not before {pending.pause.until.astimezone():%Y-%m-%d %H:%M:%S}" if pending.pause else ""
    fault = f"\n          {plain(pending.last_fault, 400)}" if pending.last_fault else ""
    kind = notification.kind.value.replace("_", " ")
    what = f"{kind} to {plain(notification.recipient)} ({plain(_about(pending), 120)})"
    return f"{notification.id[:_SHOWN_ID]}  {pending.state.value}: {what}{tries}{due}{fault}"


def _about(pending: Pending) -> str:
    """The job or the peer; of a digest how many."""
    notification = pending.notification
    if notification.members:
        return f"{len(notification.members)} in one mail"
    job = getattr(notification.facts, "job", "")
    return f"job {job}" if job else f"peer {notification.facts.ds}"


def _count(pending: Sequence[Pending]) -> str:
    return f"{len(pending)} notification{'' if len(pending) == 1 else 's'}"
