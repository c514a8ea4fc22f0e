"""The environments that the released clients live in, each built once and kept under `.interop/`."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".interop"


def syft_client_python(version: str, cache: Path = CACHE) -> Path:
    """The interpreter of an environment with that syft-client alone. Several processes may ask at once."""
    home = cache / f"syft-client-{version}"
    python = home / "bin" / "python"
    cache.mkdir(exist_ok=True)
    with (cache / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            _build(home, f"syft-client=={version}")
    return python


def _build(home: Path, requirement: str) -> None:
    """Build beside and rename, so that a folder under the final name is always whole."""
    unfinished = home.with_name(f"{home.name}.unfinished")
    for remains in (home, unfinished):
        shutil.rmtree(remains, ignore_errors=True)
    make = [sys.executable, "-m", "venv", str(unfinished)]
    fill = [str(unfinished / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", requirement]
    for command in (make, fill):
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert ended.returncode == 0, f"the environment for {requirement} could not be built:\n{ended.stdout}"
    unfinished.rename(home)
