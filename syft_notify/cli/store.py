"""Opens the store of a config for the commands that look into it or change it, beside whatever runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from syft_notify.cli import output
from syft_notify.domain.clock import utc_now

if TYPE_CHECKING:
    from syft_notify.config.file_lock import FileLock
    from syft_notify.config.paths import Files
    from syft_notify.store.reading import Reader
    from syft_notify.store.store import Store

PATIENCE_SECONDS = 90.0


@contextmanager
def opened_store(path: Path) -> Iterator[Store]:
    """The store of the config at `path`, alone with it; its view is written at the end.

    Waits for the poll of a service, and says so when that takes long. Raises `ConfigError`, `HeldError`, and
    `UserError` for the disk's no.
    """
    from syft_notify.config.paths import Files
    from syft_notify.config.settings import load_config
    from syft_notify.store.store import Store

    config = load_config(path, os.environ, Path.home())
    files = Files(config.state_path)
    with output.warnings_shown():
        lock = _lock(files)
    with lock:
        store = Store(files, config.do_email, migrate=False)
        try:
            if notice := store.refresh(utc_now()):
                output.line(notice)
            yield store
            store.write_view()
        finally:
            store.close()


def reader(path: Path) -> Reader:
    """What only reads the store of the config at `path`; it waits for nobody. Raises `ConfigError`.

    Of the config it needs one key alone, for which pydantic is slow to start.
    """
    from syft_notify.config.paths import Files
    from syft_notify.config.surroundings import state_path
    from syft_notify.store.reading import Reader

    state = state_path(path, os.environ, Path.home())
    if state is None or not state.name:
        from syft_notify.config.settings import load_config

        state = load_config(path, os.environ, Path.home()).state_path
    files = Files(state)
    return Reader(files.database, lambda: _lock(files))


def _lock(files: Files) -> FileLock:
    from syft_notify.config.file_lock import MOVE_STATE, FileLock

    return FileLock(files.lock, patience=PATIENCE_SECONDS, make_folder=True, move=MOVE_STATE)
