"""J0 and J1: what is known of a job lies in marker files beside its code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.worlds.disk import STDOUT, TIMED_OUT, as_yaml, remove_outputs, run_script, write, write_permissions
from tests.worlds.generation import Generation
from tests.worlds.jobs import Job


@dataclass(frozen=True)
class MarkerGeneration(Generation):
    """J0 and J1: empty files named `approved` and `done` in the job's folder; no rejection, no times."""

    by_ds: bool = False
    writes_empty_stderr: bool = True
    takes_folders: bool = True

    def job_path(self, job: Job) -> str:
        return f"app_data/job/{job.ds}/{job.name}" if self.by_ds else f"app_data/job/{job.name}"

    def accept(self, root: Path, do: str, ds: str) -> None:
        super().accept(root, do, ds)
        if self.by_ds:
            write_permissions(root / do / f"app_data/job/{ds}", write=[ds])

    def files(self, job: Job) -> dict[str, str]:
        config: dict[str, Any] = {
            "name": job.name,
            "submitted_by": job.ds,
            "submitted_at": job.submitted_at.isoformat(),
        }
        if job.kind == "bash":
            (script,) = job.files.values()
            return {"run.sh": script, "config.yaml": as_yaml(config)}
        if job.kind == "folder" and not self.takes_folders:
            raise ValueError(f"{self.release} takes no folders")
        top = "my_project/" if job.kind == "folder" else ""
        config |= {
            "type": "python",
            "entry_point": job.entry_point,
            "code_path": f"/home/ds/analysis/{top.rstrip('/') or job.entry_point}",
            "dependencies": [self.pin, *job.dependencies],
        }
        if self.takes_folders:
            config["is_folder_submission"] = job.kind == "folder"
        code = {f"{top}{path}": content for path, content in job.files.items()}
        return {**code, "run.sh": run_script(f"{top}{job.entry_point}"), "config.yaml": as_yaml(config)}

    def read_job_list(self, root: Path, job: Job, at: datetime) -> None:
        """Leaves no trace."""

    def approve(self, root: Path, job: Job, at: datetime) -> None:
        write(self.folder(root, job) / "approved", "", at)

    def reject(self, root: Path, job: Job, reason: str, at: datetime) -> None:
        raise ValueError(f"{self.release} knows no rejection")

    def start(self, root: Path, job: Job, at: datetime) -> None:
        folder = self.folder(root, job)
        write(folder / "stdout.txt", "", at)
        if self.writes_empty_stderr:
            write(folder / "stderr.txt", "", at)

    def finish(self, root: Path, job: Job, return_code: int, stderr: str, at: datetime) -> None:
        folder = self.folder(root, job)
        write(folder / "stdout.txt", STDOUT + (TIMED_OUT if return_code == -1 else ""), at)
        if stderr or self.writes_empty_stderr:
            write(folder / "stderr.txt", stderr, at)
        write(folder / "returncode.txt", str(return_code), at)
        if return_code == 0:
            write(folder / "outputs/result.txt", "42\n", at)
        write(folder / "done", "", at)

    def rerun(self, root: Path, job: Job) -> None:
        """Leaves the logs and the return code of the run before."""
        folder = self.folder(root, job)
        (folder / "done").unlink()
        remove_outputs(folder)

    def deposit(self, root: Path, job: Job, at: datetime) -> None:
        folder = self.folder(root, job)
        write(folder / "outputs/answer.csv", "sum\n42\n", at)
        write(folder / "approved", "", at)
        write(folder / "done", "", at)
