"""What the history says of the mails that went out."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path


def records(home: Path) -> dict[str, list[str]]:
    """How the history marks each notification, by its id. One that was recorded and went again stands there twice."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in map(json.loads, (home / "notification_history.jsonl").read_text().splitlines()):
        found[line["id"]].append("ambiguous" if line.get("ambiguous") else "certain")
    return found


def ambiguous_ids(home: Path) -> set[str]:
    """The notifications that may have gone out twice."""
    return {notification for notification, marks in records(home).items() if "ambiguous" in marks}
