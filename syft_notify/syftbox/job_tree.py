"""Finds the job folders of all generations below the owner's datasite, and again only where a folder changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from syft_notify.domain.addresses import is_address
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.syftbox.disk import Stamp, folders_in, stamp_at, stamp_of
from syft_notify.syftbox.layouts import (
    CONFIG_FILE,
    INBOX,
    JOB_ROOT,
    REVIEW,
    JobFolder,
    find_jobs,
    is_part_of_job,
    is_protocol,
)

JOBS = "/".join(JOB_ROOT)


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A job folder, and the stamp of its config; None when that could not be seen."""

    folder: JobFolder
    config: Stamp | None


@dataclass(slots=True)
class Branch:
    """The part of the tree whose jobs depend on each other: that of one DS, or all jobs without a DS.

    `jobs` are by path, and `problems` has by path what looked like a job and is none, with the reason. `whole` is false
    when a folder could not be listed, so that there may be more jobs. `restless`: it must be looked at again though
    none of its folders changed, whose `stamps` these are.
    """

    jobs: dict[str, FoundJob] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = True
    restless: bool = False
    stamps: dict[str, Stamp | None] = field(default_factory=dict)

    def is_current(self) -> bool:
        """Whether all its folders are as they were."""
        return not self.restless and all(stamp_at(path) == stamp for path, stamp in self.stamps.items())


class JobTree:
    """The branches of a datasite; `incomplete` are those with a problem."""

    def __init__(self, datasite: Path, now_ns: Callable[[], int]) -> None:
        self.branches: dict[str, Branch] = {}
        self.datasite = datasite
        self._now_ns = now_ns
        self.incomplete: list[Branch] = []
        self._trunks: dict[str, tuple[Stamp | None, list[str]]] = {}
        self._named: tuple[list[str], list[str], Mapping[str, Callable[[_Scan], None]]] | None = None

    def refresh(self, *, full: bool) -> set[str]:
        """Look again where something changed, or everywhere; returns the branches that were looked at or are gone.

        Raises `OSError` when the job folder itself cannot be listed.
        """
        if full:
            self._trunks.clear()
        named = self._named_now()
        gone = self.branches.keys() - named.keys()
        for key in gone:
            del self.branches[key]
        renewed = {key for key in named if full or key not in self.branches or not self.branches[key].is_current()}
        for key in sorted(renewed):
            failed: list[str] = []
            before = self.branches.get(key, Branch())
            with ItemGuard("it", failed):
                self.branches[key] = self._grown(named[key], before)
            if failed:  # its jobs count as they were, and it is looked at again
                self.branches[key] = Branch(before.jobs, [(key, failed[0])], whole=False, restless=True)
        if renewed or gone:
            self.incomplete = [branch for branch in self.branches.values() if branch.problems or not branch.whole]
        return renewed | gone

    def _named_now(self) -> Mapping[str, Callable[[_Scan], None]]:
        """The branches that are there, each with how to look at it."""
        names, unlisted = self._trunk(JOBS), ""
        boxes: list[str] = []
        if INBOX in names:
            try:
                boxes = self._trunk(f"{JOBS}/{INBOX}")
            except OSError as error:
                unlisted = f"it cannot be listed: {error.strerror}"
                self.branches.pop(JOBS, None)  # which says it
        if self._named is None or self._named[0] is not names or self._named[1] is not boxes or unlisted:
            self._named = (names, boxes, dict(_branches(names, boxes, unlisted)))
        return self._named[2]

    def _trunk(self, path: str) -> list[str]:
        """The folders in a folder, listed again when it changed. Raises `OSError`."""
        at = self.datasite / path
        known, stamp = self._trunks.get(path), stamp_at(str(at))
        if known is None or stamp is None or known[0] != stamp:
            known = (None if stamp is None or stamp.is_young(self._now_ns()) else stamp, folders_in(at))
            self._trunks[path] = known
        return known[1]

    def _grown(self, look: Callable[[_Scan], None], before: Branch) -> Branch:
        """The branch of now; a job that is as before is the same object, which others keep too."""
        scan = _Scan(self.datasite)
        look(scan)
        branch = scan.branch
        now = self._now_ns()
        young = any(stamp is None or stamp.is_young(now) for stamp in branch.stamps.values())
        branch.restless = branch.restless or young
        known = {job: job for job in before.jobs.values()}
        found = (FoundJob(job, scan.configs[f"{job.path}/{CONFIG_FILE}"]) for job in find_jobs(scan.configs))
        branch.jobs = {job.folder.path: job for job in (known.get(job, job) for job in found)}
        return branch


def _branches(names: list[str], boxes: list[str], unlisted: str) -> Iterator[tuple[str, Callable[[_Scan], None]]]:
    """Every branch with how to look at it; `unlisted` says why the inbox cannot be listed."""
    for ds in boxes:
        yield f"{JOBS}/{INBOX}/{ds}", partial(_Scan.look_into_box, path=f"{JOBS}/{INBOX}/{ds}")
    for name in names:
        if is_address(name.lower()):
            yield f"{JOBS}/{name}", partial(_Scan.look_into_person, path=f"{JOBS}/{name}")
    yield JOBS, partial(_Scan.look_at, paths=[f"{JOBS}/{name}" for name in names], unlisted=unlisted)


class _Scan:
    """Looks for `config.yaml` at the depths of the generations, and nowhere else."""

    def __init__(self, datasite: Path) -> None:
        self.branch = Branch()
        self.configs: dict[str, Stamp | None] = {}
        self._datasite = datasite

    def look_at(self, paths: list[str], unlisted: str) -> None:
        """The jobs that lie beside each other, as in J0, and what else is there but the folders of people."""
        self._stamp(JOBS)
        for path in paths:
            name = path.rpartition("/")[2]
            if not is_address(name.lower()) and not self._is_job(path) and name not in (INBOX, REVIEW):
                self._no_config(path)
        if unlisted:
            self._not_listed(f"{JOBS}/{INBOX}", unlisted)

    def look_into_box(self, path: str) -> None:
        """The jobs of one DS in the inbox: J2, or J3 below the protocol's version."""
        ds = path.rpartition("/")[2]
        if is_address(ds.lower()):
            self._look_for_jobs(path, complain=True)
        elif not ds.startswith("."):
            self.branch.problems.append((path, "it is not named by an address"))

    def look_into_person(self, path: str) -> None:
        """The jobs of one DS in a folder of its own: J1, or one J0 job that is named by an address."""
        self._look_for_jobs(path, complain=not self._is_job(path))

    def _look_for_jobs(self, parent: str, *, complain: bool) -> None:
        for name in self._folders(parent):
            path = f"{parent}/{name}"
            is_job = self._is_job(path)
            if is_protocol(name) and parent.startswith(f"{JOBS}/{INBOX}/"):
                self._look_into_protocol(path, flat_job=is_job)
            elif not is_job and complain:
                self._no_config(path)

    def _look_into_protocol(self, parent: str, *, flat_job: bool) -> None:
        for name in self._folders(parent):
            path = f"{parent}/{name}"
            if not (flat_job and is_part_of_job(name)) and not self._is_job(path):
                self._no_config(path)

    def _is_job(self, path: str) -> bool:
        config = f"{path}/{CONFIG_FILE}"
        try:
            stamp = stamp_of(f"{self._datasite}/{config}")
            if stamp is None:
                return False
        except OSError:
            stamp = None  # why is said by who reads the config
        self.configs[config] = stamp
        return True

    def _folders(self, path: str) -> list[str]:
        self._stamp(path)
        try:
            return folders_in(f"{self._datasite}/{path}")
        except OSError as error:
            self._not_listed(path, f"it cannot be listed: {error.strerror}")
            return []

    def _stamp(self, path: str) -> None:
        at = f"{self._datasite}/{path}"
        self.branch.stamps[at] = stamp_at(at)

    def _not_listed(self, path: str, reason: str) -> None:
        self.branch.problems.append((path, reason))
        self.branch.whole = False
        self.branch.restless = True

    def _no_config(self, path: str) -> None:
        """It may become a job; worth a word, but for a hidden folder, which tools make."""
        self._stamp(path)
        if not path.rpartition("/")[2].startswith("."):
            self.branch.problems.append((path, f"it has no {CONFIG_FILE}"))
