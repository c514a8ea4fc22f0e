"""`syft-notify doctor`: what works, what does not, and how to fix it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.domain.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syft_notify.doctor.findings import Finding

_NAME_WIDTH = 13
_COLOURS = {"ok": "green", "failed": "red"}


@click.command(
    short_help="Check everything, and say how to fix it.",
    help="""Check config, secrets, SyftBox folder, disk, state, network, clock, Drive, mail and service.

    Nothing is changed and no mail is sent. What cannot be told, because something before it is not good, is skipped.

    \b
    Exit codes: 0 nothing is wrong; 1 something is.

    \b
    Examples:
      syft-notify doctor
      syft-notify doctor --json
      syft-notify doctor -c ~/other/daemon.yaml
    """,
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(path: Path, as_json: bool) -> int:
    from syft_notify.doctor.check_context import CheckContext
    from syft_notify.doctor.findings import State, examine
    from syft_notify.doctor.order import checks
    from syft_notify.domain.clock import utc_now

    findings = []
    context = CheckContext(path, os.environ, Path.home(), utc_now)
    for finding in examine(context, checks(context)):
        findings.append(finding)
        if not as_json:
            output.line(_in_words(finding))
    failed = [finding.name for finding in findings if finding.state is State.FAILED]
    output.line(_document(path, findings, healthy=not failed) if as_json else f"\n{_summary(failed)}")
    return ExitCode.FAILED if failed else ExitCode.OK


def _in_words(finding: Finding) -> str:
    """A line, and under what failed how to fix it."""
    signs = {"ok": output.sign("✓", "ok  "), "failed": output.sign("✗", "FAIL"), "skipped": output.sign("-", "skip")}
    sign = output.coloured(signs[finding.state.value], _COLOURS.get(finding.state.value))
    first = f"{sign} {finding.name:<{_NAME_WIDTH}}  {finding.detail}"
    if not finding.fix:
        return first
    indent = " " * (len(signs["failed"]) + 1 + _NAME_WIDTH + 2)
    return f"{first}\n{indent}{output.sign('→', 'Fix:')} {finding.fix}"


def _summary(failed: Sequence[str]) -> str:
    if not failed:
        return "Nothing is wrong."
    return f"{len(failed)} to fix: {', '.join(failed)}."


def _document(path: Path, findings: Sequence[Finding], *, healthy: bool) -> str:
    checks = [
        {"name": found.name, "state": found.state.value, "detail": found.detail, "fix": found.fix or None}
        for found in findings
    ]
    return json.dumps({"healthy": healthy, "config": str(path), "checks": checks}, indent=1, ensure_ascii=False)
