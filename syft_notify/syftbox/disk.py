"""Bounded reading below the owner's SyftBox folder: links are never followed, only plain files are opened.

What is asked of every job takes paths as text: a `Path` keeps each of its parts.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

# FAT keeps even seconds; some network file systems whole ones.
STEP_NS = 3_000_000_000
_MAX_WALK = 5_000
# Inode and size; seconds and nanoseconds of change and modification. File systems keep times far beyond the year 2262,
# where nanoseconds no longer fit into 64 bits.
_PACKED = struct.Struct("<QQqIqI")
_SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Stamp(bytes):
    """What changes when a file is written again.

    Some clocks of file systems go in steps of seconds: what was written twice in one step has one stamp. So a stamp is
    trusted only when the file was old at the time of reading, see `is_young`. Of each job some are remembered, so that
    it is packed: a quarter of what the numbers would need.
    """

    __slots__ = ()

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """What `stat` found."""
        changed, modified = divmod(found.st_ctime_ns, _SECOND_NS), divmod(found.st_mtime_ns, _SECOND_NS)
        return cls(_PACKED.pack(found.st_ino, found.st_size, *changed, *modified))

    @property
    def changed_ns(self) -> int:
        """When the file or what is said of it changed last, in nanoseconds since 1970."""
        return self._time_ns(2)

    @property
    def modified_ns(self) -> int:
        """When its content changed last."""
        return self._time_ns(4)

    @property
    def modified_at(self) -> datetime:
        """The same as a moment: the nearest one that `datetime` holds, and none before 1970."""
        if self.modified_ns <= 0:
            return _EPOCH
        try:
            return _EPOCH + timedelta(microseconds=self.modified_ns // 1000)
        except OverflowError:
            return _LAST

    def _time_ns(self, place: int) -> int:
        seconds, nanoseconds = _PACKED.unpack(self)[place : place + 2]
        return int(seconds) * _SECOND_NS + int(nanoseconds)

    def is_young(self, now_ns: int) -> bool:
        """Whether the file may be written again and keep this stamp.

        A change in the future is of a server whose clock is ahead. A modification in the future was set by a program,
        and the next one is another.
        """
        return self.changed_ns > now_ns - STEP_NS or now_ns - STEP_NS < self.modified_ns <= now_ns


def stamp_of(path: Path | str) -> Stamp | None:
    """The stamp of a plain file; None when there is none. Raises `OSError` when that cannot be told."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp.of(found)


def stamp_at(path: str) -> Stamp | None:
    """The stamp of whatever is there: of a folder it changes when something in it is made or removed."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return Stamp.of(found)


def refuse_links(base: Path, relative: str) -> None:
    """Raise `OSError` when a folder on the way from `base` to a file below it is a link."""
    parts = relative.split("/")
    for depth in range(1, len(parts)):
        if os.path.islink(f"{base}/{'/'.join(parts[:depth])}"):
            raise OSError(errno.ELOOP, "a link is on the way")


def read_start(path: Path | str, limit: int) -> bytes:
    """The first `limit` bytes of a plain file. Raises `OSError`."""
    return _read(path, 0, limit)


def read_end(path: Path, limit: int) -> bytes:
    """The last `limit` bytes of a plain file. Raises `OSError`."""
    return _read(path, -limit, limit)


def folders_in(path: Path | str) -> list[str]:
    """The names of the real folders inside a folder, sorted. Raises `OSError`."""
    with os.scandir(path) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


@dataclass
class Walk:
    """The plain files below a folder by relative path with their sizes; a path that ends in `/` was not entered.

    `met` counts files and folders; `whole` is false when there were too many of them.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    met: int = 0
    whole: bool = True


def walk(root: Path | str, enter: Callable[[str], bool]) -> Walk:
    """Look at the files below a folder; into the folders among them only where `enter(relative path)` says so."""
    found = Walk()
    waiting = [""]
    while waiting and found.whole:
        folder = waiting.pop()
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                waiting += _walk_folder(folder, entries, enter, found)
        except OSError:
            found.unreadable.append(folder)
    return found


def _walk_folder(
    folder: str, entries: Iterable[os.DirEntry[str]], enter: Callable[[str], bool], found: Walk
) -> list[str]:
    """Note the files of one folder; returns the folders in it to enter."""
    deeper: list[str] = []
    for entry in entries:
        found.met += 1
        if found.met > _MAX_WALK:
            found.whole = False
            break
        path = folder + entry.name
        if entry.is_file(follow_symlinks=False):
            _note_file(path, entry, found)
        elif entry.is_dir(follow_symlinks=False) and enter(path):
            deeper.append(f"{path}/")
        elif entry.is_dir(follow_symlinks=False):
            found.sizes[f"{path}/"] = 0
    return deeper


def _note_file(path: str, entry: os.DirEntry[str], found: Walk) -> None:
    try:
        found.sizes[path] = entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        pass  # it went while we looked; the other files of its folder are there
    except OSError:
        found.unreadable.append(path)


def _read(path: Path | str, start: int, limit: int) -> bytes:
    with open(os.open(path, _FLAGS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a plain file")
        if start < 0:
            file.seek(max(0, os.fstat(file.fileno()).st_size + start))
        return file.read(limit)
