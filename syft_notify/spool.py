"""Keeps the code previews of events whose mails are not all out yet, one file each beside the state file."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from syft_notify.atomic import write_atomically
from syft_notify.model import Preview

log = logging.getLogger(__name__)

_PREVIEW = TypeAdapter(Preview)


class Spool:
    """The previews of a ledger, by event key. A dry run keeps them in memory only."""

    def __init__(self, folder: Path, *, dry_run: bool = False) -> None:
        self._folder = folder
        self._dry_run = dry_run
        self._unsaved: dict[str, Preview] = {}

    def keep(self, event_key: str, preview: Preview) -> None:
        """Store a preview. Raises `UserError` when the disk refuses."""
        if self._dry_run:
            self._unsaved[event_key] = preview
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._file(event_key), _PREVIEW.dump_json(preview))

    def get(self, event_key: str) -> Preview | None:
        """The preview of an event, or None if it has none or its file is damaged."""
        if event_key in self._unsaved:
            return self._unsaved[event_key]
        try:
            return _PREVIEW.validate_json(self._file(event_key).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            log.warning("the code preview of %s cannot be read; its mail goes out without it", event_key)
            return None

    def drop_all_but(self, event_keys: Iterable[str]) -> None:
        """Remove the previews of events that no mail needs any more."""
        if self._dry_run or not self._folder.is_dir():
            return
        wanted = {self._file(event_key).name for event_key in event_keys}
        for file in self._folder.iterdir():
            if file.name not in wanted:
                file.unlink(missing_ok=True)

    def _file(self, event_key: str) -> Path:
        return self._folder / f"{hashlib.sha256(event_key.encode(errors='surrogatepass')).hexdigest()[:32]}.json"
