"""A few threads that fetch at once. They end with the process, whatever they wait for."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Generic[Task, Result]):
    """Threads that do one kind of work; they are started when there is some, and live until `close`."""

    def __init__(self, work: Callable[[Task], Result], weight: Callable[[Task], int], *, count: int, load: int) -> None:
        """`work` must not raise. At most `count` tasks are in hand, and more than one only up to a `load` in all."""
        self._work = work
        self._weight = weight
        self._count = count
        self._load = load
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Task, Result]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in the order of their ends. Only one thread may ask."""
        waiting, in_hand, load = deque(tasks), 0, 0
        try:
            while waiting or in_hand:
                while (
                    waiting and in_hand < self._count and (not in_hand or load + self._weight(waiting[0]) <= self._load)
                ):
                    task = waiting.popleft()
                    in_hand, load = in_hand + 1, load + self._weight(task)
                    self._hand_out(task, in_hand)
                task, result = self._results.get()
                in_hand, load = in_hand - 1, load - self._weight(task)
                yield task, result
        finally:
            for _ in range(in_hand):  # who asked lost interest
                self._results.get()

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
            self._results.put((task, self._work(task)))
