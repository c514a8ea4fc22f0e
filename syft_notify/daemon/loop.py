"""Runs a callable again and again at an interval until it is told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from syft_notify.domain.errors import NotifyError

log = logging.getLogger(__name__)

_CLOCK_ERROR_SECONDS = 0.01


class Stop(Protocol):
    """What ends the loop; `threading.Event` and `Control` are some."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; True when it is time to stop."""


class Control:
    """How other threads steer the loop. Its own thread calls `beat` at least every `beat_seconds` while it waits."""

    def __init__(self, beat: Callable[[], None] = lambda: None, beat_seconds: float = 3600) -> None:
        self._beat = beat
        self._beat_seconds = beat_seconds
        self._changed = threading.Condition()
        self._stopping = False
        self._reloading = False
        self._hurried = False

    @property
    def stopping(self) -> bool:
        """Whether the end is wanted."""
        return self._stopping

    def stop(self) -> None:
        """End the loop after the mail in hand."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def reload(self) -> None:
        """End the loop after the poll in hand, so that it can go on with other settings."""
        with self._changed:
            self._reloading = True
            self._changed.notify_all()

    def reloaded(self) -> None:
        """The loop may go on."""
        self._reloading = False

    def poll_now(self) -> None:
        """Let the pause end, or the next one if the loop polls just now."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def is_set(self) -> bool:
        """Whether the loop shall end, for good or to be reloaded."""
        return self._stopping or self._reloading

    def wait(self, timeout: float) -> bool:
        """Wait for the next poll, at most `timeout` seconds."""
        end = time.monotonic() + timeout
        with self._changed:
            while not (self.is_set() or self._hurried):
                self._beat()
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, self._beat_seconds))
            self._hurried = False
        return self.is_set()


def run_loop(
    poll: Callable[[], object],
    interval: timedelta,
    stop: Stop,
    failed: Callable[[Exception], None],
    meanwhile: Callable[[], object] = lambda: None,
    every: timedelta = timedelta(minutes=10),
) -> None:
    """Poll, pause for `interval`, poll again, until `stop` is set. `meanwhile` is called in pauses, each `every` of it.

    What raises is reported to `failed`, an internal error is logged with its traceback too; the loop goes on.
    """

    def guarded(action: Callable[[], object]) -> None:
        try:
            action()
        except NotifyError as error:
            failed(error)
        except Exception as error:
            # The last guard: a daemon that ends after one error is worse than one that reports it.
            log.exception("the poll failed")
            failed(error)

    while not stop.is_set():
        guarded(poll)
        left = interval.total_seconds()
        while _waited(stop, min(left, every.total_seconds())) and left > every.total_seconds():
            left -= every.total_seconds()
            guarded(meanwhile)


def _waited(stop: Stop, seconds: float) -> bool:
    """Whether the wait lasted to its end: neither was it stopped nor the next poll wanted at once."""
    begun = time.monotonic()
    return not stop.wait(seconds) and time.monotonic() - begun >= seconds - _CLOCK_ERROR_SECONDS
