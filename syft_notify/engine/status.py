"""The health of the daemon, for people: rows for `status` in a terminal, and a table below a cell of a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from syft_notify.domain.text import plain
from syft_notify.engine.health import clock_time, local_time, problems_of

# Each is legible on white and on black; the words say the same as the colour.
_COLOURS = {"good": "#1a7f37", "bad": "#b42318", "off": "#6e7781"}
_CELL = "padding: 2px 16px 2px 0; text-align: left; vertical-align: top; background: transparent; color: inherit"
_LONGEST = 2_000


def summary(health: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What `status` tells of a health report, as plain JSON."""
    return {
        "interval_seconds": health.get("interval_seconds"),
        "last_poll": health.get("last_poll"),
        "last_poll_seconds": health.get("last_poll_seconds"),
        "last_good_poll": health.get("last_good_poll"),
        "next_poll": health.get("next_poll"),
        "polls": health.get("polls", 0),
        "found_by_feed": health.get("by_feed", 0),
        "found_by_reconcile": health.get("by_reconcile", 0),
        "sent": health.get("sent", 0),
        "pending": health.get("pending", 0),
        "failed": health.get("failed", 0),
        "tokens": health.get("tokens", {}),
        "tokens_good_as_of": health.get("tokens_good_as_of", {}),
        "accounts": {name: account or None for name, account in health.get("accounts", {}).items()},
        "warnings": health.get("warnings", []),
        "problems": problems_of(health, now),
    }


def rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A summary in words, each row a name and a text."""
    return [
        ("last poll", _last_poll(report)),
        ("next poll", _next_poll(report)),
        (
            "found",
            f"{report['found_by_feed']} on Drive by its changes feed, "
            f"{report['found_by_reconcile']} only by looking at everything",
        ),
        (
            "mails",
            f"{report['sent']} sent since the start, {report['pending']} waiting, {report['failed']} given up",
        ),
        *((name, text or _good(name, report)) for name, text in report["tokens"].items()),
        *(("warning", text) for text in report["warnings"]),
        *(("problem", text) for text in report["problems"] if text not in report["tokens"].values()),
    ]


def _good(name: str, report: Mapping[str, Any]) -> str:
    as_of = clock_time(report["tokens_good_as_of"].get(name), report["last_poll"])
    good = f"good as of {as_of}" if as_of else "good"
    if name not in report["accounts"]:
        return good
    return f"{good}, messages go out from {report['accounts'][name] or 'an account that it may not tell'}"


def _next_poll(report: Mapping[str, Any]) -> str:
    return f"{local_time(report['next_poll'])}, every {report['interval_seconds']:g} s" if report["next_poll"] else "?"


def _last_poll(report: Mapping[str, Any]) -> str:
    if not report["last_poll"]:
        return "none has ended yet"
    good = local_time(report["last_good_poll"]) if report["last_good_poll"] else "never"
    took = f"{local_time(report['last_poll'])}, took {report['last_poll_seconds']:g} s"
    return took if report["last_good_poll"] == report["last_poll"] else f"{took}; the last good one: {good}"


@dataclass(frozen=True, repr=False)
class Status:
    """How a monitor did when it was asked: a table in a notebook, text elsewhere."""

    owner: str
    running: bool
    report: Mapping[str, Any]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The rows of the table."""
        found = [("owner", self.owner), *rows(self.report)]
        return found if self.running else [row for row in found if row[0] != "next poll"]

    @property
    def state(self) -> str:
        """In a few words."""
        problems = "with problems" if self.report["problems"] else "and all is well"
        return f"running {problems}" if self.running else "stopped"

    def __repr__(self) -> str:
        lines = [
            f"NotificationMonitor: {self.state}",
            *(f"  {name:<9}  {plain(text, _LONGEST)}" for name, text in self.rows),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = _COLOURS["off" if not self.running else "bad" if self.report["problems"] else "good"]
        badge = f"background: {colour}; color: #ffffff; border-radius: 4px; padding: 2px 8px"
        body = "".join(
            f'<tr style="background: transparent"><th scope="row" style="{_CELL}; font-weight: 600">{escape(name)}</th>'
            f'<td style="{_CELL}; overflow-wrap: anywhere">{escape(plain(text, _LONGEST))}</td></tr>'
            for name, text in self.rows
        )
        return (
            f'<div style="color: inherit"><p style="margin: 4px 0"><strong>NotificationMonitor</strong> '
            f'<span style="{badge}">{escape(self.state)}</span></p>'
            f'<table style="border: none; color: inherit; margin: 0"><tbody>{body}</tbody></table></div>'
        )
