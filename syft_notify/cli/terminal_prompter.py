"""The conversation with a person at a terminal, with a pipe of answers, or with nobody."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import time

from syft_notify.cli import output
from syft_notify.setup.prompter import NoAnswer

_CHUNK = 65_536


class TerminalPrompter:
    """`setup.prompter.Prompter` on standard input and output."""

    alone = False
    pastes = True

    def __init__(self) -> None:
        self._person = sys.stdin.isatty() and sys.stdout.isatty()
        self._unread = b""
        self._ended = False
        if self._person:
            with contextlib.suppress(ImportError):  # a Python built without it has no arrow keys in answers
                import readline  # noqa: F401
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")

    def tell(self, text: str = "") -> None:
        """A line. Raises `OutputError`."""
        output.line(text)

    def ask(self, question: str, default: str = "", flag: str = "") -> str:
        """As the protocol has it; the end of the input is no answer."""
        prompt = f"{question} [{default}]: " if default else f"{question}: "
        answer = self._typed(prompt) if self._person else self._piped(prompt)
        if answer is None:
            output.line()
            raise NoAnswer(question, flag)
        return answer.strip() or default

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """As the protocol has it; after the end of the input only the descriptor is waited for."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            watched = [descriptor] if self._ended else [descriptor, sys.stdin.fileno()]
            ready, _, _ = select.select(watched, [], [], max(0.0, deadline - time.monotonic()))
            if descriptor in ready or not ready:
                return None
            self._read()
            if self._ended and self._unread:
                break
        return self._next_line()

    def _typed(self, prompt: str) -> str | None:
        """A line with the keys of the terminal; it takes no more of the input than this line."""
        try:
            with output.printing():
                return input(prompt)
        except EOFError:
            return None

    def _piped(self, prompt: str) -> str | None:
        """A line of what is piped in, read by ourselves: Python would read on and hide the rest from `select`."""
        output.prompt(prompt)
        while b"\n" not in self._unread and not self._ended:
            self._read()
        if self._ended and not self._unread:
            return None
        output.line()
        return self._next_line()

    def _read(self) -> None:
        content = os.read(sys.stdin.fileno(), _CHUNK)
        self._unread += content
        self._ended = not content

    def _next_line(self) -> str:
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")


class Nobody:
    """`setup.prompter.Prompter` of a script: proposals count, and nothing is ever waited for."""

    alone = True
    pastes = False

    def tell(self, text: str = "") -> None:
        """A line. Raises `OutputError`."""
        output.line(text)

    def ask(self, question: str, default: str = "", flag: str = "") -> str:
        """The proposal. Raises `NoAnswer` without one."""
        if not default:
            raise NoAnswer(question, flag)
        return default

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """Nobody types."""
        select.select([descriptor], [], [], seconds)
        return None
