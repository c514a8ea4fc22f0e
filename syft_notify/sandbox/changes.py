"""The change feed of the local Drive: for each person, which files to look at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Change:
    """The last thing that happened to a file, as one person learns it."""

    number: int
    file_id: str
    at: datetime


class ChangeFeed:
    """Says that something changed, not what: a file shows once, at its latest change.

    `hidden` makes the feed keep silent about single files, or about all with `hide_all`: Google promises
    nowhere that every change shows, or how soon. Nor does it say how long a page token lives: `expire` ends the
    life of all that were given out, and `refusal_status` is how they are refused from then on.
    """

    def __init__(self) -> None:
        self._number = 1
        self._of: dict[str, dict[str, Change]] = {}
        self.hidden: set[str] = set()
        self.hide_all = False
        self.refusal_status = 400
        self._oldest = 1

    def expire(self, status: int) -> None:
        """Let no page token given out so far be taken any more, but answered by this status."""
        self._number += 1
        self._oldest = self._number
        self.refusal_status = status

    def is_expired(self, token: int) -> bool:
        """Whether the token was given out before the last `expire`."""
        return token < self._oldest

    @property
    def start(self) -> int:
        """The page token from which only the future shows."""
        return self._number

    def note(self, file_id: str, people: frozenset[str], at: datetime) -> None:
        """The file changed for these people."""
        change = Change(self._number, file_id, at)
        self._number += 1
        for person in people:
            feed = self._of.setdefault(person, {})
            feed.pop(file_id, None)
            feed[file_id] = change

    def since(self, person: str, token: int, limit: int) -> tuple[list[Change], int]:
        """Up to `limit` changes from `token` on, oldest first, and the token of the rest (0: that was all)."""
        newer: list[Change] = []
        for change in reversed(self._of.get(person, {}).values()):
            if change.number < token:
                break
            if not self.hide_all and change.file_id not in self.hidden:
                newer.append(change)
        newer.reverse()
        rest = newer[limit:]
        return newer[:limit], rest[0].number if rest else 0
