"""Writes many job folders fast, in the layout of today's clients: one life is played, its files are copied by code.

They have no logs and outputs of runs: no look at a settled job reads these, and they are half of all files.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.world import DO, GENERATION, peer
from syft_notify.syftbox.disk import STEP_NS
from tests.worlds import python_job

_NAME, _DS = "played_job", "player@example.org"
_BEGUN = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
_STATE = "state.yaml"
_KEPT = frozenset({_STATE, "config.yaml", "run.sh", "main.py"})
_MEMORY = Path("/dev/shm")  # noqa: S108 - of this machine's memory, so that a slow disk does not show
_ROOM_BYTES = 4_000_000_000


@contextmanager
def disk() -> Iterator[Path]:
    """A folder for a SyftBox, in memory where there is room; what is asked of it is the same."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    with TemporaryDirectory(prefix="syft-notify-disk-", dir=_MEMORY if roomy else None) as folder:
        yield Path(folder)


class JobsOnDisk:
    """The jobs of an owner below `root`, numbered from 0, of so many peers in turn."""

    def __init__(self, root: Path, peers: int) -> None:
        self.count = 0
        self._root = root
        self._peers = peers
        self._settled, self._live = _played(finished=True), _played(finished=False)
        self._changes = 0

    def grow(self, count: int, live: int = 0) -> None:
        """Write jobs until there are `count`; the first `live` of the new ones are approved and not yet run."""
        for number in range(self.count, count):
            self._write(number, self._live if number < self.count + live else self._settled)
        self.count = count
        self._age()

    def run_again(self, count: int) -> None:
        """Let so many settled jobs be approved once more, others each time."""
        (path,) = [path for path in self._live if path.endswith(_STATE)]
        for change in range(self._changes, self._changes + count):
            self._replace(path, change % self.count, self._live[path])

    def finish(self, count: int) -> None:
        """Let them finish, each time a year later."""
        (path,) = [path for path in self._settled if path.endswith(_STATE)]
        for change in range(self._changes, self._changes + count):
            years, number = divmod(change, self.count)
            later = f"completed_at: '{_BEGUN.year + 1 + years}-"
            self._replace(path, number, self._settled[path].replace(f"completed_at: '{_BEGUN.year}-", later))
        self._changes += count

    def _replace(self, path: str, number: int, content: str) -> None:
        (self._root / self._named(path, number)).write_text(self._named(content, number))

    def _write(self, number: int, files: Mapping[str, str]) -> None:
        for path, content in files.items():
            file = self._root / self._named(path, number)
            try:
                file.write_text(self._named(content, number))
            except FileNotFoundError:
                file.parent.mkdir(parents=True)
                file.write_text(self._named(content, number))

    def _age(self) -> None:
        """Let everything be written long ago: what is new may rightly be read twice.

        When a file was changed at all, nobody can set: for that it waits.
        """
        for folder, _, names in os.walk(self._root):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.utime(path, (_BEGUN.timestamp(), _BEGUN.timestamp()))
        time.sleep(STEP_NS / 1e9)

    def _named(self, text: str, number: int) -> str:
        return text.replace(_DS, peer(number % self._peers)).replace(_NAME, f"job_{number:06}")


def _played(*, finished: bool) -> dict[str, str]:
    """The files of one job that was submitted, approved and, if `finished`, run, by their path below the root."""
    job = python_job(_NAME, ds=_DS, do=DO, submitted_at=_BEGUN)
    with TemporaryDirectory(prefix="syft-notify-job-") as folder:
        root = Path(folder)
        GENERATION.write_received(root, job)
        GENERATION.approve(root, job, _BEGUN)
        if finished:
            GENERATION.start(root, job, _BEGUN)
            GENERATION.finish(root, job, 0, "", _BEGUN)
        files = [path for path in root.rglob("*") if path.name in _KEPT and _NAME in path.parts]
        return {str(path.relative_to(root)): path.read_text() for path in files}
