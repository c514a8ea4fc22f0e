"""The names of SyftBox folders on Drive and the paths of job folders, per generation. Pure; every name is hostile."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from syft_notify.domain.addresses import account_of, is_address
from syft_notify.domain.jobs import JobLayout
from syft_notify.domain.text import printable

CONFIG_FILE = "config.yaml"
JOB_ROOT = ("app_data", "job")
INBOX, REVIEW = "inbox", "review"

_MAX_NAME = 1000
_MAX_PATH = 4096
_MAX_PART = 255
_DEEPEST_JOB = len(JOB_ROOT) + 4
# A domain holds no underscore: that is what keeps `_to_` unambiguous between two addresses.
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+_-]{0,39}")
_PROTOCOL = re.compile(r"v[0-9]{1,9}")
# What lies inside a J2 job named `v1` and so is no J3 job of protocol 1.
_JOB_PARTS = frozenset({"code", "outputs"})


class FolderRole(Enum):
    """What a SyftBox folder is for, seen from the owner: INBOX and OUTBOX are the DS's, the rest is the owner's."""

    INBOX = "inbox"
    OUTBOX = "outbox"
    THEIR_INBOX = "their inbox"
    THEIR_OUTBOX = "their outbox"
    ARCHIVE = "archive"


class DriveLayout(StrEnum):
    """The generations of folder names; D0 and D1 name their folders alike, and archives never changed."""

    D1 = "D1"
    D2 = "D2"
    D3 = "D3"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class FolderName:
    """What a folder's name says. `address` is lower case; `version` is the client's, empty before D3."""

    role: FolderRole
    address: str
    version: str
    generation: DriveLayout

    @property
    def peer(self) -> str:
        """The account of the other person: compare by this, and write to the address."""
        return account_of(self.address)


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where a job lies: `path` is relative to the datasite, `ds` lower case and empty in J0."""

    layout: JobLayout
    path: str
    name: str
    ds: str = ""

    @property
    def key(self) -> str:
        """The job's key in the view: the bare name where all jobs share one namespace, `<ds>/<name>` otherwise."""
        return f"{self.ds}/{self.name}" if self.ds else self.name


def parse_folder(name: str, me: str) -> FolderName | None:
    """What a Drive folder's name means to the owner `me`; None for everything that is not exactly of a known shape."""
    if len(name) > _MAX_NAME:
        return None
    name, me = name.lower(), account_of(me)
    found = _datasite_folder(name, me) or _archive_folder(name, me) or _outbox_inbox_folder(name, me)
    if found is None or found.peer == me or not is_address(found.address):
        return None
    return replace(found, address=sys.intern(found.address))  # of several folders


def _datasite_folder(name: str, me: str) -> FolderName | None:
    """D2 `syft_datasite#<owner>#inbox#<writer>`; D3 has the version before the owner."""
    prefix, *parts = name.split("#")
    if prefix != "syft_datasite" or len(parts) not in (3, 4):
        return None
    generation = DriveLayout.D3 if len(parts) == 4 else DriveLayout.D2
    version = parts.pop(0) if generation is DriveLayout.D3 else ""
    if generation is DriveLayout.D3 and not _VERSION.fullmatch(version):
        return None
    datasite, box, other = parts
    mine = account_of(datasite) == me
    roles = {
        ("inbox", True): FolderRole.INBOX,
        ("outbox", True): FolderRole.OUTBOX,
        ("inbox", False): FolderRole.THEIR_INBOX,
        ("outbox", False): FolderRole.THEIR_OUTBOX,
    }
    role = roles.get((box, mine))
    if role is None or not (mine or account_of(other) == me):
        return None
    return FolderName(role, other if mine else datasite, version, generation)


def _archive_folder(name: str, me: str) -> FolderName | None:
    peer, receiver = _two_addresses(name, "syft_", "_archive")
    return FolderName(FolderRole.ARCHIVE, peer, "", DriveLayout.ANY) if account_of(receiver) == me else None


def _outbox_inbox_folder(name: str, me: str) -> FolderName | None:
    """D0 and D1: the name says from whom to whom."""
    sender, receiver = _two_addresses(name, "syft_outbox_inbox_", "")
    if account_of(receiver) == me:
        return FolderName(FolderRole.INBOX, sender, "", DriveLayout.D1)
    return FolderName(FolderRole.OUTBOX, receiver, "", DriveLayout.D1) if account_of(sender) == me else None


def _two_addresses(name: str, start: str, end: str) -> tuple[str, str]:
    """Both sides of `_to_`, which comes right after the domain of the first address; empty where there are none."""
    if not (name.startswith(start) and name.endswith(end)):
        return "", ""
    inner = name[len(start) : len(name) - len(end)]
    local, at, rest = inner.partition("@")
    domain, _, second = rest.partition("_to_")
    return (f"{local}{at}{domain}", second) if at and second else ("", "")


def find_jobs(paths: Iterable[str]) -> dict[JobFolder, tuple[str, ...]]:
    """The jobs among file paths relative to a datasite, each with its files' paths relative to the job's folder.

    A job is where a `config.yaml` lies at the depth of a generation; one deeper inside a job is a file of that job.
    """
    files = [path for path in paths if _is_safe(path)]
    found = {job.path: job for path in files if (job := _job_of_config(path.split("/")))}
    owners_of_others = {job.path.rpartition("/")[0] for job in found.values() if job.layout is JobLayout.J1}
    at = {path: job for path, job in found.items() if not _is_inside_another(job, found, owners_of_others)}
    inside: dict[JobFolder, list[str]] = {job: [] for job in at.values()}
    for path in files:
        if job := _holder(path, at):
            inside[job].append(path[len(job.path) + 1 :])
    return {job: tuple(paths) for job, paths in inside.items()}


def possible_jobs(paths: Iterable[str]) -> dict[JobFolder, tuple[str, ...]]:
    """The jobs to which file paths relative to a datasite may belong, each with its files' paths inside its folder.

    Without a `config.yaml` among them nothing tells the generations apart: one path may belong to several.
    """
    inside: dict[JobFolder, list[str]] = {}
    for path in filter(_is_safe, paths):
        parts = path.split("/")
        for depth in range(len(JOB_ROOT) + 1, min(len(parts), _DEEPEST_JOB + 1)):
            if job := _job_of_config([*parts[:depth], CONFIG_FILE]):
                inside.setdefault(job, []).append("/".join(parts[depth:]))
    return {job: tuple(paths) for job, paths in inside.items()}


def is_protocol(name: str) -> bool:
    """Whether a folder below `inbox/<ds>` may hold the J3 jobs of one protocol version (`v1`)."""
    return _PROTOCOL.fullmatch(name) is not None


def is_part_of_job(name: str) -> bool:
    """Whether a folder of this name below a J2 job belongs to that job."""
    return name in _JOB_PARTS


def _job_of_config(parts: list[str]) -> JobFolder | None:
    if tuple(parts[:2]) != JOB_ROOT or parts[-1] != CONFIG_FILE:
        return None
    path = "/".join(parts[:-1])
    inner = parts[2:-1]
    match inner:
        case [name]:
            return JobFolder(JobLayout.J0, path, printable(name))
        case [ds, name] if is_address(ds.lower()):
            return JobFolder(JobLayout.J1, path, printable(name), sys.intern(ds.lower()))
        case ["inbox", ds, name] if is_address(ds.lower()):
            return JobFolder(JobLayout.J2, path, printable(name), sys.intern(ds.lower()))
        case ["inbox", ds, protocol, name] if is_address(ds.lower()) and is_protocol(protocol):
            return JobFolder(JobLayout.J3, path, printable(name), sys.intern(ds.lower()))
    return None


def _is_inside_another(job: JobFolder, found: Mapping[str, JobFolder], owners_of_others: Collection[str]) -> bool:
    """Whether this only looks like a job of its own.

    A job must never hide others: in a folder named by an address the J1 jobs count and a `config.yaml` beside them
    does not; below a J2 job named `v1` only the parts that a J2 job has are its own.
    """
    if job.layout is JobLayout.J0:
        return job.path in owners_of_others
    parent, _, last = job.path.rpartition("/")
    return job.layout is JobLayout.J3 and is_part_of_job(last) and parent in found


def _holder(path: str, at: Mapping[str, JobFolder]) -> JobFolder | None:
    """The innermost job folder that holds the file."""
    parts = path.split("/", _DEEPEST_JOB)[:_DEEPEST_JOB]
    prefixes = ("/".join(parts[:depth]) for depth in range(len(parts), len(JOB_ROOT), -1))
    return next((at[prefix] for prefix in prefixes if prefix in at), None)


def _is_safe(path: str) -> bool:
    """Whether the path is relative, plain and short: nothing else can be a file of a job."""
    parts = path.split("/")
    return (
        len(path) <= _MAX_PATH
        and "\0" not in path
        and all(part not in ("", ".", "..") and len(part) <= _MAX_PART for part in parts)
    )
