"""The only place that prints."""

from __future__ import annotations

import sys


def line(text: str = "") -> None:
    """A line on standard output, there at once even in a pipe."""
    print(text, flush=True)


def error(text: str) -> None:
    """One `Error:` line on standard error for each line of the text."""
    for sentence in text.splitlines() or [""]:
        print(f"Error: {sentence}", file=sys.stderr, flush=True)
