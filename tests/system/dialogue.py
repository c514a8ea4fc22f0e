"""A person at a real terminal: reads what the program asks, types, and presses Ctrl+C."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pexpect

from tests.system.program import environment, heed_interrupts

SECONDS = 20
_PAGE = re.compile(r"(http://127\.0\.0\.1:\d+/o/oauth2/auth\?\S+)\s")
PROGRAM = (sys.executable, "-m", "syft_notify")


class Dialogue:
    """One command in a terminal of its own, wide enough for any address."""

    def __init__(
        self,
        *arguments: str,
        home: Path,
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM,
        columns: int = 2000,
    ) -> None:
        known = environment(home)
        known.update({"TERM": "dumb", "PATH": f"{Path(sys.executable).parent}:{known['PATH']}", **(environ or {})})
        self._terminal = pexpect.spawn(
            program[0],
            [*program[1:], *arguments],
            cwd=str(home),
            env=known,
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(50, columns),
            preexec_fn=heed_interrupts,
        )
        self._terminal.delaybeforesend = None
        self._terminal.ptyproc.delayafterclose = 0
        self.seen = ""

    def __enter__(self) -> Dialogue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._terminal.close(force=True)

    def hears(self, text: str) -> str:
        """Wait until the program said this; returns everything up to there that was not heard yet."""
        self._terminal.expect_exact(text)
        return self._heard()

    def page(self) -> str:
        """Wait for the address of Google's page."""
        self._terminal.expect(_PAGE)
        found = self._terminal.match
        self._heard()
        return str(found[1])

    def asked(self, question: str, answer: str) -> str:
        """Wait for the question and answer it; returns what was said before."""
        before = self.hears(question)
        self._terminal.expect(r": ")
        self._heard()
        self.types(answer)
        return before

    def types(self, text: str) -> None:
        """A line."""
        self._terminal.sendline(text)

    def presses(self, key: str) -> None:
        """`c` or `d`, with Ctrl."""
        self._terminal.sendcontrol(key)

    def ended(self) -> tuple[int | None, str]:
        """The exit code, and what was said until the end."""
        self._terminal.expect(pexpect.EOF)
        rest = self._heard()
        self._terminal.wait()
        return self._terminal.exitstatus, rest

    def _heard(self) -> str:
        after = self._terminal.after if isinstance(self._terminal.after, str) else ""
        said = (self._terminal.before + after).replace("\r\n", "\n")
        self.seen += said
        return said
