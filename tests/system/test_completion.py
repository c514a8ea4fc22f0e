"""The README's lines for the start of a shell, given to real shells, in which somebody presses Tab."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest

from tests.docs.markdown import README
from tests.system.program import environment
from tests.system.tools import needs

SECONDS = 20


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A home without any settings, in which `syft-notify` is installed."""
    known = environment(tmp_path)
    return {**known, "TERM": "dumb", "PS1": "> ", "PATH": f"{Path(sys.executable).parent}:{known['PATH']}"}


def line_for(shell: str) -> str:
    (block,) = README.blocks(shell)
    return block.code


def completed(shell: list[str], start: str, typed: str, until: str, environ: Mapping[str, str]) -> str:
    """What the terminal shows when this is typed after the start, with the Tabs in it, until a text that must come."""
    with_home = dict(environ)
    terminal = pexpect.spawn(
        shell[0], shell[1:], env=with_home, cwd=with_home["HOME"], encoding="utf-8", timeout=SECONDS
    )
    try:
        for line in (*start.splitlines(), "echo read''y"):
            terminal.sendline(line)
        terminal.expect("ready\r\n")
        terminal.send(typed)
        terminal.expect(until)
        return str(terminal.before) + str(terminal.after)
    finally:
        terminal.close(force=True)


CASES = [
    ("syft-notify doc\t", "syft-notify doctor "),
    ("syft-notify sta\t\t", r"start\s[\s\S]*status|status\s[\s\S]*start"),
    ("syft-notify run --onc\t", "syft-notify run --once "),
    ("syft-notify outbox ret\t", "syft-notify outbox retry "),
]


@pytest.mark.parametrize(("typed", "until"), CASES, ids=[typed.strip() for typed, _ in CASES])
def test_bash_completes(environ, typed, until):
    needs("bash", package="bash")
    shown = completed(["bash", "--noprofile", "--norc", "-i"], line_for("bash"), typed, until, environ)
    assert "not found" not in shown


@pytest.mark.parametrize(("typed", "until"), CASES, ids=[typed.strip() for typed, _ in CASES])
def test_zsh_completes(environ, typed, until):
    needs("zsh", package="zsh")
    shown = completed(["zsh", "-f", "-i"], line_for("zsh"), typed, until, environ)
    assert "not found" not in shown


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("syft-notify doc", ["doctor"]),
        ("syft-notify sta", ["start", "status"]),
        ("syft-notify run --onc", ["--once"]),
        ("syft-notify outbox ret", ["retry"]),
    ],
)
def test_fish_completes(environ, typed, offered):
    """`complete -C` says what Tab would offer."""
    needs("fish", package="fish")
    script = f"{line_for('fish')}\ncomplete -C '{typed}'\n"
    ended = subprocess.run(
        ["fish", "--no-config", "-c", script],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    assert [re.split(r"\t", line)[0] for line in ended.stdout.splitlines()] == offered
