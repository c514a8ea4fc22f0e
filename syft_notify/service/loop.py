"""Runs a callable again and again at an interval until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

log = logging.getLogger(__name__)


class Stop(Protocol):
    """What ends the loop; `threading.Event` is one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; True when it is time to stop."""


def run_loop(poll: Callable[[], object], interval: timedelta, stop: Stop, failed: Callable[[Exception], None]) -> None:
    """Poll, pause for `interval`, poll again, until `stop` is set.

    A poll that raises is logged with its traceback and reported to `failed`; the loop goes on.
    """
    while not stop.is_set():
        try:
            poll()
        except Exception as error:
            # The last guard: a watchman that dies of one bad moment is worse than one that reports it.
            log.exception("the poll failed")
            failed(error)
        stop.wait(interval.total_seconds())
