"""The man page says what the commands' `--help` says, and `man` can show it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click
import pytest

from manual.page import PAGE, literal, man_page
from syft_notify.cli import cli
from tests.docs.test_tables import options_of
from tests.system.tools import needs

PROGRAM = click.Context(cli, info_name="syft-notify")


@pytest.fixture(scope="module")
def shown() -> str:
    """The page as a reader sees it."""
    needs("man", package="man-db")
    # C.UTF-8 and not the developer's language; so wide that no line is broken.
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "1000"}
    ended = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)], capture_output=True, text=True, env=environment, check=True
    )
    assert ended.stderr == ""
    return ended.stdout


def section(shown: str, name: str) -> str:
    """What the page says about a command."""
    return shown.partition(f"\n   syft-notify {name} ")[2].partition("\n   syft-notify ")[0]


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_page_is_what_the_commands_say_now():
    assert PAGE.read_text() == man_page(), "`make manual` writes it anew"


def test_it_tells_what_the_program_is_for(shown):
    assert "syft-notify - Mails to the right person when something happens in your SyftBox\n" in shown


@pytest.mark.parametrize("name", cli.list_commands(PROGRAM))
def test_every_command_is_there_with_each_word_of_its_help(shown, name):
    command = cli.get_command(PROGRAM, name)
    assert command is not None
    assert words((command.help or "").replace("\b", "")) in words(section(shown, name))


@pytest.mark.parametrize("name", cli.list_commands(PROGRAM))
def test_every_option_is_there_and_none_is_made_up(shown, name):
    terms = [line.split("  ")[0] for line in lines_of_options(section(shown, name))]
    assert {word for term in terms for word in term.replace(",", " ").split() if word.startswith("-")} == options_of(
        name
    )


def lines_of_options(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("       -")]


@pytest.mark.parametrize("text", [".hidden", "'hidden", "a \\fBbackslash", "--option"])
def test_letters_that_man_would_take_for_its_own_are_shown(tmp_path: Path, text):
    needs("man", package="man-db")
    page = tmp_path / "x.1"
    page.write_text(f".TH X 1\n{literal(text)}\n")
    ended = subprocess.run(["man", "-l", str(page)], capture_output=True, text=True, check=True)
    assert text in ended.stdout
