"""A data scientist and a data owner who do on the local Google, and on disk, what today's client does for them.

Layouts and contents are those of syft-rds 0.6.1 on syft 0.10.0 (docs/architecture.md names the sources of such facts).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from syft_notify.sandbox.sandbox import Sandbox

VERSION = "0.10.0"
JOBS = "app_data/job"
RUN_SECONDS = 60


def _inbox(do: str, ds: str) -> str:
    return f"syft_datasite#{VERSION}#{do}#inbox#{ds}"


def _outbox(do: str, ds: str) -> str:
    return f"syft_datasite#{VERSION}#{do}#outbox#{ds}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Scientist:
    """A DS at their own computer."""

    def __init__(self, google: Sandbox, email: str) -> None:
        self.email = email
        self._drive = google.drive
        self._home = self._drive.folder(email, "SyftBox")

    def ask(self, do: str) -> None:
        """Ask to become a peer: two folders of the DS, shared with the owner."""
        for name in (_inbox(do, self.email), _outbox(do, self.email)):
            self._drive.folder(self.email, name, self._home, share={do: "writer"})

    def submit(self, do: str, job: str, code: Mapping[str, str], entry_point: str, at: datetime) -> None:
        """Send a python job: one message with all its files in the inbox folder of the owner."""
        config: dict[str, Any] = {
            "canonical_name": "JobSubmissionMetadata",
            "code_path": f"/home/ds/{job}",
            "datasets": None,
            "dependencies": [f"syft=={VERSION}"],
            "entrypoint": entry_point,
            "files": list(code),
            "headers": {},
            "is_folder_submission": len(code) > 1,
            "job_type": "local",
            "name": job,
            "submitted_at": _stamp(at),
            "type": "python",
            "version": "1",
        }
        files = {
            "run.sh": f"#!/bin/bash\nset -eu\ncd code\npython {entry_point}\n",
            "config.yaml": yaml.safe_dump(config),
        }
        files |= {f"code/{path}": text for path, text in code.items()}
        folder = f"{JOBS}/inbox/{self.email}/v1/{job}"
        name, content = self._message(do, {f"{folder}/{path}": text for path, text in files.items()}, at)
        (inbox,) = self._drive.find(_inbox(do, self.email), self.email)
        self._drive.file(self.email, name, content, inbox)

    def _message(self, do: str, files: Mapping[str, str], at: datetime) -> tuple[str, bytes]:
        uid, seconds = str(uuid.uuid4()), at.timestamp()
        changes = [
            {
                "id": str(uuid.uuid4()),
                "old_hash": None,
                "new_hash": hashlib.sha256(text.encode()).hexdigest(),
                "submitted_timestamp": seconds,
                "path_in_datasite": path,
                "content": text,
                "datasite_email": do,
                "is_deleted": False,
                "content_type": "text",
            }
            for path, text in files.items()
        ]
        document = {
            "id": str(uuid.uuid4()),
            "sender_email": self.email,
            "message_filename": {"submitted_timestamp": seconds, "uid": uid},
            "proposed_file_changes": changes,
        }
        return f"msgv2_{seconds}_{uid}.tar.gz", _packed(document)


class Owner:
    """A DO whose SyftBox folder is `root`."""

    def __init__(self, google: Sandbox, email: str, root: Path) -> None:
        self.email = email
        self.root = root
        self._drive = google.drive
        self._home = self._drive.folder(email, "SyftBox")
        self._jobs = root / email / JOBS
        self._jobs.mkdir(parents=True, exist_ok=True)
        self._peers: dict[str, dict[str, str]] = {}
        self._peers_file = ""

    def accept(self, ds: str) -> None:
        """Grant a peer request: the peers file, the reverse folders, the local folders."""
        self._peers[ds] = {"state": "accepted"}
        content = json.dumps(self._peers, indent=2).encode()
        if self._peers_file:
            self._drive.write(self._peers_file, content)
        else:
            name = "SYFT_peers.json"
            self._peers_file = self._drive.file(self.email, name, content, self._home, mime_type="text/plain")
        for name in (_inbox(ds, self.email), _outbox(ds, self.email)):
            self._drive.folder(self.email, name, self._home, share={ds: "writer"})
        for side in ("inbox", "review"):
            (self._jobs / side / ds).mkdir(parents=True, exist_ok=True)

    def sync(self) -> None:
        """Read the messages of accepted peers into the local folder and move them to the archive."""
        for ds in self._peers:
            (inbox,) = self._drive.find(_inbox(self.email, ds), ds)
            for message in self._drive.children(inbox):
                for change in _unpacked(self._drive.read(message))["proposed_file_changes"]:
                    file = self.root / self.email / PurePosixPath(change["path_in_datasite"])
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(change["content"])
                self._drive.move(message, self._archive(ds))

    def approve(self, ds: str, job: str, at: datetime) -> None:
        """Allow a job to run."""
        self._state(
            ds, job, status="approved", approved_by=self.email, approved_at=_stamp(at), approval_method="manual"
        )

    def reject(self, ds: str, job: str, reason: str, at: datetime) -> None:
        """Refuse a job with a reason."""
        self._state(ds, job, status="rejected", rejected_by=self.email, rejected_at=_stamp(at), review_reason=reason)

    def run(self, ds: str, job: str, at: datetime, data: Mapping[str, str] | None = None) -> int:
        """Really run a python job, with `data` in its environment; returns its exit code."""
        folder, review = self._jobs / "inbox" / ds / "v1" / job, self._review(ds, job)
        entry_point = yaml.safe_load((folder / "config.yaml").read_text())["entrypoint"]
        done = subprocess.run(  # noqa: S603 - the story's own code
            [sys.executable, "-B", entry_point],
            cwd=folder / "code",
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
            env={**os.environ, **(data or {}), "PYTHONPATH": "."},
        )
        (review / "stdout.txt").write_text(done.stdout)
        (review / "stderr.txt").write_text(done.stderr)
        (review / "returncode.txt").write_text(str(done.returncode))
        status = "failed" if done.returncode else "done"
        self._state(ds, job, status=status, completed_at=_stamp(at), return_code=done.returncode)
        return done.returncode

    def _archive(self, ds: str) -> str:
        name = f"syft_{ds}_to_{self.email}_archive"
        found = self._drive.find(name, self.email)
        return found[0] if found else self._drive.folder(self.email, name, self._home)

    def _review(self, ds: str, job: str) -> Path:
        folder = self._jobs / "review" / ds / "v1" / job
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _state(self, ds: str, job: str, **changes: Any) -> None:
        file = self._review(ds, job) / "state.yaml"
        state = yaml.safe_load(file.read_text()) if file.exists() else dict(_NEW_STATE)
        file.write_text(yaml.safe_dump({**state, **changes}))


_NEW_STATE = {
    "approval_method": None,
    "approved_at": None,
    "approved_by": None,
    "canonical_name": "JobState",
    "completed_at": None,
    "received_at": None,
    "rejected_at": None,
    "rejected_by": None,
    "return_code": None,
    "review_reason": None,
    "status": "pending",
    "version": "1",
}


def _packed(document: Mapping[str, Any]) -> bytes:
    """The container of all messages: gzip of a tar with one JSON file."""
    content, packed = json.dumps(document, indent=2).encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("proposed_file_changes.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _unpacked(message: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(message))) as archive:
        member = archive.extractfile("proposed_file_changes.json")
        document: dict[str, Any] = json.loads(member.read() if member else b"{}")
        return document
