"""Bounded reading below the owner's SyftBox folder: links are never followed, only plain files are opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Stamp:
    """What changes when a file is written again."""

    inode: int
    size: int
    changed_ns: int
    modified_ns: int


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a plain file; None when there is none. Raises `OSError` when that cannot be told."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_ino, found.st_size, found.st_ctime_ns, found.st_mtime_ns)


def read_start(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a plain file. Raises `OSError`."""
    return _read(path, 0, limit)


def read_end(path: Path, limit: int) -> bytes:
    """The last `limit` bytes of a plain file. Raises `OSError`."""
    return _read(path, -limit, limit)


def folders_in(path: Path) -> list[str]:
    """The names of the real folders inside a folder, sorted, hidden ones left out. Raises `OSError`."""
    with os.scandir(path) as entries:
        return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith("."))


def walk_files(root: Path, limit: int, skip: frozenset[str]) -> Iterator[tuple[str, int]]:
    """The plain files below a folder with their sizes, by path relative to it; at most `limit` entries are looked at.

    Folders with a name in `skip` and hidden ones are not entered but given as a path that ends in `/`.
    """
    seen = 0
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    seen += 1
                    if seen > limit:
                        return
                    path = f"{folder}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name.startswith(".") or entry.name in skip:
                            yield f"{path}/", 0
                        else:
                            waiting.append(f"{path}/")
                    elif entry.is_file(follow_symlinks=False):
                        yield path, entry.stat(follow_symlinks=False).st_size
        except OSError:
            yield folder or "./", 0


def _read(path: Path, start: int, limit: int) -> bytes:
    with open(os.open(path, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a plain file")
        if start < 0:
            file.seek(max(0, os.fstat(file.fileno()).st_size + start))
        return file.read(limit)
