"""Reads a log from its end, and on as it grows, through rotation, truncation and restarts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from syft_notify.config.paths import KEPT_COPIES, numbered

_BLOCK = 65_536


def generations(log: Path) -> list[Path]:
    """The log and what was put aside of it, newest first, as far as they exist."""
    names = [numbered(log, number) for number in range(KEPT_COPIES + 1)]
    return [path for path in names if path.is_file()]


def last_lines(log: Path, count: int) -> list[str]:
    """The last `count` lines, oldest first, from older files too when the newest has too few. Raises `OSError`."""
    return _last(generations(log), count)


def follow(log: Path, count: int, wait: Callable[[], bool]) -> Iterator[str]:
    """The last `count` lines, then every line as it is written.

    `wait` pauses between two looks and says whether to go on. Raises `OSError`.
    """
    file: BinaryIO | None = None
    begun = b""
    if log.is_file():
        older = generations(log)[1:]
        file = log.open("rb")
        lines, begun = _end_of(file, count)
        yield from _last(older, count - len(lines))
        yield from lines
    try:
        while True:
            lines, begun = _new_lines(file, begun)
            yield from lines
            newer = _successors(log, file)
            if not newer:
                if not wait():
                    return
                continue
            # A last look: what was written between our reading and the rotation.
            lines, begun = _new_lines(file, begun)
            yield from (*lines, *([_text(begun)] if begun else []))
            begun = b""
            if file is not None:
                file.close()
            for complete in newer[:-1]:
                with complete:
                    yield from _new_lines(complete, b"")[0]
            file = newer[-1]
    finally:
        if file is not None:
            file.close()


def _last(newest_first: Sequence[Path], count: int) -> list[str]:
    found: list[str] = []
    for path in newest_first:
        if len(found) >= count:
            break
        with path.open("rb") as file:
            lines, begun = _end_of(file, count - len(found))
            found = [*lines, *([_text(begun)] if begun else []), *found]
    return found[-count:] if count > 0 else []


def _successors(log: Path, file: BinaryIO | None) -> list[BinaryIO]:
    """The files that took the place of `file`, oldest first, opened; none while it is still the log."""
    if file is None:
        return [log.open("rb")] if log.is_file() else []
    present = os.fstat(file.fileno())
    newer: dict[int, BinaryIO] = {}
    for path in generations(log):
        try:
            candidate = path.open("rb")
        except FileNotFoundError:
            continue
        status = os.fstat(candidate.fileno())
        # What has the log's name is newer whatever its time says: the clock may have been set back.
        older = path != log and status.st_mtime_ns < present.st_mtime_ns
        if os.path.samestat(status, present) or older:
            candidate.close()
            break
        if status.st_ino in newer:
            candidate.close()
        else:
            newer[status.st_ino] = candidate
    return list(reversed(newer.values()))


def _new_lines(file: BinaryIO | None, begun: bytes) -> tuple[list[str], bytes]:
    """The whole lines that were written since the last reading, and the beginning of the next one."""
    if file is None:
        return [], b""
    if os.fstat(file.fileno()).st_size < file.tell():
        file.seek(0)
        begun = b""
    *lines, rest = (begun + file.read()).split(b"\n")
    return [_text(line) for line in lines], rest


def _end_of(file: BinaryIO, count: int) -> tuple[list[str], bytes]:
    """The last whole lines of one file, read backwards in blocks, and the beginning of the next one."""
    end = position = file.seek(0, os.SEEK_END)
    content = b""
    while position > 0 and content.count(b"\n") <= count:
        step = min(_BLOCK, position)
        position = file.seek(position - step)
        content = file.read(step) + content
    file.seek(end)
    *lines, begun = content.split(b"\n")
    return [_text(line) for line in lines[-count:]] if count > 0 else [], begun


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
