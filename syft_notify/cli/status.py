"""`syft-notify status`: whether it runs, how it does, and what it said last."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option, service_files
from syft_notify.config.file_lock import holder_of, is_held
from syft_notify.config.paths import is_there
from syft_notify.daemon.tail import last_lines
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import ExitCode
from syft_notify.engine.health import read_health
from syft_notify.engine.status import rows, summary

LOG_LINES = 5
_NO_REPORT = (
    "It did not say how it does: it starts just now, or syft-notify.status.json cannot be written. "
    "`syft-notify logs` may say why."
)


@click.command(
    short_help="Say whether it runs and how it does.",
    help="""Whether it runs, since when, how the last poll went, what waits, how the tokens are.

    \b
    Exit codes: 0 it runs and all is well; 1 it runs but fails, or the
    answer cannot be had; 3 it does not run.

    \b
    Examples:
      syft-notify status
      syft-notify status --json
      syft-notify status > /dev/null || echo "look at it"
    """,
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(path: Path, as_json: bool) -> int:
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
        log = last_lines(files.log, LOG_LINES) if is_there(files.log) else []
    except OSError as error:
        log = [f"({files.log} cannot be read: {error.strerror})"]
    if not running:
        return {"running": False, "config": str(path), "problems": [], "log": log}
    holder = holder_of(files.lock)
    pid = holder.pid if holder else None
    health = read_health(files.health)
    if health.get("pid") != pid:
        health = {}  # of an earlier service: this one has not begun to poll
    elsewhere = holder.place if holder else ""
    return {
        "running": True,
        "pid": pid,
        "elsewhere": elsewhere or None,
        **(_of_report(health) if elsewhere else _of_process(pid)),
        "version": health.get("version"),
        "config": str(path),
        **summary(health, utc_now()),
        **({} if health else {"problems": [_NO_REPORT]}),
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


def _of_report(health: dict[str, Any]) -> dict[str, Any]:
    """Of a process that cannot be seen from here only its report tells."""
    with suppress(KeyError, TypeError, ValueError):
        up = utc_now() - datetime.fromisoformat(health["started_at"])
        return {"uptime_seconds": round(up.total_seconds()), "memory_bytes": None}
    return {"uptime_seconds": None, "memory_bytes": None}


def _in_words(report: dict[str, Any]) -> str:
    if not report["running"]:
        absent = "" if os.path.isfile(report["config"]) else ", which is no file"
        return "\n".join([f"syft-notify is not running (config {report['config']}{absent}).", *_log_words(report)])
    state = "with problems" if report["problems"] else "and all is well"
    lines = [
        f"syft-notify is running {state}: {_process(report)}, {_span(report['uptime_seconds'])}, "
        f"{_memory(report['memory_bytes'])}.",
        f"  version    {report['version'] or '?'}",
        f"  config     {report['config']}",
        *(f"  {name:<9}  {text}" for name, text in rows(report)),
    ]
    return "\n".join([*lines, *_log_words(report)])


def _process(report: dict[str, Any]) -> str:
    pid = f"PID {report['pid'] or '?'}"
    return f"{pid} {report['elsewhere']}" if report["elsewhere"] else pid


def _log_words(report: dict[str, Any]) -> list[str]:
    return ["", "Last lines of the log:", *(f"  {line}" for line in report["log"])] if report["log"] else []


def _span(seconds: int | None) -> str:
    return f"up {timedelta(seconds=seconds)}" if seconds is not None else "up ?"


def _memory(size: int | None) -> str:
    return f"{size / 1_000_000:.0f} MB" if size is not None else "? MB"
