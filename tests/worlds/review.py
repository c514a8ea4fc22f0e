"""J2 and J3: what is known of a job lies in a `state.yaml` of its own folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.worlds.disk import STDOUT, TIMED_OUT, as_yaml, remove_outputs, run_script, write, write_permissions
from tests.worlds.generation import Generation
from tests.worlds.jobs import Job


@dataclass(frozen=True)
class ReviewGeneration(Generation):
    """J2 and J3: the DS writes to `inbox/`, the owner's side to `review/`, with a `state.yaml` for each job."""

    reason_key: str = "review_reason"
    protocol: str = ""

    def job_path(self, job: Job) -> str:
        return f"app_data/job/inbox/{self._name(job)}"

    def review(self, root: Path, job: Job) -> Path:
        """What the owner's side keeps about the job."""
        return root / job.do / f"app_data/job/review/{self._name(job)}"

    def _name(self, job: Job) -> str:
        return "/".join(part for part in (job.ds, self.protocol, job.name) if part)

    def files(self, job: Job) -> dict[str, str]:
        is_bash = job.kind == "bash"
        source = "my_project" if job.kind == "folder" else job.entry_point
        config: dict[str, Any] = {
            "name": job.name,
            "submitted_at": _zulu(job.submitted_at),
            "type": "bash" if is_bash else "python",
            "entrypoint": None if is_bash else job.entry_point,
            "code_path": None if is_bash else f"/home/ds/analysis/{source}",
            "dependencies": [] if is_bash else [self.pin, *job.dependencies],
            "is_folder_submission": job.kind == "folder",
            "files": list(job.files),
            "job_type": "local",
            "datasets": None,
            "headers": {},
        }
        config |= self._stamped("JobSubmissionMetadata")
        run = next(iter(job.files.values())) if is_bash else f"cd code\n{run_script(job.entry_point)}"
        return {
            "run.sh": run,
            "config.yaml": as_yaml(config),
            **{f"code/{path}": content for path, content in job.files.items()},
        }

    def accept(self, root: Path, do: str, ds: str) -> None:
        super().accept(root, do, ds)
        write_permissions(root / do / f"app_data/job/inbox/{ds}", write=[ds])
        write_permissions(root / do / f"app_data/job/review/{ds}", read=[ds])

    def read_job_list(self, root: Path, job: Job, at: datetime) -> None:
        self.write_state(root, job, status="pending", received_at=_zulu(at))

    def approve(self, root: Path, job: Job, at: datetime, reason: str | None = None) -> None:
        method = {"approval_method": "manual", "review_reason": reason} if self._has_approval_method else {}
        self._change(root, job, at, status="approved", approved_by=job.do, approved_at=_zulu(at), **method)

    def reject(self, root: Path, job: Job, reason: str, at: datetime) -> None:
        changes = {"rejected_by": job.do, "rejected_at": _zulu(at), self.reason_key: reason}
        self._change(root, job, at, status="rejected", **changes)

    def start(self, root: Path, job: Job, at: datetime) -> None:
        self._change(root, job, at, status="running")
        for log in ("stdout.txt", "stderr.txt"):
            write(self.review(root, job) / log, "", at)

    def finish(self, root: Path, job: Job, return_code: int, stderr: str, at: datetime) -> None:
        review = self.review(root, job)
        write(review / "stdout.txt", STDOUT + (TIMED_OUT if return_code == -1 else ""), at)
        write(review / "stderr.txt", stderr, at)
        write(review / "returncode.txt", str(return_code), at)
        if return_code == 0:
            write(review / "outputs/result.txt", "42\n", at)
        status = "failed" if return_code else "done"
        self._change(root, job, at, status=status, return_code=return_code, completed_at=_zulu(at))

    def rerun(self, root: Path, job: Job) -> None:
        review = self.review(root, job)
        for log in ("stdout.txt", "stderr.txt", "returncode.txt"):
            (review / log).unlink(missing_ok=True)
        remove_outputs(review)
        self._change(root, job, None, status="approved", return_code=None, completed_at=None)

    def deposit(self, root: Path, job: Job, at: datetime) -> None:
        write(self.review(root, job) / "outputs/answer.csv", "sum\n42\n", at)
        times = {"approved_at": _zulu(at), "completed_at": _zulu(at)}
        self._change(root, job, at, status="done", approved_by=job.do, return_code=0, **times)

    def go_back(self, root: Path, job: Job) -> None:
        """A login of the owner restores the state before the decision; seen with 0.1.109."""
        state = self.read_state(root, job)
        self.write_state(root, job, status="pending", received_at=state["received_at"])

    def read_state(self, root: Path, job: Job) -> dict[str, Any]:
        """The `state.yaml` of the job."""
        state: dict[str, Any] = yaml.safe_load((self.review(root, job) / "state.yaml").read_text())
        return state

    def write_state(self, root: Path, job: Job, at: datetime | None = None, **set_keys: Any) -> None:
        """Write a `state.yaml` with all keys of this release; those not given are null."""
        keys = ["status", "received_at", "approved_by", "approved_at", "rejected_by", "rejected_at"]
        keys += [self.reason_key, "completed_at", "return_code"]
        keys += ["approval_method"] if self._has_approval_method else []
        state = dict.fromkeys(keys) | set_keys | self._stamped("JobState")
        write(self.review(root, job) / "state.yaml", as_yaml(state), at)

    @property
    def _has_approval_method(self) -> bool:
        return self.reason_key == "review_reason"

    def _change(self, root: Path, job: Job, at: datetime | None, **changes: Any) -> None:
        """Change the state; whoever decides on a job has read the job list before."""
        if not (self.review(root, job) / "state.yaml").exists():
            self.read_job_list(root, job, (at or job.submitted_at) - timedelta(seconds=1))
        self.write_state(root, job, at, **(self.read_state(root, job) | changes))

    def _stamped(self, name: str) -> dict[str, str]:
        return {"canonical_name": name, "version": "1"} if self.protocol else {}


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
