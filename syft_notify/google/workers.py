"""A few threads that fetch at once. They end with the process, whatever they wait for."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Generic, NoReturn, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Generic[Task, Result]):
    """Threads that do one kind of work; they are started when there is some, and live until `close`."""

    def __init__(self, work: Callable[[Task], Result], weight: Callable[[Task], int], *, count: int, load: int) -> None:
        """At most `count` tasks are in hand, and more than one only while their weights stay within `load`."""
        self._work = work
        self._weight = weight
        self._count = count
        self._load = load
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[_End[Task, Result]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in the order of their ends. Only one thread may ask. Raises what a task raises."""
        waiting, in_hand, load = deque(tasks), 0, 0
        try:
            while waiting or in_hand:
                while waiting and in_hand < self._count:
                    weight = self._weight(waiting[0])
                    if in_hand and load + weight > self._load:
                        break
                    in_hand, load = in_hand + 1, load + weight
                    self._hand_out(waiting.popleft(), in_hand)
                end = self._ends.get()
                in_hand, load = in_hand - 1, load - self._weight(end.task)
                yield end.task, end.result()
        finally:
            for _ in range(in_hand):  # who asked lost interest
                self._ends.get()

    def close(self) -> None:
        """Let the threads end after what they have in hand."""
        for _ in self._threads:
            self._tasks.put(None)
        self._threads = []

    def _hand_out(self, task: Task, in_hand: int) -> None:
        if in_hand > len(self._threads):
            thread = threading.Thread(target=self._run, name=f"fetching {in_hand}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._tasks.put(task)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._ends.put(_end(self._work, task))


@dataclass(frozen=True)
class _End(Generic[Task, Result]):
    """How a task ended."""

    task: Task
    result: Callable[[], Result]


def _end(work: Callable[[Task], Result], task: Task) -> _End[Task, Result]:
    try:
        done = work(task)
    except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
        return _End(task, partial(_raise, error))
    return _End(task, lambda: done)


def _raise(error: BaseException) -> NoReturn:
    raise error
