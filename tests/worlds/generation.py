"""What every generation of the clients does: names on Drive, messages, and the steps of a job's life on disk."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tests.worlds.disk import TIMED_OUT, write
from tests.worlds.jobs import Job
from tests.worlds.messages import message_document, message_name, pack_document, pack_encrypted


@dataclass(frozen=True)
class Generation(ABC):
    """One release of the clients; `root` is always the owner's SyftBox folder."""

    release: str
    drive: str
    pin: str
    encrypted: bool = False

    def inbox_folder(self, do: str, ds: str) -> str:
        """Where the DS writes its messages; the DS owns it."""
        return f"syft_outbox_inbox_{ds}_to_{do}" if self.drive in ("D0", "D1") else self._box(do, "inbox", ds)

    def outbox_folder(self, do: str, ds: str) -> str:
        """Where the owner answers the DS; the DS owns it."""
        return f"syft_outbox_inbox_{do}_to_{ds}" if self.drive in ("D0", "D1") else self._box(do, "outbox", ds)

    def reverse_folders(self, do: str, ds: str) -> tuple[str, ...]:
        """The pair that the owner's client makes when it accepts the DS; none before D2."""
        return () if self.drive in ("D0", "D1") else (self._box(ds, "inbox", do), self._box(ds, "outbox", do))

    def archive_folder(self, do: str, ds: str) -> str:
        """Where the owner's client moves the messages that it has read; the owner owns it."""
        return f"syft_{ds}_to_{do}_archive"

    def peers_file(self, states: Mapping[str, str]) -> bytes | None:
        """The owner's `SYFT_peers.json`; D0 has none."""
        entries = {peer: {"state": state} for peer, state in states.items()}
        return None if self.drive == "D0" else json.dumps(entries, indent=2).encode()

    def message(self, job: Job, ds: str, do: str, now: datetime, *, sender: str = "") -> tuple[str, bytes]:
        """Name and content of the message in which `ds` submits the job; `sender` if it claims to be another."""
        job = replace(job, ds=ds, do=do)
        files = {f"{self.job_path(job)}/{path}": content for path, content in self.files(job).items()}
        return self.change_message(files, sender or ds, do, now)

    def change_message(self, files: Mapping[str, str | None], ds: str, do: str, now: datetime) -> tuple[str, bytes]:
        """Name and content of a message about any files of the datasite; None deletes one."""
        document = message_document(files, ds, do, now, content_type=self.drive != "D0")
        packed = pack_encrypted(document, do, now) if self.encrypted else pack_document(document)
        return message_name(document), packed

    def _box(self, owner: str, box: str, other: str) -> str:
        version = f"{self.release}#" if self.drive == "D3" else ""
        return f"syft_datasite#{version}{owner}#{box}#{other}"

    @abstractmethod
    def job_path(self, job: Job) -> str:
        """The job's folder, relative to the owner's datasite."""

    @abstractmethod
    def files(self, job: Job) -> dict[str, str]:
        """All files of the submission by their path in the job's folder."""

    def folder(self, root: Path, job: Job) -> Path:
        """The job's folder on the owner's disk."""
        return root / job.do / self.job_path(job)

    def accept(self, root: Path, do: str, ds: str) -> None:
        """The owner's client accepts the peer: from J1 on that can be seen on disk."""
        (root / do).mkdir(parents=True, exist_ok=True)

    def write_received(self, root: Path, job: Job) -> Path:
        """The owner's client syncs the submission and does nothing else. Returns the job's folder."""
        self.accept(root, job.do, job.ds)
        folder = self.folder(root, job)
        for path, content in self.files(job).items():
            write(folder / path, content)
        return folder

    @abstractmethod
    def read_job_list(self, root: Path, job: Job, at: datetime) -> None:
        """The owner looks at the list of jobs."""

    @abstractmethod
    def approve(self, root: Path, job: Job, at: datetime) -> None: ...

    @abstractmethod
    def reject(self, root: Path, job: Job, reason: str, at: datetime) -> None:
        """Raises `ValueError` in a generation that knows no rejection."""

    @abstractmethod
    def start(self, root: Path, job: Job, at: datetime) -> None:
        """The job begins to run."""

    @abstractmethod
    def finish(self, root: Path, job: Job, return_code: int, stderr: str, at: datetime) -> None: ...

    def time_out(self, root: Path, job: Job, at: datetime) -> None:
        """The job runs too long and is ended."""
        self.finish(root, job, -1, TIMED_OUT, at)

    @abstractmethod
    def rerun(self, root: Path, job: Job) -> None:
        """The owner asks for another run of a finished job."""

    @abstractmethod
    def deposit(self, root: Path, job: Job, at: datetime) -> None:
        """The owner answers by hand, without a run."""
