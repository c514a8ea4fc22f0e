"""The tables that people read while they grow, and the JSON that keeps the same figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from syft_notify import __version__

Row = Mapping[str, Any]


class Report:
    """All tables of one run; the file at `path` is written anew after each row."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self._path = path
        self._document: dict[str, Any] = {
            "about": {
                "version": __version__,
                "command": list(command),
                "begun_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
                "load": os.getloadavg()[0],
            },
            "tables": {},
        }
        about = self._document["about"]
        print(
            f"syft-notify {__version__}, Python {about['python']}, {about['machine']}, load {about['load']:.1f}. "
            "Seconds are medians; `google` is the CPU time of the local Google, which the clock includes."
        )
        self._write()

    def table(self, name: str, world: str, columns: Sequence[str]) -> Table:
        """Begin a table; `world` says in one line what is measured."""
        print(f"\n{name}: {world}")
        rows: list[Row] = []
        self._document["tables"][name] = {"world": world, "rows": rows}
        return Table(columns, rows, self._write)

    def rows(self, name: str, **wanted: Any) -> list[Row]:
        """The rows of a table that have these values; none of a table that was not made."""
        rows = self._document["tables"].get(name, {}).get("rows", [])
        return [row for row in rows if wanted.items() <= row.items()]

    def _write(self) -> None:
        self._path.write_text(json.dumps(self._document, indent=1) + "\n")


class Table:
    """One table; a row may have a `note` beside its columns."""

    def __init__(self, columns: Sequence[str], rows: list[Row], keep: Callable[[], None]) -> None:
        self._columns = columns
        self._rows = rows
        self._keep = keep
        self._widths = [max(len(column), 6) for column in columns]
        print("  ".join(column.rjust(width) for column, width in zip(columns, self._widths, strict=True)))

    def add(self, values: Row, note: str = "") -> None:
        """Print a row and keep it; a column without a value was not measured, and the note says why."""
        row = {**{column: values.get(column) for column in self._columns}, "note": note}
        self._rows.append(row)
        self._keep()
        cells = (shown(row[column]).rjust(width) for column, width in zip(self._columns, self._widths, strict=True))
        print("  ".join([*cells, note]).rstrip(), flush=True)


def shown(value: Any) -> str:
    """A value for people: three digits that count."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.4f}"
