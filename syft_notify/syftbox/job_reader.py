"""Reads one job folder of the owner: whose job it is, and how far it has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from syft_notify.domain.jobs import JobLayout, JobStatus, LocalJob, Submission
from syft_notify.domain.text import printable
from syft_notify.syftbox.disk import Stamp, Walk, read_start, refuse_links, stamp_at, stamp_of, walk
from syft_notify.syftbox.documents import MAX_DOCUMENT_BYTES
from syft_notify.syftbox.job_state import (
    RUN_PRODUCTS,
    STATE_FILE,
    JobState,
    read_markers,
    read_review,
    text_from,
)
from syft_notify.syftbox.job_tree import JOBS, FoundJob
from syft_notify.syftbox.layouts import CONFIG_FILE, INBOX, REVIEW, JobFolder
from syft_notify.syftbox.preview import is_generated_name
from syft_notify.syftbox.submission import describe

FLAT = (JobLayout.J0, JobLayout.J1)

_SETTLED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.REJECTED)
_OUTPUTS = ("outputs/", "code/outputs/")
# A file of more than a page can be seen half written.
_ONE_PAGE = 4096


class UnusableError(Exception):
    """A job folder that does not say what it must: at `path`, for this `reason`.

    As long as the config at `path` has the stamp `until`, it says the same; None where that cannot be known.
    """

    def __init__(self, path: Path, reason: str, until: Stamp | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.until = until


@dataclass(frozen=True, slots=True)
class ReadJob:
    """What was read of a job: its config, and its state with the `stamp` of what it was read from.

    Without `state`, `problem` and `place` say why and where it could not be read. When the state changes, so does what
    is at `watched_path`; `trusted` says that its stamp surely will.
    """

    found: FoundJob
    submission: Submission
    stamp: Stamp | None
    trusted: bool
    state: JobState | None = None
    problem: str = ""
    place: Path | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is expected to happen to it."""
        return self.trusted and self.state is not None and self.state.status in _SETTLED

    def holds_at(self, stamp: Stamp | None) -> bool:
        """Whether its state is as it was read, when this is the stamp now of what is watched."""
        return self.trusted and self.state is not None and self.stamp == stamp

    def as_job(self, path: str) -> LocalJob:
        """The job at this path, from the root."""
        state = self.state
        if state is None:
            return LocalJob(self.submission, path, JobStatus.RECEIVED, readable=False)
        return LocalJob(
            self.submission,
            path,
            state.status,
            reason=state.reason,
            return_code=state.return_code,
            run=state.run,
            copy=state.copy,
            changed_at=state.changed_at,
        )


def watched_path(datasite: Path, folder: JobFolder, reviewed: Mapping[str, str]) -> str:
    """What changes with the state of a job: the marker files in its folder, or the file that the owner's client writes.

    `reviewed` are the review folders' names by address.
    """
    path = folder.path if folder.layout in FLAT else _state_file(folder, reviewed)
    return f"{datasite}/{path}"


def read_job(
    datasite: Path, found: FoundJob, reviewed: Mapping[str, str], before: ReadJob | None, now_ns: int
) -> ReadJob:
    """What a job folder says now; `before` is what was read last, `reviewed` as in `watched_path`.

    Raises `UnusableError` when it cannot be told whose job it is.
    """
    folder = found.folder
    at = f"{datasite}/{folder.path}"
    config: Stamp | None = None
    try:
        config = _stamp(f"{at}/{CONFIG_FILE}")
        known = before is not None and before.found.config == config and not config.is_young(now_ns)
        submission = before.submission if before and known else _submission(at, folder)
    except OSError as error:
        raise UnusableError(Path(at, CONFIG_FILE), reason_of(error)) from error
    except ValueError as error:
        lasting = None if config is None or config.is_young(now_ns) else config
        raise UnusableError(Path(at, CONFIG_FILE), reason_of(error), lasting) from error
    watched = watched_path(datasite, folder, reviewed)
    stamp = stamp_at(watched)
    if before and known and before.holds_at(stamp):
        return before
    seen = found if found.config == config else FoundJob(folder, config)
    job = ReadJob(seen, submission, stamp, trusted=stamp is None or not stamp.is_young(now_ns))
    try:
        return replace(job, state=_state(datasite, folder, config, _state_file(folder, reviewed)))
    except (OSError, ValueError) as error:
        return replace(job, problem=reason_of(error), place=Path(watched))


def _state_file(folder: JobFolder, reviewed: Mapping[str, str]) -> str:
    return f"{review_path(folder.path, reviewed)}/{STATE_FILE}"


def _state(datasite: Path, folder: JobFolder, config: Stamp, state_file: str) -> JobState:
    """Raises `ValueError` and `OSError`."""
    if folder.layout in FLAT:
        return read_markers(datasite / folder.path, config)
    refuse_links(datasite, state_file)
    at = f"{datasite}/{state_file}"
    return read_review(at, stamp_of(at), config)


def _stamp(config: str) -> Stamp:
    stamp = stamp_of(config)
    if stamp is None:
        raise ValueError("it is gone")
    return stamp


def _submission(at: str, folder: JobFolder) -> Submission:
    """The submission in the job folder `at`. Raises `ValueError` when its config is no text, and `OSError`."""
    text = text_from(read_start(f"{at}/{CONFIG_FILE}", MAX_DOCUMENT_BYTES + 1))
    if len(text) > MAX_DOCUMENT_BYTES:
        raise ValueError("it is too large")
    files = submitted_files(walk(at, is_submitted_folder), folder.layout)
    submission = describe(folder, text, files)
    if submission.submitted_at is None and len(text) > _ONE_PAGE:
        raise ValueError("it may be half written: it names no time of submission")
    return submission


def submitted_files(files: Walk, layout: JobLayout) -> dict[str, int]:
    """The files of a job folder that its runs did not add."""
    added = {*RUN_PRODUCTS, *_OUTPUTS} if layout in FLAT else {*_OUTPUTS}
    return {path: size for path, size in files.sizes.items() if path not in added}


def is_submitted_folder(path: str) -> bool:
    """Whether to look for submitted files in a folder of a job."""
    return f"{path}/" not in _OUTPUTS and not is_generated_name(path.rpartition("/")[2])


def unseen_in_words(files: Walk, shown: Collection[str]) -> list[str]:
    """What is never shown because a run writes it; a DS may have sent some of it all the same."""
    written = sorted(files.sizes.keys() - set(shown))
    words = [f"{', '.join(written)}: left out, written by runs"] if written else []
    words += [f"{printable(path) or 'the folder'}: cannot be read" for path in files.unreadable[:5]]
    return words if files.whole else [*words, "further files: there are too many to look at"]


def review_path(path: str, reviewed: Mapping[str, str]) -> str:
    """Where the owner's client keeps what it says of the job at `.../inbox/<ds>/...`."""
    ds, _, rest = path.removeprefix(f"{JOBS}/{INBOX}/").partition("/")
    return f"{JOBS}/{REVIEW}/{reviewed.get(ds.lower(), ds)}/{rest}"


def reason_of(error: OSError | ValueError) -> str:
    """An error in words."""
    return f"it cannot be read: {error.strerror or error}" if isinstance(error, OSError) else str(error)
