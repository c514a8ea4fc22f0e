"""Reading the health report, whatever is in its file."""

from __future__ import annotations

import json
import os

import pytest

from syft_notify.engine.health import read_health


@pytest.mark.parametrize(
    "key", ["interval_seconds", "last_poll_seconds", "problems", "tokens", "tokens_good_as_of", "warnings"]
)
def test_a_report_with_a_value_of_another_type_is_none(tmp_path, key):
    path = tmp_path / "status.json"
    path.write_text(json.dumps({"pid": 1, key: "text"}))
    assert read_health(path) == {}


def test_a_report_of_another_version_may_lack_keys(tmp_path):
    path = tmp_path / "status.json"
    path.write_text('{"pid": 1, "interval_seconds": 30}')
    assert read_health(path) == {"pid": 1, "interval_seconds": 30}


def test_a_pipe_and_nothing_are_no_report(tmp_path):
    assert read_health(tmp_path / "none") == {}
    os.mkfifo(tmp_path / "pipe")
    assert read_health(tmp_path / "pipe") == {}
