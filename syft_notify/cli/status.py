"""`syft-notify status`: whether it runs, how it does, and what it said last."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option, service_files
from syft_notify.errors import ExitCode
from syft_notify.service.health import local_time, problems_of, read_health
from syft_notify.service.lock import holder_of, is_held
from syft_notify.service.tail import last_lines

LOG_LINES = 5
_NO_REPORT = (
    "It did not say how it does: it starts just now, or syft-notify.status.json cannot be written. "
    "`syft-notify logs` may say why."
)


@click.command(short_help="Say whether it runs and how it does.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(path: Path, as_json: bool) -> int:
    """Whether it runs, since when, how the last poll went, what waits, how the tokens are.

    \b
    Exit codes: 0 it runs and all is well; 1 it runs but fails, or the
    answer cannot be had; 3 it does not run.

    \b
    Examples:
      syft-notify status
      syft-notify status --json
      syft-notify status > /dev/null || echo "look at it"
    """
    report = _report(path)
    output.line(json.dumps(report, indent=1, ensure_ascii=False) if as_json else _in_words(report))
    if not report["running"]:
        return ExitCode.NOT_RUNNING
    return ExitCode.FAILED if report["problems"] else ExitCode.OK


def _report(path: Path) -> dict[str, Any]:
    """Everything that can be said without asking the service. Raises `UserError` when the lock cannot be read."""
    files = service_files(path)
    running = is_held(files.lock)
    try:
        log = last_lines(files.log, LOG_LINES) if files.log.is_file() else []
    except OSError as error:
        log = [f"({files.log} cannot be read: {error.strerror})"]
    if not running:
        return {"running": False, "config": str(path), "problems": [], "log": log}
    holder = holder_of(files.lock)
    pid = holder.pid if holder else None
    health = read_health(files.health)
    if health.get("pid") != pid:
        health = {}  # of an earlier service: this one has not begun to poll
    return {
        "running": True,
        "pid": pid,
        **_of_process(pid),
        "version": health.get("version"),
        "config": str(path),
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
        "sends_as": health.get("sends_as") or None,
        "warnings": health.get("warnings", []),
        "problems": problems_of(health, datetime.now(timezone.utc)) if health else [_NO_REPORT],
        "log": log,
    }


def _of_process(pid: int | None) -> dict[str, Any]:
    import psutil

    with suppress(psutil.Error):
        if pid is not None:
            process = psutil.Process(pid)
            uptime = round(time.time() - process.create_time())
            return {"uptime_seconds": uptime, "memory_bytes": process.memory_info().rss}
    return {"uptime_seconds": None, "memory_bytes": None}


def _in_words(report: dict[str, Any]) -> str:
    if not report["running"]:
        absent = "" if Path(report["config"]).is_file() else ", which is no file"
        return "\n".join([f"syft-notify is not running (config {report['config']}{absent}).", *_log_words(report)])
    state = "with problems" if report["problems"] else "and all is well"
    lines = [
        f"syft-notify is running {state}: PID {report['pid'] or '?'}, {_span(report['uptime_seconds'])}, "
        f"{_memory(report['memory_bytes'])}.",
        f"  version    {report['version'] or '?'}",
        f"  config     {report['config']}",
        f"  last poll  {_last_poll(report)}",
        f"  next poll  {_next_poll(report)}",
        f"  found      {report['found_by_feed']} on Drive by its changes feed, "
        f"{report['found_by_reconcile']} only by looking at everything",
        f"  mails      {report['sent']} sent since the start, {report['pending']} waiting, {report['failed']} given up",
        *(f"  {name:<9}  {text or _good_token(name, report)}" for name, text in report["tokens"].items()),
        *(f"  warning    {text}" for text in report["warnings"]),
        *(f"  problem    {text}" for text in report["problems"] if text not in report["tokens"].values()),
    ]
    return "\n".join([*lines, *_log_words(report)])


def _good_token(name: str, report: dict[str, Any]) -> str:
    if name != "gmail":
        return "token is good"
    return f"token is good, mails go out from {report['sends_as'] or 'its account, which its scope does not tell'}"


def _next_poll(report: dict[str, Any]) -> str:
    return f"{local_time(report['next_poll'])}, every {report['interval_seconds']:g} s" if report["next_poll"] else "?"


def _last_poll(report: dict[str, Any]) -> str:
    if not report["last_poll"]:
        return "none has ended yet"
    good = local_time(report["last_good_poll"]) if report["last_good_poll"] else "never"
    took = f"{local_time(report['last_poll'])}, took {report['last_poll_seconds']:g} s"
    return took if report["last_good_poll"] == report["last_poll"] else f"{took}; the last good one: {good}"


def _log_words(report: dict[str, Any]) -> list[str]:
    return ["", "Last lines of the log:", *(f"  {line}" for line in report["log"])] if report["log"] else []


def _span(seconds: int | None) -> str:
    return f"up {timedelta(seconds=seconds)}" if seconds is not None else "up ?"


def _memory(size: int | None) -> str:
    return f"{size / 1_000_000:.0f} MB" if size is not None else "? MB"
