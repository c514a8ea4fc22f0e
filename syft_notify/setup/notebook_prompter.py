"""The conversation in a notebook: `print` and `input` are all that a cell has."""

from __future__ import annotations

import select

from syft_notify.setup.prompter import NoAnswer


class NotebookPrompter:
    """`setup.prompter.Prompter` in a notebook, which cannot wait for an answer and for a browser at once."""

    alone = False
    pastes = False

    def __init__(self, *, browser: bool) -> None:
        """With a `browser` on this machine it is waited for; without, the address has to be pasted."""
        self._browser = browser

    def tell(self, text: str = "") -> None:
        """A line below the cell."""
        print(text)

    def ask(self, question: str, default: str = "", flag: str = "") -> str:
        """As the protocol has it; a notebook that is run by a program has nobody to ask."""
        try:
            return input(f"{question} [{default}]: " if default else f"{question}: ").strip() or default
        except (EOFError, NotImplementedError):
            raise NoAnswer(question, flag) from None

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """The pasted address, or None when the browser came."""
        if not self._browser:
            return self.ask("The address where the browser ended")
        select.select([descriptor], [], [], seconds)
        return None
