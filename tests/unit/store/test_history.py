"""The history: what was delivered, and that it never grows without end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syft_notify.config.paths import KEPT_COPIES
from syft_notify.store.history import Delivery, History, ToldEvent, generations
from tests.unit.makers import DO, NOW


def delivery(number: int) -> Delivery:
    event = ToldEvent(f"job:{number}", ("sales", "new"), "job sales 1", "ds@example.org", "f1")
    return Delivery(number, NOW + timedelta(seconds=number), "job_submitted", DO, "gmail", f"id{number}", (event,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def test_what_was_written_is_read(path):
    history = History(path)
    for number in (1, 2):
        history.append(delivery(number))
    assert list(history.deliveries()) == [delivery(1), delivery(2)]


def test_a_large_file_is_put_aside_and_the_oldest_goes(path):
    history = History(path, largest=100)
    for number in range(12):
        history.append(delivery(number))
        history.rotate()
    assert not path.exists()
    assert len(generations(path)) == KEPT_COPIES
    assert [found.number for found in history.deliveries(older=True)] == list(range(12 - KEPT_COPIES, 12))
    assert list(history.deliveries()) == []


def test_a_small_or_absent_file_stays(path):
    history = History(path)
    history.rotate()
    history.append(delivery(1))
    history.rotate()
    assert list(history.deliveries()) == [delivery(1)]
