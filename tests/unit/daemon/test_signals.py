"""Signals as messages, and work that is ended by them."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from syft_notify.daemon.signals import POLL, RELOAD, STOP, SignalInbox, attend


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


class TestInbox:
    def test_holds_signals_until_they_are_read(self):
        with SignalInbox(*STOP, RELOAD, POLL) as inbox:
            # Sent to this thread: of those that `kill` sends to the process, two of one kind may become one.
            for number in (RELOAD, POLL, RELOAD):
                signal.raise_signal(number)
            assert inbox.wait() == (RELOAD, POLL, RELOAD)

    def test_returns_without_a_signal_when_it_is_woken(self):
        with SignalInbox() as inbox:
            threading.Timer(0.05, inbox.wake).start()
            assert inbox.wait() == ()

    def test_leaves_everything_as_it_was(self):
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        with SignalInbox():
            assert signal.getsignal(signal.SIGTERM) is SignalInbox.handler
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        assert signal.set_wakeup_fd(-1) == -1

    @pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
    def test_what_is_ignored_already_stays_ignored(self, number):
        before = signal.signal(number, signal.SIG_IGN)
        try:
            with SignalInbox(*STOP, RELOAD, POLL) as inbox:
                kill(number)
                kill(POLL)
                assert inbox.wait() == (POLL,)
        finally:
            signal.signal(number, before)

    def test_a_termination_is_heard_although_it_was_ignored(self):
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            with SignalInbox() as inbox:
                kill(signal.SIGTERM)
                assert inbox.wait() == (signal.SIGTERM,)
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_a_storm_of_signals_blocks_nobody(self):
        with SignalInbox(POLL) as inbox:
            for _ in range(5000):
                kill(POLL)
            assert set(inbox.wait()) == {POLL}


class TestAttend:
    def test_ends_with_the_work(self):
        done: list[int] = []
        with SignalInbox() as inbox:
            attend(lambda: done.append(1), inbox, lambda number: True, lambda: True)
        assert done == [1]

    def test_raises_what_the_work_raised(self):
        def work() -> None:
            raise ValueError("a mistake")

        with SignalInbox() as inbox, pytest.raises(ValueError, match="a mistake"):
            attend(work, inbox, lambda number: True, lambda: True)

    def test_hands_every_signal_over_and_goes_on_until_one_says_stop(self):
        heard: list[int] = []
        end = threading.Event()

        def heed(number: int) -> bool:
            heard.append(number)
            if number == POLL:
                kill(signal.SIGTERM)
            else:
                end.set()
            return number != POLL

        def work() -> None:
            kill(POLL)
            end.wait(10)

        with SignalInbox(*STOP, POLL) as inbox:
            attend(work, inbox, heed, lambda: True)
        assert heard == [POLL, signal.SIGTERM]

    def test_leaves_work_that_may_be_left(self):
        hang = threading.Event()
        with SignalInbox() as inbox:
            threading.Timer(0.05, kill, [signal.SIGTERM]).start()
            attend(lambda: hang.wait(30) and None, inbox, lambda number: True, lambda: True)
        assert not hang.is_set()
        hang.set()

    def test_waits_for_work_that_may_not_be_left(self):
        finished: list[int] = []

        def work() -> None:
            time.sleep(1.5)
            finished.append(1)

        with SignalInbox() as inbox:
            threading.Timer(0.05, kill, [signal.SIGTERM]).start()
            attend(work, inbox, lambda number: True, lambda: bool(finished))
        assert finished == [1]
