"""What a job's `run.sh` calls, so that the real clients run jobs without a network."""

from __future__ import annotations

import sys
from pathlib import Path

_UV = """#!/bin/sh
# Jobs ask uv for an environment of their own; here they get the interpreter on PATH and no network.
if [ "$1" = venv ]; then
    mkdir -p .venv/bin
    : > .venv/bin/activate
fi
"""


def programs_for_jobs(folder: Path) -> Path:
    """Make a folder for PATH with a `uv` that installs nothing, and `python`."""
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text(_UV)
    uv.chmod(0o700)
    (folder / "python").symlink_to(sys.executable)
    return folder
