"""Writes the files of a world, as the owner's client writes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

STDOUT = "started\n"
TIMED_OUT = "\n--- PROCESS TIMED OUT ---\n"


def write(path: Path, content: str, at: datetime | None = None) -> None:
    """Write a file in place, as the clients do, with the given time of modification."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    if at:
        os.utime(path, (at.timestamp(), at.timestamp()))


def write_permissions(folder: Path, read: list[str] | None = None, write: list[str] | None = None) -> None:
    """The rules of who may read and write in a folder, in a file that is no job."""
    access = {"admin": [], "read": read or [], "write": write or []}
    folder.mkdir(parents=True, exist_ok=True)
    rules = {"rules": [{"access": access, "pattern": "**"}], "terminal": False}
    (folder / "syft.pub.yaml").write_text(as_yaml(rules))


def remove_outputs(folder: Path) -> None:
    """Take away the results of a run."""
    for output in folder.glob("outputs/*"):
        output.unlink()


def run_script(entry_point: str) -> str:
    """The script with which a client starts Python code."""
    return f'#!/bin/bash\nset -e\nuv venv\nsource .venv/bin/activate\npython "{entry_point}"\n'


def as_yaml(document: Mapping[str, Any]) -> str:
    """YAML with sorted keys."""
    return yaml.safe_dump(dict(document), sort_keys=True)
