"""The request log: what was asked, by whom, and how it was answered. It never holds a token or a body."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request. `kind` is the API method, like `drive.files.list`; `seconds` what the answer took.

    `batched` calls came inside a batch, which is logged itself as `drive.batch` or `gmail.batch`. A request whose
    connection was cut has the status 0.
    """

    kind: str
    method: str
    path: str
    query: str
    user: str
    status: int
    batched: bool = False
    seconds: float = 0.0

    def fits(self, kind: str, user: str | None, status: int | None, batched: bool | None) -> bool:
        return (
            fnmatchcase(self.kind, kind)
            and user in (None, self.user)
            and status in (None, self.status)
            and batched in (None, self.batched)
        )


class Journal:
    """All requests since the start or the last `clear`, in the order in which they were answered."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._grown = threading.Condition()

    def add(self, call: Call) -> None:
        with self._grown:
            self._calls.append(call)
            self._grown.notify_all()

    def clear(self) -> None:
        with self._grown:
            self._calls.clear()

    def find(
        self, kind: str = "*", *, user: str | None = None, status: int | None = None, batched: bool | None = None
    ) -> list[Call]:
        """The calls whose kind fits the shell pattern, of one person, with one status, inside batches or outside."""
        with self._grown:
            return [call for call in self._calls if call.fits(kind, user, status, batched)]

    def count(
        self, kind: str = "*", *, user: str | None = None, status: int | None = None, batched: bool | None = None
    ) -> int:
        """How many calls `find` would give. With `batched=False` this counts HTTP requests."""
        return len(self.find(kind, user=user, status=status, batched=batched))

    def wait_for(self, count: int, kind: str = "*", *, user: str | None = None, timeout: float = 10) -> bool:
        """Wait up to `timeout` seconds for at least `count` such calls; whether they came."""
        with self._grown:
            return self._grown.wait_for(lambda: self.count(kind, user=user) >= count, timeout)

    def lines(self) -> list[dict[str, Any]]:
        """The log as JSON values, for readers in other processes."""
        return [asdict(call) for call in self.find()]
