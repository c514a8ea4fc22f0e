"""Shows submitted code within the limits of a mail: which files, in which order, and in words what is left out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from encodings import utf_8_sig  # found now: later the folder of the library may be out of reach

from syft_notify.domain.jobs import CodeFile, Preview
from syft_notify.domain.text import printable
from syft_notify.syftbox.layouts import CONFIG_FILE

MAX_FILE_BYTES = 50_000
MAX_SHOWN_BYTES = 200_000
# So much is read to find what is shown; copies of one file, and files that are no text, take none of the room.
MAX_READ_BYTES = 1_000_000
RUN_FILE = "run.sh"

_MAX_FILES = 100
_MAX_NAMED = 5
_CODE = frozenset({".py", ".sh", ".ipynb", ".r", ".rmd", ".jl", ".sql", ".js", ".ts", ".c", ".cpp", ".h", ".rs", ".go"})
# Hidden files and folders, and what tools make, anywhere in a path; one search costs less than a look at each part.
_GENERATED = re.compile(
    r"(?:^|/)(?:\.|(?:__pycache__|node_modules|site-packages|venv)(?:/|$))|(?:\.egg-info|\.pyc|\.pyo)(?:/|$)", re.DOTALL
)
_LOCK_FILES = frozenset({"package-lock.json", "pnpm-lock.yaml", "conda-lock.yml"})
# Control and formatting characters: they would hide or reorder code in front of the person who reviews it.
_DECEIVING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)

Reader = Callable[[str, int], bytes | None]


def build_preview(sizes: Mapping[str, int], read: Reader, entry_point: str) -> Preview:
    """The code among the files of a submission.

    `sizes` maps paths inside the job's folder to bytes; a path that ends in `/` is a folder that nobody looked into.
    `read(path, limit)` gives a file's first `limit` bytes, or None when it cannot be read.
    """
    paths = [path for path in sizes if path != CONFIG_FILE]
    plain = [path for path in paths if not _is_unshown(path)]
    lock = {path for path in plain if _is_lock_file(path)}
    empty = {path for path in plain if sizes[path] == 0}
    code = [path for path in plain if path not in lock and path not in empty]
    picked = _Pick(sizes, read)
    for path in _by_importance(code, entry_point):
        picked.add(path)
    shown = [picked.shown[path] for path in code_order(picked.shown, entry_point)]
    left_out = (
        *picked.in_words(),
        *_hidden_in_words(paths),
        *_counted(len(lock), "lock file"),
        *_counted(len(empty), "empty file"),
    )
    return Preview(tuple(shown), left_out)


def code_order(paths: Iterable[str], entry_point: str) -> list[str]:
    """The entry point, the other code, the other files, and last the `run.sh` that starts them."""
    listed = sorted(paths)
    entry = _entry_path(listed, entry_point)

    def place(path: str) -> tuple[bool, bool, bool, str]:
        return path == RUN_FILE, path != entry, os.path.splitext(path)[1].lower() not in _CODE, path

    return sorted(listed, key=place)


def submitted_count(paths: Iterable[str]) -> int:
    """How many files a person would say the submission consists of."""
    return sum(path != CONFIG_FILE and not _is_unshown(path) for path in paths)


def is_generated_name(name: str) -> bool:
    """Whether a file or folder of this name is hidden or made by a tool."""
    return _GENERATED.search(name) is not None


class _Pick:
    """The files shown so far, and what became of the others."""

    def __init__(self, sizes: Mapping[str, int], read: Reader) -> None:
        self.shown: dict[str, CodeFile] = {}
        self._sizes = sizes
        self._read = read
        self._room = MAX_SHOWN_BYTES
        self._to_read = MAX_READ_BYTES
        self._binary: list[str] = []
        self._unread: list[str] = []
        self._rest: list[str] = []
        self._copies: list[tuple[str, str]] = []

    def add(self, path: str) -> None:
        size = min(self._sizes[path], MAX_FILE_BYTES)
        if len(self.shown) >= _MAX_FILES or min(self._room, self._to_read) < size:
            self._rest.append(path)
            return
        self._to_read -= size
        data = self._read(path, MAX_FILE_BYTES)
        if data is None:
            self._unread.append(path)
            return
        text = _text(data, whole=len(data) >= self._sizes[path])
        if text is None:
            self._binary.append(path)
        else:
            self._show(path, text)

    def _show(self, path: str, text: str) -> None:
        shown = _fitting(text, MAX_FILE_BYTES)
        cut = self._sizes[path] > MAX_FILE_BYTES or len(shown) < len(text)
        file = CodeFile(printable(path), shown, self._sizes[path], cut)
        twin = next((known for known, other in self.shown.items() if other.text == shown and not cut), "")
        if twin == RUN_FILE:
            # For a bash job the client writes the script twice; the DS's own file is the one to show.
            del self.shown[twin]
            self.shown[path] = file
            self._copies.append((twin, path))
        elif twin:
            self._copies.append((path, twin))
        elif (cost := len(shown.encode()) + len(path)) > self._room:
            self._rest.append(path)
        else:
            self._room -= cost
            self.shown[path] = file

    def in_words(self) -> list[str]:
        words = [f"{printable(path)}: the same as {printable(twin)}" for path, twin in self._copies[:_MAX_NAMED]]
        words += _counted(len(self._copies[_MAX_NAMED:]), "more copy", "more copies")
        words += [
            f"{printable(path)}: binary, {size_in_words(self._sizes[path])}" for path in self._binary[:_MAX_NAMED]
        ]
        words += self._more(self._binary[_MAX_NAMED:], "more binary file")
        words += [f"{printable(path)}: cannot be read" for path in self._unread[:_MAX_NAMED]]
        words += _counted(
            len(self._unread[_MAX_NAMED:]), "more file that cannot be read", "more files that cannot be read"
        )
        return words + self._more(self._rest, "more file")

    def _more(self, paths: Sequence[str], noun: str) -> list[str]:
        total = size_in_words(sum(self._sizes[path] for path in paths))
        return [f"{words}, {total}" for words in _counted(len(paths), noun)]


def size_in_words(size: int) -> str:
    """A size as people say it."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    return f"{size / 1000:.0f} KB" if size < 999_500 else f"{size / 1_000_000:,.1f} MB"


def _by_importance(paths: Sequence[str], entry_point: str) -> list[str]:
    """Who gets the room: `run.sh` comes right after the entry point, so that padding cannot push it out of the mail."""
    ordered = code_order(paths, entry_point)
    entry = _entry_path(ordered, entry_point)
    return sorted(ordered, key=lambda path: (path != entry, path != RUN_FILE))


def _entry_path(paths: Sequence[str], entry_point: str) -> str:
    """The file that the config's entry point means: it is relative to a folder that differs between generations."""
    fitting = [path for path in paths if entry_point and f"/{path}".endswith(f"/{entry_point}")]
    return min(fitting, key=lambda path: (path.count("/"), path), default="")


def _is_unshown(path: str) -> bool:
    return path.endswith("/") or is_generated_name(path)


def _is_lock_file(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".lock") or name in _LOCK_FILES


def _hidden_in_words(paths: Iterable[str]) -> list[str]:
    """Hidden and generated things by their count; what lies inside such a folder is one folder."""
    tops = {_topmost_generated(path) for path in paths if _is_unshown(path)}
    folders = sum(top.endswith("/") for top in tops)
    return [
        *_counted(len(tops) - folders, "hidden or generated file"),
        *_counted(folders, "hidden or generated folder"),
    ]


def _topmost_generated(path: str) -> str:
    parts = path.split("/")
    depth = next((i for i, part in enumerate(parts) if is_generated_name(part)), len(parts) - 1)
    return path if depth == len(parts) - 1 else "/".join(parts[: depth + 1]) + "/"


def _counted(count: int, noun: str, plural: str = "") -> list[str]:
    if not count:
        return []
    return [f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"]


def _text(data: bytes, *, whole: bool) -> str | None:
    """The text, with what deceives the eye made visible; None when the data is no text."""
    if b"\0" in data:
        return None
    try:
        text = utf_8_sig.IncrementalDecoder().decode(data, final=whole)
    except UnicodeDecodeError:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _DECEIVING.sub(lambda match: match.group().encode("unicode_escape").decode(), lines)


def _fitting(text: str, limit: int) -> str:
    data = text.encode()
    return text if len(data) <= limit else data[:limit].decode(errors="ignore")
