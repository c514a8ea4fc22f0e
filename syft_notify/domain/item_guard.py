"""Items from outside, one by one: what one of them raises stops no other, and the list of those named stays short."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from syft_notify.domain.errors import NotifyError

log = logging.getLogger(__name__)

Item = TypeVar("Item")

MOST_NAMED = 10


@dataclass(frozen=True)
class ItemGuard:
    """Lets an error of the block end the block alone; a sentence about `what` is appended to `failed`.

    It goes around the work on one item in a loop over items that others wrote. Our own errors pass: each of them has a
    meaning for the whole loop. So does a module that is missing, as during an upgrade: no item is the cause. The
    traceback is logged at DEBUG, because the same item may fail at every poll.
    """

    what: str
    failed: list[str]

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, NotifyError | ImportError):
            return False
        log.debug("%s", self.what, exc_info=error)
        self.failed.append(f"{self.what}: internal error ({type(error).__name__})")
        return True


def few(found: Sequence[Item], say: Callable[[Item], str] = str) -> tuple[str, ...]:
    """The first ten in words, and how many more there are."""
    named = tuple(map(say, found[:MOST_NAMED]))
    more = len(found) - MOST_NAMED
    return named if more <= 0 else (*named, f"and {more:,} more like these")
