"""The loop: again and again until told to stop, whatever a poll does."""

from __future__ import annotations

import threading
from datetime import timedelta

from syft_notify.service.loop import run_loop

NO_TIME = timedelta(seconds=0)


class Countdown:
    """Stops after so many pauses and notes how long they were asked to be."""

    def __init__(self, pauses: int) -> None:
        self.left = pauses
        self.waited: list[float] = []

    def is_set(self) -> bool:
        return self.left == 0

    def wait(self, timeout: float) -> bool:
        self.waited.append(timeout)
        self.left -= 1
        return self.is_set()


def test_it_polls_at_once_and_then_after_each_pause():
    polls: list[int] = []
    stop = Countdown(3)
    run_loop(lambda: polls.append(1), timedelta(seconds=2.5), stop, lambda error: None)
    assert len(polls) == 3
    assert stop.waited == [2.5] * 3


def test_a_poll_that_raises_is_reported_logged_and_not_the_end(caplog):
    errors: list[Exception] = []
    mistake = ValueError("a mistake of ours")

    def poll() -> None:
        raise mistake

    run_loop(poll, NO_TIME, Countdown(2), errors.append)
    assert errors == [mistake] * 2
    assert "Traceback" in caplog.text


def test_a_stop_during_a_pause_ends_it_at_once():
    stop = threading.Event()
    run_loop(stop.set, timedelta(hours=1), stop, lambda error: None)
    assert stop.is_set()
