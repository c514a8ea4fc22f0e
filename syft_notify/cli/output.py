"""The only place that prints."""

from __future__ import annotations

import io
import logging
import os
import select
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

from syft_notify.domain.errors import UserError

# What Python itself sets LC_CTYPE to.
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


class OutputError(UserError):
    """Standard output takes no more: its disk is full or its reader is `gone`."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"The output cannot be written: {error.strerror or type(error).__name__}")
        self.gone = isinstance(error, BrokenPipeError)


@contextmanager
def printing() -> Iterator[None]:
    """Around every print. Raises `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def line(text: str = "") -> None:
    """A line on standard output, there at once even in a pipe. Raises `OutputError`."""
    with printing():
        print(text, flush=True)


def outcome(text: str) -> None:
    """A line about what is done already, and stays done though the line may not be written."""
    try:
        line(text)
    except OutputError as fault:
        forgo(fault)


def listing(headers: Sequence[str], rows: Iterable[Sequence[str]], lines: Iterable[str]) -> None:
    """A table on a terminal, whose cells wrap at words; lines elsewhere. Raises `OutputError`."""
    if not is_lively():
        for text in lines:
            line(text)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*headers, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    with printing():
        Console(highlight=False, markup=False).print(table)


def prompt(text: str) -> None:
    """A question on standard output; the answer follows on the same line. Raises `OutputError`."""
    with printing():
        print(text, end="", flush=True)


def sign(symbol: str, plain: str) -> str:
    """The symbol where whoever reads our output can see it, else the plain letters."""
    return symbol if shows_symbols(os.environ) and _encodes(symbol) else plain


def shows_symbols(environ: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8.

    What Python speaks does not tell: where the locale knows ASCII alone, it speaks UTF-8 all the same, and says so by
    setting LC_CTYPE (PEP 538). Then LANG still tells what was there before.
    """
    own = environ.get("LC_CTYPE", "")
    named = environ.get("LC_ALL") or ("" if own in _COERCED else own) or environ.get("LANG", "")
    return "UTF8" in named.upper().replace("-", "")


def _encodes(symbol: str) -> bool:
    """A stream that names no encoding, as the one below a spinner, is no obstacle."""
    try:
        symbol.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def coloured(text: str, colour: str | None) -> str:
    """The text in this colour, on a terminal whose person wants colours (https://no-color.org)."""
    if colour is None or not is_lively() or os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=colour)


def is_lively() -> bool:
    """Whether standard output is a terminal that can do more than print one line after the other."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def warning_handler() -> logging.Handler:
    """Prints warnings of loggers on standard error, a line each; errors are the command's own matter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("Warning: %(message)s"))
    handler.addFilter(lambda record: record.levelno == logging.WARNING)
    return handler


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Print the warnings of our own loggers while this lasts."""
    handler, logger = warning_handler(), logging.getLogger("syft_notify")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def error(text: str) -> None:
    """One `Error:` line on standard error for each line of the text; none where it takes no more either."""
    try:
        for sentence in text.splitlines() or [""]:
            print(f"Error: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        _give_up(sys.stderr)


def prepare_streams() -> None:
    """Let no output be in the way: a closed one (`>&-`) takes all, one that knows ASCII alone takes what it can."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue  # or a file of ours would get the number of a standard stream, and a daemon would redirect it
    os.close(descriptor)
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115 - open until the end
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - open until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def reader_left(seconds: float) -> bool:
    """Wait so long for the reader of standard output to go away, as `head` does when it has enough; whether it did."""
    watch = select.poll()
    watch.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in watch.poll(seconds * 1000))


def forgo(fault: OutputError) -> None:
    """Go on without standard output, and say so unless its reader has gone."""
    _give_up(sys.stdout)
    if not fault.gone:
        error(str(fault))


def _give_up(stream: TextIO) -> None:
    """Let a stream end nowhere: at exit, Python would try again to write what it did not take, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
