"""Reads how far a job has come: marker files (J0, J1) or the review's `state.yaml` (J2 and later)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from syft_notify.domain.jobs import JobStatus
from syft_notify.syftbox.disk import Stamp, read_start, stamp_of
from syft_notify.syftbox.documents import MAX_DOCUMENT_BYTES, read_mapping, text_of, time_of

STATE_FILE = "state.yaml"
STDOUT_FILE, STDERR_FILE, RETURN_CODE_FILE = "stdout.txt", "stderr.txt", "returncode.txt"
APPROVED_MARKER, DONE_MARKER = "approved", "done"
RUN_PRODUCTS = frozenset({STDOUT_FILE, STDERR_FILE, RETURN_CODE_FILE, APPROVED_MARKER, DONE_MARKER})

_INTEGER = re.compile(r"-?[0-9]{1,10}")
_MAX_REASON = 4000
_TIME_KEYS = {
    JobStatus.RECEIVED: "received_at",
    JobStatus.PENDING: "received_at",
    JobStatus.APPROVED: "approved_at",
    JobStatus.REJECTED: "rejected_at",
    JobStatus.DONE: "completed_at",
    JobStatus.FAILED: "completed_at",
}


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job has come; the fields are those of `LocalJob`."""

    status: JobStatus
    changed_at: datetime
    reason: str = ""
    return_code: int | None = None
    run: str = ""
    copy: str = ""


def read_markers(folder: Path, config: Stamp) -> JobState:
    """The state in a J0 or J1 job folder. Raises `ValueError` when it cannot be told yet, and `OSError`.

    The client writes no times and no failure: a job that failed is `done` with another return code than 0, and a
    result deposited by hand is `done` without one. After a rerun was asked for, the old logs remain beside `approved`.
    """
    approved, done = stamp_of(folder / APPROVED_MARKER), stamp_of(folder / DONE_MARKER)
    has_code = stamp_of(folder / RETURN_CODE_FILE) is not None
    if done:
        code = _return_code(folder) if has_code else None
        status = JobStatus.FAILED if code else JobStatus.DONE
        # A rerun leaves the config alone; copying the folder gives it a new time too.
        copy = f"{config.modified_ns} "
        return JobState(status, done.modified_at, return_code=code, run=f"{copy}{done.modified_ns}", copy=copy)
    if approved:
        runs = stamp_of(folder / STDOUT_FILE) is not None and not has_code
        return JobState(JobStatus.RUNNING if runs else JobStatus.APPROVED, approved.modified_at)
    return JobState(JobStatus.RECEIVED, config.modified_at)


def read_review(state_file: str, stamp: Stamp | None, config: Stamp) -> JobState:
    """The state in a review folder; without a `state.yaml` the job was only received.

    Raises `ValueError` when the file is empty, half written or not understood, and `OSError`.
    """
    if stamp is None:
        return JobState(JobStatus.RECEIVED, config.modified_at)
    state = read_mapping(text_from(read_start(state_file, MAX_DOCUMENT_BYTES + 1)))
    status = _status(state.get("status"))
    written_at = time_of(state.get(_TIME_KEYS.get(status, "")))
    finished = status in (JobStatus.DONE, JobStatus.FAILED)
    return JobState(
        status=status,
        changed_at=written_at or stamp.modified_at,
        reason=text_of(state, "review_reason", "rejection_reason", limit=_MAX_REASON),
        return_code=_integer(state.get("return_code")),
        run=(text_of(state, "completed_at", limit=60) or str(stamp.modified_ns)) if finished else "",
    )


def text_from(data: bytes) -> str:
    """The text of a file that the owner's client wrote. Raises `ValueError` when it is empty or no text."""
    if not data.strip():
        raise ValueError("it is empty")
    if b"\0" in data:
        raise ValueError("it is not text")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None


def _status(word: Any) -> JobStatus:
    try:
        return JobStatus(word)
    except ValueError:
        raise ValueError("it holds no known status") from None


def _return_code(folder: Path) -> int:
    code = _integer(read_start(folder / RETURN_CODE_FILE, 100).decode(errors="replace").strip())
    if code is None:
        raise ValueError(f"its {RETURN_CODE_FILE} holds no number")
    return code


def _integer(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and _INTEGER.fullmatch(text) else None
