"""Finds the job folders of all generations below the owner's datasite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from syft_notify.syftbox.disk import folders_in, stamp_of
from syft_notify.syftbox.layouts import (
    CONFIG_FILE,
    INBOX,
    JOB_ROOT,
    REVIEW,
    JobFolder,
    find_jobs,
    is_address,
    is_part_of_job,
    is_protocol,
)

JOBS = "/".join(JOB_ROOT)


@dataclass(frozen=True)
class JobTree:
    """The job folders, and by path what looked like one and is none, with the reason.

    `whole` is false when a folder could not be listed, so that there may be more jobs.
    """

    jobs: tuple[JobFolder, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    whole: bool = True


def scan_jobs(datasite: Path) -> JobTree:
    """All job folders of a datasite. Raises `OSError` when its job folder cannot be listed."""
    scan = _Scan(datasite)
    scan.look()
    return JobTree(tuple(find_jobs(scan.configs)), tuple(scan.problems), scan.whole)


class _Scan:
    """Looks for `config.yaml` at the depths of the generations, and nowhere else."""

    def __init__(self, datasite: Path) -> None:
        self.configs: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.whole = True
        self._datasite = datasite

    def look(self) -> None:
        for name in folders_in(self._datasite / JOBS):
            path = f"{JOBS}/{name}"
            is_job = self._is_job(path)
            if name == INBOX:
                self._look_into_inbox(path)
            elif is_address(name.lower()):
                self._look_for_jobs(path, complain=not is_job)
            elif not is_job and name != REVIEW:
                self._no_config(path)

    def _look_into_inbox(self, inbox: str) -> None:
        for ds in self._folders(inbox):
            path = f"{inbox}/{ds}"
            if is_address(ds.lower()):
                self._look_for_jobs(path, complain=True)
            elif not ds.startswith("."):
                self.problems.append((path, "it is not named by an address"))

    def _look_for_jobs(self, parent: str, *, complain: bool) -> None:
        """The jobs of one DS: J1 and J2 lie in its folder, J3 one deeper, below the protocol's version."""
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
            found = stamp_of(self._datasite / config) is not None
        except OSError:
            # Named by who reads the config, with the reason.
            found = True
        if found:
            self.configs.append(config)
        return found

    def _folders(self, path: str) -> list[str]:
        try:
            return folders_in(self._datasite / path)
        except OSError as error:
            self.problems.append((path, f"it cannot be listed: {error.strerror}"))
            self.whole = False
            return []

    def _no_config(self, path: str) -> None:
        """Worth a word, but for a hidden folder, which tools make."""
        if not path.rpartition("/")[2].startswith("."):
            self.problems.append((path, f"it has no {CONFIG_FILE}"))
