"""Drive's answers about files and changes made ours; each raises `ValueError` for what was not asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syft_notify.model import Changes, RemoteChange, RemoteFile

FOLDER = "application/vnd.google-apps.folder"
FILE_FIELDS = "id,name,size,owners(emailAddress),ownedByMe,createdTime,modifiedTime,version"
PLACED_FILE_FIELDS = f"{FILE_FIELDS},parents"
CHANGE_FIELDS = f"fileId,removed,file({FILE_FIELDS},mimeType,trashed,parents)"


def remote_file(entry: Mapping[str, Any]) -> RemoteFile:
    """One file or folder."""
    try:
        owners = entry.get("owners") or [{}]
        return RemoteFile(
            id=str(entry["id"]),
            name=str(entry["name"]),
            owner=sys.intern(str(owners[0].get("emailAddress", "")).lower()),  # of many files
            owned_by_me=bool(entry.get("ownedByMe", False)),
            created_at=_moment(entry["createdTime"]),
            modified_at=_moment(entry["modifiedTime"]),
            size=int(entry.get("size", 0)),
            version=str(entry.get("version", "")),
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
    return text


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
