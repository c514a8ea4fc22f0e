"""Every command's help shows examples, and they are ones that the command takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner

from syft_notify.cli import cli

COMMANDS = cli.list_commands(None)  # type: ignore[arg-type]


def examples(*command: str) -> list[list[str]]:
    """The words of the example lines, without what explains them and without the shell's redirections."""
    shown = CliRunner().invoke(cli, [*command, "--help"]).output.partition("Examples:\n")[2]
    lines = re.match(r"(?:    \S.*\n)*", shown)
    assert lines is not None
    return [shlex.split(re.split(r"  +|>", line.strip())[0]) for line in lines.group().splitlines()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_takes(name):
    shown = examples(name)
    assert shown
    for words in shown:
        words = words[words.index("syft-notify") :]
        assert words[:2] == ["syft-notify", name]
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        known = {option for param in command.params for option in param.opts + param.secondary_opts}  # type: ignore[union-attr]
        assert {word for word in words[2:] if word.startswith("-")} <= known


def test_every_help_is_the_same_without_docstrings():
    """`python -OO` strips them."""
    program = (
        "from click.testing import CliRunner; from syft_notify.cli import cli\n"
        "for command in [[], *([name] for name in cli.list_commands(None))]:\n"
        "    print(CliRunner().invoke(cli, [*command, '--help']).output)\n"
    )
    usual, stripped = (
        subprocess.run([sys.executable, *options, "-c", program], capture_output=True, text=True, check=True).stdout
        for options in ([], ["-OO"])
    )
    assert usual.count("Examples:") > len(COMMANDS)
    assert stripped == usual


def test_the_programs_own_help_begins_with_examples_too():
    assert [words[1] for words in examples()] == ["demo", "init", "doctor", "run", "run", "start"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["docter"], "'doctor'"),
        (["testemail"], "'test-email'"),
        (["doctor", "--jsn"], "'--json'"),
        (["start", "--intervall", "3"], "--interval"),
        (["xyz"], "'xyz'"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_name(words, says):
    ended = CliRunner().invoke(cli, words)
    assert ended.exit_code == 2
    assert says in ended.output
