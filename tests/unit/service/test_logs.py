"""Log lines for people and for machines."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest

from syft_notify.service.logs import stream_handler


def logged(log_format: str, *, fail: bool = False) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("syft_notify.pipeline.deliver")
    handler = stream_handler(stream, log_format)
    logger.addHandler(handler)
    if fail:
        try:
            raise ValueError("a mistake of ours")
        except ValueError:
            logger.exception("it failed")
    else:
        logger.warning("sent %s to %s", "job_submitted", "grüße@example.org")
    logger.removeHandler(handler)
    return stream.getvalue()


def test_text_lines_have_time_name_level_message():
    time, rest = logged("text").split(" - ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", time)
    assert rest == "syft_notify.pipeline.deliver - WARNING - sent job_submitted to grüße@example.org\n"


def test_json_lines_are_one_object_each():
    entry = json.loads(logged("json"))
    assert set(entry) == {"time", "level", "logger", "message"}
    assert entry["level"] == "WARNING"
    assert entry["message"] == "sent job_submitted to grüße@example.org"
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_failure_keeps_its_traceback(log_format):
    text = logged(log_format, fail=True)
    assert "Traceback" in text
    assert "a mistake of ours" in text
    assert log_format == "text" or len(text.splitlines()) == 1
