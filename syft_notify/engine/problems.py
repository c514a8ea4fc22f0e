"""Which problems are new and which are over, so that one that lasts is told twice and not at every poll."""

from __future__ import annotations


class ProblemTracker:
    """The problems of the present poll against those of the one before."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._now: set[str] = set()

    def is_new(self, text: str) -> bool:
        """Note a problem; whether nobody was told of it yet."""
        known = text in self._now | self._known
        self._now.add(text)
        return not known

    def end_poll(self) -> list[str]:
        """The problems that did not come back in the poll that ends now."""
        over = sorted(self._known - self._now)
        self._known, self._now = self._now, set()
        return over
