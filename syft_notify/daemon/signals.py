"""Signals as messages: the kernel notes them in a socket, and the main thread reads them when it is ready."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from types import FrameType, TracebackType

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD = signal.SIGHUP
POLL = signal.SIGUSR1

# What a terminal sends. A program that starts with these ignored, by `nohup` or by `&` in a script, shall go on.
_OF_TERMINAL = frozenset({signal.SIGHUP, signal.SIGINT})

# A number that is no signal: somebody in this process wants the main thread to look up.
_WAKE = b"\0"
_GRACE_SECONDS = 1.0


class SignalInbox:
    """Catches signals between `with` and its end. Handlers do nothing: a lock that one took could be held already.

    A SIGHUP or SIGINT that is ignored already stays ignored.
    """

    def __init__(self, *signals: int) -> None:
        """Which signals to catch; SIGTERM and SIGINT unless given. Only the main thread may open it."""
        self._signals = signals or tuple(STOP)
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._former: Mapping[int, object] = {}
        self._former_wakeup = -1

    def __enter__(self) -> SignalInbox:
        self._former_wakeup = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        caught = [
            number
            for number in self._signals
            if not (number in _OF_TERMINAL and signal.getsignal(number) is signal.SIG_IGN)
        ]
        self._former = {number: signal.signal(number, self.handler) for number in caught}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._former_wakeup)
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._reading.close()
        self._writing.close()

    @staticmethod
    def handler(number: int, frame: FrameType | None) -> None:
        """Stands where Python wants a handler; the number is in the socket already."""

    def wake(self) -> None:
        """Let `wait` return; from any thread, and in vain when nobody waits any more."""
        with contextlib.suppress(OSError):
            self._writing.send(_WAKE)

    def wait(self) -> tuple[int, ...]:
        """Wait for signals, or for `wake`, which adds none."""
        select.select([self._reading], [], [])
        return tuple(number for number in self._reading.recv(4096) if number in self._signals)


def attend(
    work: Callable[[], None], inbox: SignalInbox, heed: Callable[[int], bool], may_leave: Callable[[], bool]
) -> None:
    """Do the work in a thread while this one hands every signal to `heed`, which says whether to stop.

    After a stop the work has a moment to end, and more while `may_leave` says no. Raises what the work raised.
    """
    errors: list[BaseException] = []
    done = threading.Event()

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            errors.append(error)
        finally:
            done.set()
            inbox.wake()

    worker = threading.Thread(target=guarded, name="polls", daemon=True)
    worker.start()
    stopping = False
    while not (stopping or done.is_set()):
        for number in inbox.wait():
            stopping = heed(number) or stopping
    done.wait(_GRACE_SECONDS)
    while not (done.is_set() or may_leave()):
        done.wait(_GRACE_SECONDS / 10)
    if errors:
        raise errors[0]
