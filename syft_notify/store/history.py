"""What was delivered: one line each, for people, and for the ledger to learn what it does not know yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from syft_notify.config.paths import KEPT_COPIES, numbered
from syft_notify.domain.errors import UserError
from syft_notify.store.journal import Journal

LARGEST_HISTORY = 5_000_000


@dataclass(frozen=True)
class ToldEvent:
    """An event of which a delivery told: its key, its mark in `notified_jobs`, and what the ledger knows of it."""

    key: str
    mark: tuple[str, str]
    job: str = ""
    ds: str = ""
    file: str = ""


@dataclass(frozen=True)
class Delivery:
    """One notification that a channel accepted.

    `number` counts what the ledger wrote, so that a line is never applied twice. `ambiguous`: an earlier attempt may
    have arrived too. A digest tells of several events.
    """

    number: int
    time: datetime
    kind: str
    to: str
    channel: str
    id: str
    events: tuple[ToldEvent, ...]
    ambiguous: bool = False
    message_id: str = ""
    thread_id: str = ""
    thread_key: str = ""


_DELIVERY = TypeAdapter(Delivery)


class History:
    """The deliveries at `path`, older ones in `path.1` and so on."""

    def __init__(self, path: Path, *, largest: int = LARGEST_HISTORY) -> None:
        """`largest` is the size in bytes at which the file is put aside."""
        self._journal = Journal(path)
        self._largest = largest

    def append(self, delivery: Delivery) -> None:
        """Write it down for good. Raises `UserError` when the disk refuses."""
        self._journal.append(_DELIVERY.dump_python(delivery, mode="json", exclude_defaults=True))

    def deliveries(self, *, older: bool = False) -> Iterator[Delivery]:
        """The newest file's deliveries, oldest first; with `older` those of all files. Raises `UserError`."""
        for path in reversed(generations(self._journal.path) if older else [self._journal.path]):
            for entry in Journal(path).entries():
                if delivery := _delivery(entry):
                    yield delivery

    def rotate(self) -> None:
        """Put the file aside once it is large, and let the oldest go. Only when no reader needs its lines any more."""
        path = self._journal.path
        try:
            if path.stat().st_size < self._largest:
                return
            for number in range(KEPT_COPIES - 1, -1, -1):
                older = numbered(path, number)
                if older.exists():
                    os.replace(older, numbered(path, number + 1))
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"{path} cannot be put aside: {error.strerror}", "Check who owns its folder") from error


def generations(path: Path) -> list[Path]:
    """The file and what was put aside of it, newest first, as far as they exist."""
    return [older for number in range(KEPT_COPIES + 1) if (older := numbered(path, number)).is_file()]


def _delivery(entry: Any) -> Delivery | None:
    """What the line says; None for one that is not ours."""
    try:
        return _DELIVERY.validate_python(entry)
    except ValidationError:
        return None
