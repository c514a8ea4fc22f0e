"""Keeps the code previews of events whose mails are not all out yet, one file each beside the state file."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Set
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from syft_notify.config.atomic_file import write_atomically
from syft_notify.domain.errors import UserError
from syft_notify.domain.model import Preview

log = logging.getLogger(__name__)

_PREVIEW = TypeAdapter(Preview)
# The folder's name follows from `state_path`, so it may hold files of somebody else. A crash leaves the longer names.
_OURS = re.compile(r"[0-9a-f]{32}\.json|\.[0-9a-f]{32}\.json\.\w{8}")


class Spool:
    """The previews of a ledger, by event key; new ones are in memory until they are saved with the state."""

    def __init__(self, folder: Path, *, dry_run: bool = False) -> None:
        self._folder = folder
        self._dry_run = dry_run
        self._unsaved: dict[str, Preview] = {}

    def keep(self, event_key: str, preview: Preview) -> None:
        """Have a preview from now on."""
        self._unsaved[event_key] = preview

    def forget_unsaved(self) -> None:
        """Go back to what was saved."""
        self._unsaved.clear()

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

    def save_only(self, event_keys: Set[str]) -> None:
        """Write the new previews of these events, and remove all others. Raises `UserError` when the disk refuses."""
        if self._dry_run:
            return
        for event_key in event_keys & self._unsaved.keys():
            self._make_folder()
            write_atomically(self._file(event_key), _PREVIEW.dump_json(self._unsaved[event_key]))
        self._unsaved.clear()
        if self._folder.is_dir():
            wanted = {self._file(event_key).name for event_key in event_keys}
            for file in self._folder.iterdir():
                if _OURS.fullmatch(file.name) and file.name not in wanted:
                    file.unlink(missing_ok=True)

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self._folder} cannot be made: {error.strerror}", "Check who owns its folder") from error

    def _file(self, event_key: str) -> Path:
        return self._folder / f"{hashlib.sha256(event_key.encode(errors='surrogatepass')).hexdigest()[:32]}.json"
