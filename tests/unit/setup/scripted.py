"""A person who answers as a script says, and a place of their own to do it in."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path

from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import NoAnswer


class Scripted:
    """`setup.prompter.Prompter`. `answers` are said in their order; then nobody is there any more.

    `at_the_page` gets each address of Google's page and gives what the person pastes, or None when the browser lands.
    """

    pastes = True

    def __init__(
        self, *answers: str, alone: bool = False, at_the_page: Callable[[str], str | None] = lambda address: None
    ) -> None:
        self.alone = alone
        self.answers = list(answers)
        self.told: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self._at_the_page = at_the_page

    @property
    def heard(self) -> str:
        """Everything that was told, and asked."""
        return "\n".join(self.told)

    def tell(self, text: str = "") -> None:
        self.told.append(text)

    def ask(self, question: str, default: str = "", flag: str = "") -> str:
        self.asked.append((question, default))
        self.told.append(f"? {question} [{default}]")
        if self.alone:
            if default:
                return default
            raise NoAnswer(question, flag)
        if not self.answers:
            raise NoAnswer(question, flag)
        return self.answers.pop(0).strip() or default

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        address = next(line for line in reversed(self.heard.splitlines()) if "/o/oauth2/auth?" in line).strip()
        typed = self._at_the_page(address)
        if typed is None:
            select.select([descriptor], [], [], seconds)
        return typed


def place_in(folder: Path) -> SetupPaths:
    """A home, the default config in it, and another current folder."""
    home, here = folder / "home", folder / "here"
    home.mkdir()
    here.mkdir()
    return SetupPaths(home / ".syft-creds" / "daemon.yaml", home, here, {})
