"""The terminal: lines that stay and, where a person looks on, one status line that changes."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from syft_notify.cli import output

if TYPE_CHECKING:
    from rich.status import Status


class Screen:
    """Prints lines; between `with` and its end a terminal also shows the status. Without one it is plain print."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Screen:
        if output.is_lively():
            from rich.console import Console

            spinner = output.sign("dots", "line")
            self._status = Console(highlight=False, markup=False).status(_begins("starting"), spinner=spinner)
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, text: str) -> None:
        """A line that stays. Raises `OutputError`."""
        if self._status is not None:
            with output.printing():
                self._status.console.print(text, soft_wrap=True)
        else:
            output.line(text)

    def status(self, text: str) -> None:
        """What goes on right now; shown on a terminal only."""
        if self._status is not None:
            self._status.update(text)

    def begins(self, what: str) -> None:
        """As `status`, of what takes a while."""
        self.status(_begins(what))


def _begins(what: str) -> str:
    return f"{what} {output.sign('…', '...')}"
