"""Reading a log from its end, and on as it grows."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from syft_notify.daemon.tail import follow, last_lines


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "x.log"


def numbered(*numbers: int) -> list[str]:
    return [f"line {number}" for number in numbers]


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


class TestLastLines:
    @pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
    def test_are_as_many_as_there_are(self, log, count):
        write(log, *numbered(1, 2, 3, 4))
        assert last_lines(log, count) == numbered(1, 2, 3, 4)[max(0, 4 - count) :] * bool(count)

    def test_go_on_in_what_was_put_aside(self, log):
        write(log.with_name("x.log.2"), *numbered(1, 2))
        write(log.with_name("x.log.1"), *numbered(3, 4))
        write(log, *numbered(5))
        assert last_lines(log, 4) == numbered(2, 3, 4, 5)

    def test_include_one_that_was_cut_off(self, log):
        log.write_bytes(b"line 1\nline 2\nli\xff")
        assert last_lines(log, 2) == ["line 2", "li\N{REPLACEMENT CHARACTER}"]

    def test_may_be_longer_than_a_block(self, log):
        write(log, "a" * 200_000, "b" * 200_000)
        assert last_lines(log, 1) == ["b" * 200_000]
        assert last_lines(log, 2) == ["a" * 200_000, "b" * 200_000]

    def test_of_a_large_file_do_not_read_it_all(self, log):
        with log.open("wb") as file:
            file.seek(1 << 40)  # a hole of a tebibyte, which nobody reads in a test
            file.write(b"\nline 1\nline 2\n")
        assert last_lines(log, 2) == numbered(1, 2)

    def test_of_an_empty_file_are_none(self, log):
        log.touch()
        assert last_lines(log, 5) == []


def followed(log: Path, count: int, *steps: Callable[[], object]) -> list[str]:
    """What is told when these things happen between the looks."""
    left = list(steps)

    def wait() -> bool:
        if left:
            left.pop(0)()
        return bool(left)

    return [*follow(log, count, wait)]


class TestFollow:
    def test_begins_with_the_end(self, log):
        write(log.with_name("x.log.1"), *numbered(1, 2))
        write(log, *numbered(3))
        assert followed(log, 2, lambda: write(log, *numbered(4)), lambda: None) == numbered(2, 3, 4)

    def test_tells_each_line_once_it_is_whole(self, log):
        log.write_text("line 1\nli")
        with log.open("a") as file:
            told = followed(log, 9, lambda: (file.write("ne 2\nline"), file.flush()), lambda: None)
        assert told == numbered(1, 2)

    def test_waits_for_a_log_to_begin(self, log):
        assert followed(log, 5, lambda: None, lambda: write(log, *numbered(1)), lambda: None) == numbered(1)

    @pytest.mark.parametrize("burst", [1, 7, 40])
    def test_loses_nothing_in_rotations(self, log, burst):
        handler = RotatingFileHandler(log, maxBytes=100, backupCount=7)
        handler.setFormatter(logging.Formatter("%(message)s"))
        numbers = iter(range(1, 1000))

        def write_burst() -> None:
            for _ in range(burst):
                handler.emit(logging.makeLogRecord({"msg": f"line {next(numbers)}"}))

        write_burst()
        told = followed(log, 0, *[write_burst] * 10, lambda: None)
        handler.close()
        assert told == numbered(*range(burst + 1, 11 * burst + 1))

    def test_goes_on_when_the_clock_was_set_back(self, log):
        write(log, *numbered(1))

        def rotate() -> None:
            log.rename(log.with_name("x.log.1"))
            write(log, *numbered(2))
            os.utime(log, (0, 0))

        assert followed(log, 1, rotate, lambda: None) == numbered(1, 2)

    def test_goes_on_after_a_truncation_and_after_a_removal(self, log):
        write(log.with_name("x.log.1"), *numbered(0))
        write(log, *numbered(1, 2))

        def anew() -> None:
            log.unlink()
            write(log, *numbered(4))

        told = followed(log, 1, lambda: log.write_text("line 3\n"), anew, lambda: None)
        assert told == numbered(2, 3, 4)
