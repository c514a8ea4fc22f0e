"""The daemon's log: how lines look, where they go, and that everything the process says becomes one."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from syft_notify.config.paths import KEPT_COPIES
from syft_notify.domain.errors import NotifyError, UserError
from syft_notify.domain.text import printable

TEXT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
TEXT_TIME = "%Y-%m-%d %H:%M:%S"
LARGEST_LOG = 10_000_000

log = logging.getLogger(__name__)


class TextFormatter(logging.Formatter):
    """One line a record, save for tracebacks: what came from outside cannot begin a line of its own."""

    def __init__(self) -> None:
        super().__init__(TEXT, TEXT_TIME)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line with everything that is not visible escaped."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """The traceback, each line of it indented: an error's text cannot look like a line of the log."""
        return "\n".join(f"    {printable(line)}" for line in super().formatException(ei).splitlines())


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message` and, for a failure, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def formatter(log_format: str) -> logging.Formatter:
    """`log_format` is the config's `text` or `json`."""
    return JsonFormatter() if log_format == "json" else TextFormatter()


def stream_handler(stream: TextIO, log_format: str) -> logging.Handler:
    """A handler for an open stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(log_format))
    return handler


class LogFile(RotatingFileHandler):
    """One log that rotates at `largest` bytes, and that is begun anew where somebody moved or removed the file."""

    def __init__(self, path: Path, largest: int) -> None:
        super().__init__(path, maxBytes=largest, backupCount=KEPT_COPIES, encoding="utf-8", errors="replace")

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record to what has the log's name now."""
        try:
            if self.stream is not None and self._is_elsewhere(self.stream):
                former, self.stream = self.stream, self._open()
                former.close()
        except OSError:
            self.handleError(record)
        super().emit(record)

    def _open(self) -> io.TextIOWrapper:
        """A pipe that nobody reads is refused: waiting for its reader would end all polls."""

        def opened(path: str, flags: int) -> int:
            return os.open(path, flags | os.O_NONBLOCK, 0o600)

        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=opened)

    def _is_elsewhere(self, stream: TextIO) -> bool:
        try:
            return not os.path.samestat(os.stat(self.baseFilename), os.fstat(stream.fileno()))
        except FileNotFoundError:
            return True


class LogFiles:
    """The two files of a daemon between `with` and its end: everything, and warnings with errors.

    Our own loggers speak at the level of the config, all others from warnings on: those of Google's libraries can
    show whole requests, and with them tokens.
    """

    def __init__(self, everything: Path, errors: Path, *, largest: int = LARGEST_LOG) -> None:
        """`largest` is the size in bytes at which a file is put aside. Raises `UserError` when it cannot be written."""
        try:
            self._handlers = [LogFile(path, largest) for path in (everything, errors)]
        except OSError as error:
            raise UserError(f"{error.filename} cannot be written: {error.strerror}", "Check its folder") from error
        self._handlers[1].setLevel(logging.WARNING)

    def configure(self, log_level: str, log_format: str) -> None:
        """Apply the config's words, now or again."""
        logging.getLogger("syft_notify").setLevel(log_level)
        for handler in self._handlers:
            handler.setFormatter(formatter(log_format))

    @contextmanager
    def last_words(self) -> Iterator[None]:
        """Log what ends the daemon, on its way to who started it."""
        try:
            yield
        except NotifyError as error:
            log.error("%s", error)
            raise
        except Exception:
            log.exception("the daemon ends after an internal error")
            raise

    def __enter__(self) -> LogFiles:
        for handler in self._handlers:
            logging.getLogger().addHandler(handler)
        # What cannot be logged, because the disk is full, must not be logged either.
        logging.raiseExceptions = False
        logging.captureWarnings(True)
        sys.stdout, sys.stderr = LogStream("stdout", logging.INFO), LogStream("stderr", logging.WARNING)
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
            with suppress(OSError):  # a full disk, which is what ends us, must not hide that
                handler.close()


class LogStream(io.TextIOBase):
    """A standard output that makes log lines of what is printed."""

    def __init__(self, name: str, level: int) -> None:
        self._log = logging.getLogger(f"syft_notify.{name}")
        self._level = level
        self._begun = ""

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Log whole lines, keep the beginning of the next one."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._log.log(self._level, "%s", line)
        return len(text)


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    log.critical("the daemon ends after an internal error", exc_info=(kind, error, traceback))


def _uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        trace = (failure.exc_type, failure.exc_value, failure.exc_traceback)
        log.critical("a thread ended after an internal error", exc_info=trace)
