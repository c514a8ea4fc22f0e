"""Drive's answers about files and changes made ours; each raises `ValueError` for what was not asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syft_notify.domain.drive import Changes, RemoteChange, RemoteFile

FOLDER = "application/vnd.google-apps.folder"
FILE_FIELDS = "id,name,mimeType,size,owners(emailAddress,permissionId),ownedByMe,createdTime,modifiedTime,version"
PLACED_FILE_FIELDS = f"{FILE_FIELDS},parents"
CHANGE_FIELDS = f"fileId,removed,file({FILE_FIELDS},trashed,parents)"

# What is longer is cut; no name that means anything to us is so long.
_MAX_NAME = 1_000
_MAX_ID = 200
_MAX_ADDRESS = 320
_SIZE = re.compile(r"[0-9]{1,18}")
# Folders, shortcuts and Google's own documents; such a thing has no content of bytes.
_NOT_PLAIN = "application/vnd.google-apps."
_FIRST_YEAR = 2000
_BEFORE_ALL, _AFTER_ALL = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def remote_file(entry: Mapping[str, Any]) -> RemoteFile:
    """One file or folder.

    Only without id, name or a size that is a number it cannot be used. A time of creation that is missing or
    impossible counts as later than every other one, so that nothing seems to have happened before it did.
    """
    try:
        owner = _owner(entry)
        return RemoteFile(
            id=text_in(entry, "id")[:_MAX_ID],
            name=text_in(entry, "name")[:_MAX_NAME],
            owner=sys.intern(_short_text(owner, "emailAddress").lower()),  # of many files
            owner_id=sys.intern(_short_text(owner, "permissionId")),
            owned_by_me=entry.get("ownedByMe") is True,
            plain=not str(entry.get("mimeType", "")).startswith(_NOT_PLAIN),
            created_at=_moment(entry.get("createdTime"), _AFTER_ALL),
            modified_at=_moment(entry.get("modifiedTime"), _BEFORE_ALL),
            size=_size(entry.get("size", 0)),
            version=str(entry.get("version", ""))[:_MAX_ID],
        )
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("a file that is not described as it was asked for") from error


def placed_file(entry: Mapping[str, Any]) -> tuple[RemoteFile, frozenset[str]]:
    """A file, and the folders that it lies in as far as the user may know them."""
    return remote_file(entry), frozenset(entry.get("parents") or ())


def changes_page(answer: Any) -> tuple[Changes, bool]:
    """One page of the changes feed with the cursor of what follows, and whether that is there already."""
    more = isinstance(answer, dict) and "nextPageToken" in answer
    following = text_in(answer, "nextPageToken" if more else "newStartPageToken")
    try:
        return Changes(following, tuple(filter(None, map(_change, answer.get("changes", ()))))), more
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("a change that is not described as it was asked for") from error


def _change(entry: Mapping[str, Any]) -> RemoteChange | None:
    """One change; None for one that is not about a file."""
    if "fileId" not in entry:
        return None
    file_id, file = str(entry["fileId"]), entry.get("file")
    if entry.get("removed") or not file or file.get("trashed"):
        return RemoteChange(file_id)
    described, parents = placed_file(file)
    return RemoteChange(file_id, described, file.get("mimeType") == FOLDER, parents)


def address(answer: Any) -> str:
    """Whose Drive it is."""
    try:
        return str(answer["user"]["emailAddress"]).lower()
    except (LookupError, TypeError) as error:
        raise ValueError("an answer that names no user") from error


def text_in(answer: Any, key: str) -> str:
    """The text under a key, which must be there."""
    text = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(text, str) or not text:
        raise ValueError(f"an answer without {key}")
    return _encodable(text)


def _owner(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first owner, of whom Drive may hide everything. A file of a shared drive has none."""
    owners = entry.get("owners")
    first = owners[0] if isinstance(owners, list) and owners else {}
    return first if isinstance(first, dict) else {}


def _short_text(document: Mapping[str, Any], key: str) -> str:
    text = document.get(key)
    return _encodable(text) if isinstance(text, str) and len(text) <= _MAX_ADDRESS else ""


def _encodable(text: str) -> str:
    """JSON can hold half of a character (`"\\ud800"`), which cannot be written to a file, a mail or a log."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _size(size: Any) -> int:
    if not _SIZE.fullmatch(str(size)):
        raise ValueError("a size that is no number")
    return int(size)


def _moment(text: Any, otherwise: datetime) -> datetime:
    """The moment in UTC; `otherwise` where there is none, or none that a file on Drive can have."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return otherwise
    return moment if moment.year >= _FIRST_YEAR else otherwise
