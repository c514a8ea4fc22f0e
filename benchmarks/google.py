"""The handle of the local Google, which runs in a process of its own: its CPU time is not the program's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from tests.system.program import environment

REPOSITORY = Path(__file__).parent.parent
_PATIENCE_SECONDS = 10


class Google:
    """A world of `peers` scientists; what can be ordered are the methods of `world.World`."""

    def __init__(self, peers: int) -> None:
        self._home = TemporaryDirectory(prefix="syft-notify-google-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.world"],
            cwd=REPOSITORY,
            env=environment(Path(self._home.name)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.order("build", peers=peers)

    def order(self, name: str, **arguments: Any) -> Any:
        """Have an order carried out; its answer. Raises `RuntimeError` when it fails, and why is on stderr."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"order": name, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the local Google ended at {name!r}")
        return json.loads(answer)

    def __enter__(self) -> Google:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._process.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._home.cleanup()
