"""Threads that fetch at once: bounded, in no order, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from syft_notify.google.workers import Workers


def test_every_task_comes_back_with_its_result():
    workers = Workers(lambda number: number * 2, lambda number: 1, count=3, load=3)
    assert sorted(workers.results(range(20))) == [(number, number * 2) for number in range(20)]
    assert sorted(workers.results([7])) == [(7, 14)]
    workers.close()


def test_what_is_in_hand_stays_within_count_and_load():
    guard, in_hand, most = threading.Lock(), [0, 0], [0, 0]

    def work(weight: int) -> None:
        with guard:
            in_hand[0], in_hand[1] = in_hand[0] + 1, in_hand[1] + weight
            most[0], most[1] = max(most[0], in_hand[0]), max(most[1], in_hand[1])
        threading.Event().wait(0.002)
        with guard:
            in_hand[0], in_hand[1] = in_hand[0] - 1, in_hand[1] - weight

    workers = Workers(work, lambda weight: weight, count=4, load=10)
    list(workers.results([1, 5, 5, 5, 9, 2, 3, 4] * 5))
    assert most[0] <= 4
    assert most[1] <= 10
    assert list(workers.results([50])) == [(50, None)]  # one alone may be heavier
    workers.close()


def test_what_a_task_raises_is_raised_where_it_was_asked_for_and_ends_nothing_else():
    def work(number: int) -> int:
        if number == 3:
            raise SystemExit("a mistake")
        return number

    workers = Workers(work, lambda number: 1, count=2, load=2)
    with pytest.raises(SystemExit):
        list(workers.results(range(10)))
    assert sorted(workers.results([1, 2])) == [(1, 1), (2, 2)]
    workers.close()


def test_threads_end_with_it():
    workers = Workers(lambda number: number, lambda number: 1, count=2, load=2)
    list(workers.results(range(4)))
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("fetching")]
    workers.close()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
