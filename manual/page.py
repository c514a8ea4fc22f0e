"""syft-notify(1) in the words of the commands' `--help`; see man(7) for its language."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from syft_notify.cli import cli

PAGE = Path(__file__).with_name("syft-notify.1")


def man_page() -> str:
    """The whole page."""
    program = click.Context(cli, info_name="syft-notify", **cli.context_settings)
    title, *description = _paragraphs(cli)
    lines = [
        '.TH SYFT\\-NOTIFY 1 "" syft\\-notify "User Commands"',
        ".nh",  # neither hyphens of its own nor stretched blanks: words of a command are copied
        ".ad l",
        ".SH NAME",
        f"syft\\-notify \\- {literal(title.rstrip('.'))}",
        ".SH SYNOPSIS",
        _usage(program),
        ".SH DESCRIPTION",
        *map(_paragraph, description),
        ".SH OPTIONS",
        *_options(program),
        ".SH COMMANDS",
    ]
    for name in cli.list_commands(program):
        if command := cli.get_command(program, name):
            lines += _section(click.Context(command, program, info_name=name))
    return "\n".join(lines) + "\n"


def _section(called: click.Context) -> Iterator[str]:
    yield f".SS {_usage(called)}"
    yield from map(_paragraph, _paragraphs(called.command))
    yield from _options(called)


def _usage(called: click.Context) -> str:
    """The line that a person types, in bold what never changes."""
    words = " ".join(called.command.collect_usage_pieces(called))
    return f"\\fB{literal(called.command_path)}\\fR {literal(words)}"


def _options(called: click.Context) -> Iterator[str]:
    for option in called.command.get_params(called):
        if isinstance(option, click.Option) and (record := option.get_help_record(called)):
            names, meaning = map(literal, record)
            yield f".TP\n\\fB{names}\\fR\n{meaning}"


def _paragraphs(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _paragraph(text: str) -> str:
    """As it stands after click's mark `\\b`, else filled."""
    kept = text.removeprefix("\b\n")
    escaped = literal(kept)
    return f".PP\n{escaped}" if kept == text else f".PP\n.nf\n{escaped}\n.fi"


def literal(text: str) -> str:
    """With letters that mean themselves: a backslash, a hyphen to be copied, a dot or quote that begins a line."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"), flags=re.MULTILINE)
