"""The owner's SyftBox folder on disk: which jobs lie there and how far each has come. Only reads."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from syft_notify.model import JobLayout, JobStatus, LocalJob, LocalLook, Preview, Submission
from syft_notify.syftbox.disk import Stamp, Walk, folders_in, read_end, read_start, refuse_links, stamp_of, walk
from syft_notify.syftbox.documents import MAX_DOCUMENT_BYTES
from syft_notify.syftbox.job_state import (
    RUN_PRODUCTS,
    STATE_FILE,
    STDERR_FILE,
    JobState,
    read_markers,
    read_review,
    text_from,
)
from syft_notify.syftbox.job_tree import JOBS, JobTree, scan_jobs
from syft_notify.syftbox.layouts import CONFIG_FILE, INBOX, REVIEW, JobFolder, is_address, printable
from syft_notify.syftbox.preview import build_preview, is_generated_name
from syft_notify.syftbox.submission import describe

STDERR_TAIL_BYTES = 50_000

_FLAT = (JobLayout.J0, JobLayout.J1)
_OUTPUTS = ("outputs/", "code/outputs/")
# A file of more than a page can be seen half written.
_ONE_PAGE = 4096
_MAX_PROBLEM = 500


@dataclass(frozen=True)
class _Known:
    """What was read of a job, and the stamps of the files it was read from.

    Without `state` the `problem` says why it could not be read.
    """

    config: Stamp
    submission: Submission
    review: Stamp | None = None
    state: JobState | None = None
    problem: str = ""


class LocalJobFolder:
    """The `LocalJobs` of a SyftBox folder. An unchanged job costs a few `stat` calls per look."""

    def __init__(self, root: Path, do_email: str) -> None:
        self._root = root
        self._me = do_email.lower()
        self._known: dict[str, _Known] = {}

    def look(self) -> LocalLook:
        """The state of every job folder that can be read now; what cannot is named in `problems`."""
        try:
            datasite = self._datasite()
            if datasite is None:
                return LocalLook(absent=self._missing())
            tree = self._scan(datasite)
        except OSError as error:
            return LocalLook(absent=self._sentence(Path(error.filename or self._root), _reason(error)))
        problems = [self._sentence(datasite / path, reason) for path, reason in tree.problems]
        reviewed, unlisted = self._reviewed(datasite)
        known: dict[str, _Known] = {}
        unread = []
        for folder in tree.jobs:
            try:
                job = known[folder.path] = self._read(datasite, folder, reviewed)
                problem = job.problem
            except _UnusableError as unusable:
                problem = str(unusable)
            if problem:
                problems.append(problem)
                unread.append(f"{datasite.name}/{folder.path}")
        self._known = known
        return LocalLook(
            jobs=tuple(_job(f"{datasite.name}/{path}", job) for path, job in known.items()),
            problems=(*problems, *unlisted),
            whole=tree.whole and not unlisted,
            unread=tuple(unread),
        )

    def accepted_peers(self) -> frozenset[str]:
        """The peers that have a review folder (J2 and later); empty when that cannot be told."""
        try:
            datasite = self._datasite()
            return frozenset(_review_folders(datasite)) if datasite else frozenset()
        except OSError:
            return frozenset()

    def preview(self, job: LocalJob) -> Preview:
        """The submitted code of a job; what its runs added is not part of it."""
        folder = self._root / job.path
        files = walk(folder, _is_submitted_folder)

        def read(path: str, limit: int) -> bytes | None:
            try:
                return read_start(folder / path, limit)
            except OSError:
                return None

        sizes = _without_runs(files, job.submission.layout)
        preview = build_preview(sizes, read, job.submission.entry_point)
        return replace(preview, left_out=(*preview.left_out, *_unseen_in_words(files, sizes)))

    def stderr_tail(self, job: LocalJob) -> str:
        """The last 50 KB of the job's `stderr.txt`; empty when there is none or it cannot be read."""
        name, _, path = job.path.partition("/")
        datasite = self._root / name
        try:
            if job.submission.layout not in _FLAT:
                path = _review_path(path, _review_folders(datasite))
            refuse_links(datasite, f"{path}/{STDERR_FILE}")
            return read_end(datasite / path / STDERR_FILE, STDERR_TAIL_BYTES).decode(errors="replace")
        except OSError:
            return ""

    def _datasite(self) -> Path | None:
        """The owner's folder, however its address is written. Raises `OSError`."""
        try:
            with os.scandir(self._root) as entries:
                names = sorted(entry.name for entry in entries if entry.name.lower() == self._me and entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return self._root / (self._me if self._me in names else names[0]) if names else None

    def _scan(self, datasite: Path) -> JobTree:
        jobs = datasite / JOBS
        if not jobs.exists():
            return JobTree(whole=False)
        if not Path(os.path.realpath(jobs)).is_relative_to(os.path.realpath(self._root)):
            raise OSError(errno.ELOOP, "it leads out of the SyftBox folder", str(jobs))
        return scan_jobs(datasite)

    def _reviewed(self, datasite: Path) -> tuple[Mapping[str, str], tuple[str, ...]]:
        """The review folders, and in words that they cannot be listed."""
        try:
            return _review_folders(datasite), ()
        except OSError as error:
            return {}, (self._sentence(datasite / JOBS / REVIEW, _reason(error)),)

    def _read(self, datasite: Path, folder: JobFolder, reviewed: Mapping[str, str]) -> _Known:
        """What is known of one job now. Raises `_UnusableError` when it cannot be told whose job it is."""
        before = self._known.get(folder.path)
        at = datasite / folder.path / CONFIG_FILE
        try:
            config = _stamp(at)
            submission = before.submission if before and before.config == config else _submission(at, folder)
        except (OSError, ValueError) as error:
            raise _UnusableError(self._sentence(at, _reason(error))) from error
        at = at.parent
        try:
            if folder.layout in _FLAT:
                return _Known(config, submission, state=read_markers(at, config))
            state_file = f"{_review_path(folder.path, reviewed)}/{STATE_FILE}"
            at = datasite / state_file
            refuse_links(datasite, state_file)
            review = stamp_of(at)
            if before and before.state and review and before.review == review:
                return _Known(config, submission, review, before.state)
            return _Known(config, submission, review, read_review(at, review, config))
        except (OSError, ValueError) as error:
            return _Known(config, submission, problem=self._sentence(at, _reason(error)))

    def _missing(self) -> str:
        lacks = f"holds no folder {self._me}" if self._root.is_dir() else "is not there"
        return f"the SyftBox folder {printable(str(self._root))} {lacks}"

    def _sentence(self, path: Path, reason: str) -> str:
        name = "the SyftBox folder" if path == self._root else os.path.relpath(path, self._root)
        return f"{printable(name)[-_MAX_PROBLEM:]}: {reason}"


class _UnusableError(Exception):
    """A job folder that does not say what it must."""


def _job(path: str, known: _Known) -> LocalJob:
    state = known.state
    if state is None:
        return LocalJob(known.submission, path, JobStatus.RECEIVED, readable=False)
    return LocalJob(
        known.submission,
        path,
        state.status,
        reason=state.reason,
        return_code=state.return_code,
        run=state.run,
        copy=state.copy,
        changed_at=state.changed_at,
    )


def _stamp(config: Path) -> Stamp:
    stamp = stamp_of(config)
    if stamp is None:
        raise ValueError("it is gone")
    return stamp


def _submission(config: Path, folder: JobFolder) -> Submission:
    """The submission in a job folder. Raises `ValueError` when its config is no text, and `OSError`."""
    text = text_from(read_start(config, MAX_DOCUMENT_BYTES + 1))
    if len(text) > MAX_DOCUMENT_BYTES:
        raise ValueError("it is too large")
    files = _without_runs(walk(config.parent, _is_submitted_folder), folder.layout)
    submission = describe(folder, text, files)
    if submission.submitted_at is None and len(text) > _ONE_PAGE:
        raise ValueError("it may be half written: it names no time of submission")
    return submission


def _without_runs(files: Walk, layout: JobLayout) -> dict[str, int]:
    """The files of a job folder that its runs did not add."""
    added = {*RUN_PRODUCTS, *_OUTPUTS} if layout in _FLAT else {*_OUTPUTS}
    return {path: size for path, size in files.sizes.items() if path not in added}


def _is_submitted_folder(path: str) -> bool:
    return f"{path}/" not in _OUTPUTS and not is_generated_name(path.rpartition("/")[2])


def _unseen_in_words(files: Walk, shown: Collection[str]) -> list[str]:
    """What is never shown because a run writes it; a DS may have sent some of it all the same."""
    written = sorted(files.sizes.keys() - set(shown))
    words = [f"{', '.join(written)}: left out, written by runs"] if written else []
    words += [f"{printable(path) or 'the folder'}: cannot be read" for path in files.unreadable[:5]]
    return words if files.whole else [*words, "further files: there are too many to look at"]


def _review_folders(datasite: Path) -> dict[str, str]:
    """The folder names in `review/` that are addresses, by the address in lower case."""
    try:
        names = folders_in(datasite / JOBS / REVIEW)
    except FileNotFoundError:
        return {}
    # Sorting puts capitals first, so a name in lower case wins.
    return {name.lower(): name for name in names if is_address(name.lower())}


def _review_path(path: str, reviewed: Mapping[str, str]) -> str:
    """Where the owner's client keeps what it says of the job at `.../inbox/<ds>/...`."""
    ds, _, rest = path.removeprefix(f"{JOBS}/{INBOX}/").partition("/")
    return f"{JOBS}/{REVIEW}/{reviewed.get(ds.lower(), ds)}/{rest}"


def _reason(error: OSError | ValueError) -> str:
    return f"it cannot be read: {error.strerror or error}" if isinstance(error, OSError) else str(error)
