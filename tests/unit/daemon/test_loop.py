"""The loop: again and again until told to stop, whatever a poll does."""

from __future__ import annotations

import threading
from datetime import timedelta

from syft_notify.daemon.loop import Control, run_loop

NO_TIME = timedelta(seconds=0)
HOUR = timedelta(hours=1)


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
    mistake = ValueError("a mistake")

    def poll() -> None:
        raise mistake

    run_loop(poll, NO_TIME, Countdown(2), errors.append)
    assert errors == [mistake] * 2
    assert "Traceback" in caplog.text


def test_in_a_long_pause_something_else_is_done_now_and_then():
    done: list[str] = []
    control = Control()

    def meanwhile() -> None:
        done.append("meanwhile")
        if len(done) == 4:
            control.stop()
        raise ValueError("an internal error")

    errors: list[Exception] = []
    every = timedelta(seconds=0.02)
    run_loop(lambda: done.append("poll"), HOUR, control, errors.append, meanwhile, every)
    assert done == ["poll"] + ["meanwhile"] * 3
    assert len(errors) == 3


def test_the_poll_that_follows_a_long_pause_comes_when_it_is_due():
    done: list[str] = []
    control = Control()

    def poll() -> None:
        done.append("poll")
        if done.count("poll") == 2:
            control.stop()

    pause, every = timedelta(seconds=0.25), timedelta(seconds=0.1)
    run_loop(poll, pause, control, lambda error: None, lambda: done.append("meanwhile"), every)
    assert done == ["poll", "meanwhile", "meanwhile", "poll"]


def test_a_stop_during_a_pause_ends_it_at_once():
    stop = threading.Event()
    run_loop(stop.set, HOUR, stop, lambda error: None)
    assert stop.is_set()


class TestControl:
    def test_stop_ends_the_loop_for_good(self):
        control = Control()
        threading.Timer(0.05, control.stop).start()
        run_loop(lambda: None, HOUR, control, lambda error: None)
        assert control.stopping
        assert control.is_set()

    def test_reload_ends_the_loop_until_it_is_done(self):
        control = Control()
        threading.Timer(0.05, control.reload).start()
        run_loop(lambda: None, HOUR, control, lambda error: None)
        assert not control.stopping
        control.reloaded()
        assert not control.is_set()

    def test_a_poll_asked_for_during_a_pause_comes_at_once(self):
        control = Control()
        polls: list[int] = []

        def poll() -> None:
            polls.append(1)
            if len(polls) == 1:
                threading.Timer(0.05, control.poll_now).start()
            else:
                control.stop()

        run_loop(poll, HOUR, control, lambda error: None)
        assert len(polls) == 2

    def test_a_poll_asked_for_during_a_poll_comes_after_it(self):
        control = Control()
        polls: list[int] = []

        def poll() -> None:
            polls.append(1)
            if len(polls) == 1:
                control.poll_now()
                control.poll_now()
            else:
                control.stop()

        run_loop(poll, HOUR, control, lambda error: None)
        assert len(polls) == 2

    def test_it_beats_while_it_waits(self):
        beats: list[int] = []
        Control(lambda: beats.append(1), beat_seconds=0.02).wait(0.2)
        assert len(beats) > 3
