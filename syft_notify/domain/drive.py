"""What lies on Drive, as sources see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syft_notify.domain.kinds import Kind as Kind


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file or folder on Drive.

    `owner` is lower case and empty when Drive hides it; `owner_id` is Drive's id of the same person, who has one id on
    all files, and empty when there is none. `plain` files have content; folders, shortcuts and documents have not.
    """

    id: str
    name: str
    owner: str
    owned_by_me: bool
    created_at: datetime
    modified_at: datetime
    size: int = 0
    version: str = ""
    owner_id: str = ""
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """The result of a listing; `complete` only if Drive promised that nothing is missing.

    `odd` are in words the entries that could not be understood and so are not among the files.
    """

    files: tuple[RemoteFile, ...]
    complete: bool = True
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The owner's corner of Drive: the SyftBox folders, and the files of one name in the owner's own SyftBox folder."""

    folders: Listing
    files: Listing


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """That something about a file changed. `file` is what it is now, None when it is gone or trashed."""

    file_id: str
    file: RemoteFile | None = None
    is_folder: bool = False
    parents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """What Drive says has changed, oldest first, and from where to ask the next time."""

    cursor: str
    changes: tuple[RemoteChange, ...] = ()
