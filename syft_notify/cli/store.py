"""Opens the ledger of a config for the commands that look into it or change it, beside whatever runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from syft_notify.cli import output

if TYPE_CHECKING:
    from syft_notify.store.ledger import Ledger

PATIENCE_SECONDS = 90.0


@contextmanager
def opened_ledger(path: Path) -> Iterator[Ledger]:
    """The ledger of the config at `path`, alone with it; what was changed is saved at the end.

    Waits for the poll of a service, and says so when that takes long. Raises `ConfigError`, `HeldError`, and
    `UserError` for the disk's no.
    """
    from syft_notify.config.file_lock import MOVE_STATE, FileLock
    from syft_notify.config.paths import Files
    from syft_notify.config.settings import load_config
    from syft_notify.store.ledger import Ledger

    config = load_config(path, os.environ, Path.home())
    files = Files(config.state_path)
    with output.warnings_shown():
        lock = FileLock(files.lock, patience=PATIENCE_SECONDS, make_folder=True, move=MOVE_STATE)
    with lock:
        ledger = Ledger(files, config.do_email)
        if notice := ledger.refresh(utc_now()):
            output.line(notice)
        yield ledger
        ledger.save()


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
