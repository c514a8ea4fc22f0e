"""How log lines look: text for people, JSON for machines."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TextIO

TEXT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
TEXT_TIME = "%Y-%m-%d %H:%M:%S"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message` and, for a failure, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def stream_handler(stream: TextIO, log_format: str) -> logging.Handler:
    """A handler for an open stream; `log_format` is the config's `text` or `json`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(TEXT, TEXT_TIME))
    return handler
