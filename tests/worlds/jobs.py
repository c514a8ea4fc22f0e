"""What a DS submits: the job that a story is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

SUBMITTED_AT = datetime(2026, 11, 23, 14, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    """A job before any client laid it out. `files` are the DS's own, by relative path; `entry_point` is one of them."""

    name: str
    kind: str
    files: Mapping[str, str]
    entry_point: str = ""
    dependencies: tuple[str, ...] = ()
    ds: str = "ds@example.org"
    do: str = "do@example.org"
    submitted_at: datetime = SUBMITTED_AT


def python_job(name: str = "python_job", **changes: Any) -> Job:
    """A single Python file."""
    files = {"main.py": 'print("the answer is", 42)\n'}
    return replace(Job(name, "python", files, "main.py", ("numpy",)), **changes)


def folder_job(name: str = "folder_job", **changes: Any) -> Job:
    """A folder of Python code with data, an empty package file and a file whose name is not ASCII."""
    files = {
        "main.py": "from lib.sums import total\n\nprint(total([1, 2]))\n",
        "lib/__init__.py": "",
        "lib/sums.py": "def total(numbers):\n    return sum(numbers)\n",
        "größe.json": '{"limit": 3}\n',
    }
    return replace(Job(name, "folder", files, "main.py"), **changes)


def bash_job(name: str = "bash_job", **changes: Any) -> Job:
    """A shell script, which the clients name themselves."""
    return replace(Job(name, "bash", {"script.sh": "#!/bin/bash\necho hello\n"}), **changes)
