"""When to try a download again that failed: at the next poll, then after pauses that grow to an hour."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from syft_notify.domain.drive import RemoteFile
from syft_notify.domain.errors import Fault, MissingFault, RateLimitedFault
from syft_notify.domain.notifications import Pause
from syft_notify.domain.ports import Clock

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# So many failures, and the fault is no matter of moments: other mails do not wait for its end. A `run --once` remembers
# no failures, so there the age of the file stands for them.
LASTING_FAILURES, LASTING_AGE = 3, timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Failed:
    """The downloads of one content of a file that failed, the last one for this reason."""

    modified_at: datetime
    failures: int
    pause: Pause
    reason: str


class Retries:
    """The files that could not be fetched; only in memory, so that after a restart each is tried at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: dict[str, _Failed] = {}

    def is_due(self, file: RemoteFile) -> bool:
        """Whether to fetch it now. With a new content it is another file; Drive's version also changes by a move."""
        failed = self._of(file)
        return failed is None or not failed.pause.holds(self._clock())

    def due_since(self, file: RemoteFile) -> datetime | None:
        """Since when it may be fetched again; None when it did not fail."""
        failed = self._of(file)
        return failed.pause.until if failed else None

    def failed(self, file: RemoteFile, fault: Fault) -> None:
        """It could not be fetched because of `fault`."""
        before, now = self._of(file), self._clock()
        failures = (before.failures if before else 0) + 1
        pause = FIRST_PAUSE * (1 << min(failures, 16) - 2) if failures > 1 else timedelta()
        asked = fault.until if isinstance(fault, RateLimitedFault) and fault.until else now
        until = min(max(now + pause, asked), now + LONGEST_PAUSE)
        self._failed[file.id] = _Failed(
            file.modified_at, failures, Pause(now, until), "" if isinstance(fault, MissingFault) else fault.title
        )

    def reason(self, file: RemoteFile) -> str:
        """Why it could not be fetched; empty when it was not tried, or is not there."""
        failed = self._of(file)
        return failed.reason if failed else ""

    def lasts(self, file: RemoteFile) -> bool:
        """Whether it cannot be fetched for longer than a moment."""
        failed = self._of(file)
        old = self._clock() - file.created_at > LASTING_AGE
        return failed is not None and (old or failed.failures >= LASTING_FAILURES)

    def keep(self, file_ids: Collection[str]) -> None:
        """Forget all others."""
        self._failed = {file_id: failed for file_id, failed in self._failed.items() if file_id in file_ids}

    def _of(self, file: RemoteFile) -> _Failed | None:
        failed = self._failed.get(file.id)
        return failed if failed and failed.modified_at == file.modified_at else None
