"""The people of the story as the test sees them: each a process with a HOME of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any


class Person:
    """A released client that logged in and does what it is told, one step at a time."""

    def __init__(self, email: str, home: Path, command: Sequence[str], environment: dict[str, str]) -> None:
        self.email = email
        self._home = home
        self._stderr = home / "stderr.txt"
        with self._stderr.open("w") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=home,
                env=environment,
            )

    def __enter__(self) -> Person:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its story is told: a client that winds up its threads first would only cost time.
        self._process.kill()
        self._process.communicate()
        # pytest shows this with a test that failed.
        sys.stderr.write(f"--- the client of {self.email} ---\n{self.written()}\n")

    def wait_for_login(self) -> None:
        """Returns when the client is logged in; people start at the same time and are waited for afterwards."""
        self._reply("log in")

    def does(self, step: str, **arguments: Any) -> Any:
        """Let the client do one step of `actor.Person` and wait for its end."""
        stdin = self._pipe(self._process.stdin)
        stdin.write(json.dumps({"step": step, "arguments": arguments}) + "\n")
        stdin.flush()
        return self._reply(step)

    def writes(self, name: str, text: str) -> None:
        """Save a file in the folder in which the notebook runs."""
        (self._home / name).write_text(text)

    def written(self) -> str:
        """What the client printed so far, on both streams."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def _reply(self, step: str) -> Any:
        line = self._pipe(self._process.stdout).readline()
        reply = json.loads(line) if line else {"error": "the process ended"}
        assert "error" not in reply, f"{self.email} could not {step}: {reply['error']}\n{self.written()}"
        return reply["value"]

    @staticmethod
    def _pipe(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream
