"""How a conversation goes: questions, bad answers explained and asked again, and nobody there to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from syft_notify.domain.errors import NotifyError, UserError

Answer = TypeVar("Answer")


class Prompter(Protocol):
    """The person at the other side, as a terminal or a notebook reaches them."""

    alone: bool
    """Nobody answers: what is proposed counts, and what has no proposal is an error."""

    pastes: bool
    """The person can type while we wait for their browser."""

    def tell(self, text: str = "") -> None:
        """Say something."""

    def ask(self, question: str, default: str = "", flag: str = "") -> str:
        """The answer without blanks around it; `default` for an empty one.

        Raises `NoAnswer`, naming the `flag` that would have said it.
        """

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """As `google_api.consent.Person` has it."""


class GivenUp(UserError):
    """The person does not want to try again."""


class NoAnswer(UserError):
    """Nobody is there to answer."""

    def __init__(self, question: str, flag: str) -> None:
        super().__init__(f"There is no answer to '{question}'", f"Give it with {flag}" if flag else "")


def refuse(prompter: Prompter, problem: NotifyError) -> None:
    """Explain what is wrong. Raises the problem when nobody is there to do better."""
    if prompter.alone:
        raise problem
    prompter.tell(f"{problem}")


def ask_until(
    prompter: Prompter, question: str, read: Callable[[str], Answer], default: str = "", flag: str = ""
) -> Answer:
    """What `read` makes of the answer; when it raises `UserError`, that is explained and asked again."""
    while True:
        text = prompter.ask(question, default, flag)
        try:
            return read(text)
        except UserError as problem:
            refuse(prompter, problem)


def confirm(prompter: Prompter, question: str, *, default: bool) -> bool:
    """Yes or no."""
    return ask_until(prompter, f"{question} (y/n)", _yes_or_no, "y" if default else "n")


def persist(prompter: Prompter, act: Callable[[], Answer]) -> Answer:
    """The result of `act`. When it fails the person is told why, and decides whether to try again.

    Raises `GivenUp`, and what `act` raises when nobody is there.
    """
    while True:
        try:
            return act()
        except NoAnswer:
            raise
        except NotifyError as problem:
            refuse(prompter, problem)
        if not confirm(prompter, "Try again?", default=True):
            raise GivenUp("Given up; nothing was changed", "Begin again when you like")


def picked(text: str, offered: Sequence[str]) -> str:
    """The answer itself, or the offered one of this number, counted from 1."""
    return offered[int(text) - 1] if text.isascii() and text.isdigit() and 0 < int(text) <= len(offered) else text


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word in ("y", "yes"):
        return True
    if word in ("n", "no"):
        return False
    raise UserError(f"{text!r} is neither yes nor no", "Type y or n")
