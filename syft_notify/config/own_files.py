"""Every file that we use, with its role: no two roles share a path, and each path holds the right kind of file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from syft_notify.config.paths import CONFIG_NAME, KEPT_COPIES, Files, ServiceFiles, numbered
from syft_notify.config.regular_files import DEVICE, LINK, NOTHING, REGULAR_FILE, kind_of

_REPLACED = (REGULAR_FILE, LINK)  # the link stays, and what it points to is replaced
_IN_PLACE = (REGULAR_FILE,)  # a link would let us write to any file
_LOG = (REGULAR_FILE, LINK, DEVICE)
_ANYTHING: tuple[str, ...] = ()  # its reader says what is wrong with it


@dataclass(frozen=True)
class OwnFile:
    """A path that we use. `kinds` may stand there; `key` is the setting that names it, empty if it has none."""

    role: str
    path: Path
    kinds: tuple[str, ...] = _REPLACED
    key: str = ""


@dataclass(frozen=True)
class PathProblem:
    """What is wrong with a path, in a sentence that says what to do, and the key to change, if there is one."""

    text: str
    key: str = ""


def path_problem(
    paths: Mapping[str, Path], folder: Path, config: Path | None, written: Collection[str]
) -> PathProblem | None:
    """The first problem of the paths of a config; `folder` and `config` are where the config is.

    Of two keys that are in each other's way it names the one that a person has `written`.
    """
    files = [*_of_keys(paths), *_of_folder(folder, config)]
    wrong = (_wrong_kind(file) for file in files)
    return next(filter(None, wrong), None) or _shared_path(files, paths, written)


def private_files(paths: Mapping[str, Path], folder: Path) -> list[Path]:
    """The files that we keep from others: state, tokens, locks and the like. Logs are left to who collects them."""
    files = [*_of_keys(paths), *_of_folder(folder, None)]
    return [ServiceFiles(folder).client, *(file.path for file in files if file.kinds in (_REPLACED, _IN_PLACE))]


def _of_keys(paths: Mapping[str, Path]) -> Iterator[OwnFile]:
    state = Files(paths["state_path"])
    yield OwnFile("the state", state.state, key="state_path")
    yield OwnFile("the lock of the state", state.lock, _IN_PLACE, "state_path")
    yield OwnFile("the database", state.database, _IN_PLACE, "state_path")
    yield OwnFile("the journal of the database", state.journal, _IN_PLACE, "state_path")
    yield OwnFile("the copy of the database", state.copy, key="state_path")
    # One file may serve both services, so both have one role.
    yield OwnFile("a token", paths["drive_token_path"], key="drive_token_path")
    yield OwnFile("a token", paths["gmail_token_path"], key="gmail_token_path")
    yield OwnFile("the SyftBox folder", paths["syftbox_root"], _ANYTHING, "syftbox_root")


def _of_folder(folder: Path, config: Path | None) -> Iterator[OwnFile]:
    service = ServiceFiles(folder)
    yield OwnFile("the config", config or folder / CONFIG_NAME, _ANYTHING)
    yield OwnFile("the OAuth client", service.client, _ANYTHING)
    yield OwnFile("the folder of templates", service.templates, _ANYTHING)
    yield OwnFile("the lock of the service", service.lock, _IN_PLACE)
    yield OwnFile("the PID file", service.pid)
    yield OwnFile("the health report", service.health)
    for log in (service.log, service.error_log):
        for number in range(KEPT_COPIES + 1):
            yield OwnFile("a log", numbered(log, number), _LOG)


def _wrong_kind(file: OwnFile) -> PathProblem | None:
    if not file.kinds:
        return None
    for path in (file.path, Path(os.path.realpath(file.path))):
        kind = kind_of(path)
        if kind not in (*file.kinds, NOTHING):
            fix = "Name another path." if file.key else "Move it away."
            return PathProblem(f"{path} is {kind}, and {file.role} must be {file.kinds[0]}. {fix}", file.key)
    return None


def _shared_path(files: list[OwnFile], paths: Mapping[str, Path], written: Collection[str]) -> PathProblem | None:
    """A path with two roles: by its name, also in other letters, or because both names are of one file."""
    known: dict[object, OwnFile] = {}
    for file in files:
        for mark in _marks(file):
            other = known.setdefault(mark, file)
            if other.role != file.role:
                key = min(filter(None, (other.key, file.key)), key=lambda key: key not in written, default="")
                text = f"{file.path} would be both {other.role} and {file.role}. Choose another name."
                return PathProblem(f"{paths[key]} cannot be used: {text}" if key else text, key)
    return None


def _marks(file: OwnFile) -> Iterator[object]:
    yield os.path.realpath(file.path).casefold()
    try:
        status = os.stat(file.path)
    except OSError:
        return
    # Tools that save space link equal files, as two tokens: that ends when one of them is replaced.
    if file.kinds != _REPLACED or status.st_nlink == 1:
        yield status.st_dev, status.st_ino
