"""The checks of this machine: config, folder, who can read the secrets, the SyftBox folder, disk, state, service."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from syft_notify.config.file_lock import MOVE_STATE, FileLock, holder_of, is_held
from syft_notify.config.paths import Files, ServiceFiles, is_there
from syft_notify.config.permissions import Access, OpenError, access_of_others
from syft_notify.config.surroundings import config_option
from syft_notify.doctor.check_context import CheckContext
from syft_notify.doctor.findings import Check, NothingToCheck
from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.engine.health import problems_of, read_health
from syft_notify.store.database import DamagedError
from syft_notify.store.reading import Reader
from syft_notify.store.view import View, parse
from syft_notify.syftbox.local_jobs import LocalJobFolder

# The logs alone may grow to more; below this a full disk is a matter of days.
LEAST_FREE_BYTES = 50_000_000


def _config(context: CheckContext) -> str:
    init = f"`syft-notify init{_option(context)}`"
    if not is_there(context.path):
        raise UserError(f"{context.path} does not exist", f"Make one: {init}, or name another with --config")
    try:
        config = context.config
    except ConfigError as error:
        # It tells all that is wrong, each with how to fix it, in lines of their own.
        raise UserError(str(error).replace("\n", " "), f"Correct it in an editor, or run {init}") from error
    return f"{context.path}, of {config.do_email}"


def _option(context: CheckContext) -> str:
    return config_option(context.path, context.home)


def _folder(context: CheckContext) -> str:
    folder = context.path.parent
    access = access_of_others(folder)
    if access.is_open:
        raise OpenError(folder, access)
    if access_of_others(context.path) is Access.CHANGE:
        raise OpenError(context.path, Access.CHANGE)
    if access is Access.UNKNOWN:
        return f"the file system of {folder} keeps no modes, so others may be able to look into it"
    return f"{folder} is yours alone"


def _secrets(context: CheckContext) -> str:
    there = [path for path in _secret_files(context) if is_there(path)]
    open_ones = [path for path in there if access_of_others(path).is_open]
    if open_ones:
        names = ", ".join(path.name for path in open_ones)
        raise UserError(f"Others can read {names}", f"`chmod 600 {shlex.join(map(str, open_ones))}`")
    return f"{', '.join(path.name for path in there) or 'none there yet'}: yours alone"


def _secret_files(context: CheckContext) -> Iterator[Path]:
    """The tokens, the OAuth client, and what the state says of people and their jobs."""
    config = context.config
    yield from (config.drive_token_path, config.gmail_token_path, ServiceFiles(context.path.parent).client)
    files = Files(config.state_path)
    yield from (files.state, files.database, files.copy)


def _syftbox(context: CheckContext) -> str:
    config = context.config
    absence = LocalJobFolder(config.syftbox_root, config.do_email).absence()
    if absence:
        fix = f"Name the right one with {config.command('init')}, or log in with your SyftBox client on this machine"
        raise UserError(absence[0].upper() + absence[1:], fix)
    return f"{config.syftbox_root} holds the datasite of {config.do_email}"


def _disk(context: CheckContext) -> str:
    folder = context.config.state_path.parent
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise UserError(f"Nothing can be written in {place}", f"See who owns it: `ls -ld {shlex.quote(str(place))}`")
    disk = os.statvfs(place)
    free = disk.f_bavail * disk.f_frsize
    # File systems that make inodes as they need them count none.
    if free < LEAST_FREE_BYTES or (disk.f_files and not disk.f_favail):
        raise UserError(
            f"The disk of {place} is all but full ({free / 1e6:.0f} MB free)",
            f"Make room; `df -h {shlex.quote(str(place))}` shows what is left",
        )
    return f"{folder} can be written, {free / 1e9:.1f} GB free"


def _state(context: CheckContext) -> str:
    config = context.config
    lock = Files(config.state_path).lock
    if is_there(lock):
        is_held(lock, MOVE_STATE)  # raises where the folder has no locks
    files = Files(config.state_path)
    aside = f"{config.command('run --once')} sets it aside"
    if not is_there(files.database):
        return _view(files.state, aside)
    reader = Reader(files.database, lambda: FileLock(files.lock, move=MOVE_STATE))
    try:
        owner, waiting = reader.checked_owner(), reader.counts().pending
    except DamagedError as error:
        raise UserError(error.title, f"{aside}, and goes on with its copy and {files.state.name}") from error
    if owner and not is_same_account(owner, config.do_email):
        raise UserError(
            f"{files.state} is the state of {owner}", f"Set another state_path for {config.do_email} in {context.path}"
        )
    return f"{files.database} is valid; in the outbox: {waiting}"


def _view(path: Path, aside: str) -> str:
    """The state without its database, which the first poll makes of it."""
    content = View(path).read() if is_there(path) else None
    if content is None:
        return "none yet: the first poll begins one"
    try:
        parse(content)
    except ValueError as error:
        raise UserError(f"{path} {error}", f"Correct it, or {aside} and believes nothing of it") from error
    return f"{path} is valid; the first poll goes on with what it says was told"


def _service(context: CheckContext) -> str:
    files = ServiceFiles(context.path.parent)
    option = _option(context)
    if not is_held(files.lock):
        raise NothingToCheck(f"nothing runs with this config; `syft-notify start{option}` begins it")
    holder = holder_of(files.lock)
    health = read_health(files.health)
    if holder is None or health.get("pid") != holder.pid:
        raise UserError(
            f"It did not say how it does: it starts just now, or {files.health.name} cannot be written",
            f"Ask again in a moment; `syft-notify logs{option}` may say why",
        )
    process = f"PID {holder.pid} {holder.place}".rstrip()
    problems = problems_of(health, context.clock())
    if problems:
        raise UserError(f"It runs ({process}), but: {' '.join(problems)}", f"`syft-notify logs --errors{option}`")
    return f"it runs ({process}), and all is well"


AT_HOME = (
    Check("config", _config),
    Check("folder", _folder, needs=("config",)),
    Check("secrets", _secrets, needs=("config",)),
    Check("SyftBox", _syftbox, needs=("config",)),
    Check("disk", _disk, needs=("config",)),
    Check("state", _state, needs=("config",)),
)
SERVICE = Check("service", _service)
