"""The owner's SyftBox folder on disk: which jobs lie there and how far each has come. Only reads."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from syft_notify.config.paths import is_there
from syft_notify.domain.addresses import account_of, is_address, is_same_account
from syft_notify.domain.item_guard import ItemGuard, few
from syft_notify.domain.jobs import LocalJob, LocalScan, Preview
from syft_notify.domain.text import printable
from syft_notify.syftbox.disk import Stamp, folders_in, read_end, read_start, refuse_links, stamp_at, walk
from syft_notify.syftbox.job_reader import (
    FLAT,
    ReadJob,
    UnusableError,
    is_submitted_folder,
    read_job,
    reason_of,
    review_path,
    submitted_files,
    unseen_in_words,
    watched_path,
)
from syft_notify.syftbox.job_state import STDERR_FILE
from syft_notify.syftbox.job_tree import JOBS, FoundJob, JobTree
from syft_notify.syftbox.layouts import CONFIG_FILE, REVIEW
from syft_notify.syftbox.preview import build_preview

STDERR_TAIL_BYTES = 50_000
# So many settled jobs are looked at in a scan that is not full, in turn: one may be run again.
SETTLED_SHARE = 500

_MAX_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class _Unusable:
    """A job that cannot be read, in words, and the stamp of its config with which that stays so, if any."""

    found: FoundJob
    sentence: str
    until: Stamp | None

    def holds_in(self, datasite: Path) -> bool:
        return self.until is not None and stamp_at(f"{datasite}/{self.found.folder.path}/{CONFIG_FILE}") == self.until


class LocalJobFolder:
    """The `LocalJobs` of a SyftBox folder.

    In a scan that is not full an unchanged job costs one `stat`, and a settled one that only every so many looks.
    """

    def __init__(self, root: Path, do_email: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        """`now_ns` is the clock that the times of files are compared with, in nanoseconds."""
        self._root = root
        self._me = do_email.lower()
        self._now_ns = now_ns
        self._reviewers: tuple[Stamp | None, Mapping[str, str]] | None = None
        self._peers: frozenset[str] = frozenset()
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of any job."""
        self._tree: JobTree | None = None
        self._branches: dict[str, Mapping[str, FoundJob]] = {}
        self._jobs: dict[str, ReadJob] = {}
        self._unusable: dict[str, _Unusable] = {}
        self._live: set[str] = set()
        self._settled: dict[str, None] = {}  # in turn
        self._reviewed_last: Mapping[str, str] = {}

    def look(self, *, full: bool = True) -> LocalScan:
        """The state of every job folder that can be read now, or only of those that changed; what cannot is named."""
        try:
            datasite = self._datasite()
            if datasite is None:
                self._forget()
                return LocalScan(absent=self._missing())
            partial = not full and self._tree is not None and self._tree.datasite == datasite
            tree = self._tree_of(datasite)
            if tree is None:
                self._forget()
                return LocalScan(whole=False)
            renewed = tree.refresh(full=not partial)
        except OSError as error:
            self._forget()
            return LocalScan(absent=self._sentence(Path(error.filename or self._root), reason_of(error)))
        return self._looked(tree, renewed, partial=partial)

    def _looked(self, tree: JobTree, renewed: set[str], *, partial: bool) -> LocalScan:
        reviewed, unlisted = self._reviewed(tree.datasite)
        self._tree = tree
        present = {key: tree.branches[key].jobs for key in sorted(renewed & tree.branches.keys())}
        gone = self._gone_from(renewed, present)
        self._branches.update(present)
        to_read = self._due(tree.datasite, reviewed) if partial else {}
        to_read.update(self._unlike(chain.from_iterable(jobs.items() for jobs in present.values()), anew=not partial))
        to_read.update(self._reviewed_elsewhere(reviewed))
        changed = self._read(tree.datasite, to_read, reviewed)
        site = tree.datasite.name
        return LocalScan(
            jobs=tuple(self._jobs[path].as_job(f"{site}/{path}") for path in (changed if partial else self._jobs)),
            problems=(*self._problems(tree), *unlisted),
            whole=all(branch.whole for branch in tree.incomplete) and not unlisted,
            unread=tuple(f"{site}/{path}" for path in self._unread()),
            partial=partial,
            gone=frozenset(f"{site}/{path}" for path in gone),
        )

    def _unlike(self, found: Iterable[tuple[str, FoundJob]], *, anew: bool) -> dict[str, FoundJob]:
        """The jobs that are new, or whose config is another one than was read; all of them `anew`."""
        known = self._jobs
        return {
            path: job
            for path, job in found
            if anew or path not in known or not known[path].trusted or known[path].found.config != job.config
        }

    def _reviewed_elsewhere(self, reviewed: Mapping[str, str]) -> dict[str, FoundJob]:
        """The jobs of the DSs whose review folder is not named as it was in the look before."""
        before, self._reviewed_last = self._reviewed_last, reviewed
        if before == reviewed:
            return {}
        moved = {ds for ds in before.keys() | reviewed.keys() if before.get(ds) != reviewed.get(ds)}
        return {path: job.found for path, job in self._jobs.items() if job.found.folder.ds in moved}

    def _gone_from(self, renewed: set[str], present: Mapping[str, Mapping[str, FoundJob]]) -> list[str]:
        """Forget the jobs that are not where they were; returns their paths."""
        gone = []
        for key in renewed:
            now = present.get(key, {})
            gone += [path for path in self._branches.pop(key, {}) if path not in now]
        for path in gone:
            self._jobs.pop(path, None)
            self._unusable.pop(path, None)
            self._live.discard(path)
            self._settled.pop(path, None)
        return gone

    def _due(self, datasite: Path, reviewed: Mapping[str, str]) -> dict[str, FoundJob]:
        """The jobs to read again: those that changed, as far as one `stat` tells, and those that could not be read."""
        due = {path: job.found for path, job in self._unusable.items() if not job.holds_in(datasite)}
        turn = list(islice(self._settled, SETTLED_SHARE))
        for path in turn:
            self._settled[path] = self._settled.pop(path)
        for path in chain(self._live, turn):
            job = self._jobs[path]
            if not job.holds_at(stamp_at(watched_path(datasite, job.found.folder, reviewed))):
                due[path] = job.found
        return due

    def _read(self, datasite: Path, to_read: Mapping[str, FoundJob], reviewed: Mapping[str, str]) -> list[str]:
        """Read these jobs; returns the paths of those that are not as they were."""
        changed, now_ns = [], self._now_ns()
        for path, found in to_read.items():
            before, failed, until = self._jobs.get(path), list[str](), None
            with ItemGuard(printable(path)[-_MAX_PROBLEM:], failed):
                try:
                    job = read_job(datasite, found, reviewed, before, now_ns)
                except UnusableError as error:
                    failed.append(self._sentence(error.path, error.reason))
                    until = error.until
            if failed:
                self._unusable[path] = _Unusable(found, failed[0], until)
                self._jobs.pop(path, None)
                self._live.discard(path)
                self._settled.pop(path, None)
                continue
            self._unusable.pop(path, None)
            self._keep(path, job)
            if before is None or (before.submission, before.state) != (job.submission, job.state):
                changed.append(path)
        return changed

    def _keep(self, path: str, job: ReadJob) -> None:
        self._jobs[path] = job
        if job.settled:
            self._live.discard(path)
            self._settled.setdefault(path)
        else:
            self._live.add(path)
            self._settled.pop(path, None)

    def _unread(self) -> Iterable[str]:
        yield from self._unusable
        yield from (path for path in self._live if self._jobs[path].problem)

    def _problems(self, tree: JobTree) -> Iterable[str]:
        """In words what could not be read: some of each kind, so that many of one kind hide no other."""
        unlike_jobs = [(tree.datasite / path, why) for branch in tree.incomplete for path, why in branch.problems]
        yield from few(unlike_jobs, lambda found: self._sentence(*found))
        yield from few([job.sentence for job in self._unusable.values()])
        stateless = [job for job in map(self._jobs.__getitem__, self._live) if job.problem]
        yield from few(stateless, lambda job: self._sentence(job.place or tree.datasite, job.problem))

    def accepted_peers(self) -> frozenset[str]:
        """The accounts of peers that have a review folder (J2 and later); empty when that cannot be told."""
        try:
            datasite = self._datasite()
        except OSError:
            return frozenset()
        found = frozenset(map(account_of, self._reviewed(datasite)[0])) if datasite else frozenset()
        if found != self._peers:
            self._peers = found
        return self._peers

    def preview(self, job: LocalJob) -> Preview:
        """The submitted code of a job; what its runs added is not part of it."""
        folder = self._root / job.path
        files = walk(folder, is_submitted_folder)

        def read(path: str, limit: int) -> bytes | None:
            try:
                return read_start(folder / path, limit)
            except OSError:
                return None

        sizes = submitted_files(files, job.submission.layout)
        preview = build_preview(sizes, read, job.submission.entry_point)
        return replace(preview, left_out=(*preview.left_out, *unseen_in_words(files, sizes)))

    def stderr_tail(self, job: LocalJob) -> str:
        """The last 50 KB of the job's `stderr.txt`; empty when there is none or it cannot be read."""
        name, _, path = job.path.partition("/")
        datasite = self._root / name
        try:
            if job.submission.layout not in FLAT:
                path = review_path(path, _review_folders(datasite))
            refuse_links(datasite, f"{path}/{STDERR_FILE}")
            return read_end(datasite / path / STDERR_FILE, STDERR_TAIL_BYTES).decode(errors="replace")
        except OSError:
            return ""

    def _datasite(self) -> Path | None:
        """The owner's folder, however its address is written. Raises `OSError`."""
        try:
            with os.scandir(self._root) as entries:
                names = sorted(e.name for e in entries if is_same_account(e.name, self._me) and e.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return None
        # The name as configured, else one that differs in case only, else another spelling of the account.
        return self._root / min(names, key=lambda name: (name != self._me, name.lower() != self._me)) if names else None

    def absence(self) -> str:
        """Why the owner's folder cannot be looked into; empty when it can."""
        try:
            return "" if self._datasite() else self._missing()
        except OSError as error:
            return self._sentence(Path(error.filename or self._root), reason_of(error))

    def _tree_of(self, datasite: Path) -> JobTree | None:
        """The tree of job folders, None where there is none yet. Raises `OSError`."""
        jobs = datasite / JOBS
        if not is_there(jobs):
            return None
        if not Path(os.path.realpath(jobs)).is_relative_to(os.path.realpath(self._root)):
            raise OSError(errno.ELOOP, "it leads out of the SyftBox folder", str(jobs))
        known = self._tree
        return known if known is not None and known.datasite == datasite else JobTree(datasite, self._now_ns)

    def _reviewed(self, datasite: Path) -> tuple[Mapping[str, str], tuple[str, ...]]:
        """The review folders, and in words that they cannot be listed."""
        stamp = stamp_at(os.fspath(datasite / JOBS / REVIEW))
        if stamp is not None and self._reviewers and self._reviewers[0] == stamp:
            return self._reviewers[1], ()
        try:
            now = _review_folders(datasite)
        except OSError as error:
            return {}, (self._sentence(datasite / JOBS / REVIEW, reason_of(error)),)
        young = stamp is not None and stamp.is_young(self._now_ns())
        self._reviewers = (None if young else stamp, now)
        return now, ()

    def _missing(self) -> str:
        lacks = f"holds no folder {self._me}" if self._root.is_dir() else "is not there"
        return f"the SyftBox folder {printable(str(self._root))} {lacks}"

    def _sentence(self, path: Path, reason: str) -> str:
        name = "the SyftBox folder" if path == self._root else os.path.relpath(path, self._root)
        return f"{printable(name)[-_MAX_PROBLEM:]}: {reason}"


def _review_folders(datasite: Path) -> dict[str, str]:
    """The folder names in `review/` that are addresses, by the address in lower case."""
    try:
        names = folders_in(datasite / JOBS / REVIEW)
    except FileNotFoundError:
        return {}
    # Sorting puts capitals first, so a name in lower case wins.
    return {name.lower(): name for name in names if is_address(name.lower())}
