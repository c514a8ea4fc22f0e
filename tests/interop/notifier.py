"""Our side of the story: `syft-notify run --once` as a real process with a real daemon.yaml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from syft_notify import NotificationMonitor


class Notifier:
    """One daemon.yaml in a folder of its own; several may watch the same owner and know nothing of each other."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        folder.mkdir(mode=0o700)
        self._config = folder / "daemon.yaml"
        # JSON is YAML too.
        self._config.write_text(json.dumps(settings))
        self._home = folder

    def looks(self) -> None:
        """The same poll in our own process, for stories that are about something else than the command."""
        assert NotificationMonitor.from_config(self._config).check().healthy

    def polls(self) -> None:
        """Look once and send what is due."""
        ended = subprocess.run(
            [sys.executable, "-m", "syft_notify", "run", "--once", "--config", self._config],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "HOME": str(self._home)},
        )
        # pytest shows this with a test that failed.
        sys.stderr.write(f"--- run --once of {self._home.name} ---\n{ended.stdout}{ended.stderr}\n")
        assert ended.returncode == 0
        assert "Traceback" not in ended.stderr
