"""The JSON inside a message, checked with pydantic."""

from __future__ import annotations

import base64
import binascii
import posixpath

from pydantic import BaseModel, Field, ValidationError

from syft_notify.domain.jobs import Unidentified
from syft_notify.syftbox.archive import UnreadableContent

MAX_CHANGES = 20_000
# A change is an object of nine keys.
_MAX_VALUES, _MAX_QUOTES = MAX_CHANGES * 12, MAX_CHANGES * 40


class FileChange(BaseModel):
    """One changed file of the owner's datasite; `content_type` is missing before 0.1.94."""

    path_in_datasite: str
    content: str | None = None
    content_type: str | None = None
    is_deleted: bool = False

    def data(self) -> bytes:
        """The file's bytes, as the owner's client would write them."""
        text = self.content or ""
        if self.content_type != "binary":
            return text.encode(errors="replace")
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError):
            return text.encode(errors="replace")


class ProposedChanges(BaseModel):
    """What one message proposes; later changes of a path replace earlier ones."""

    sender_email: str = ""
    proposed_file_changes: list[FileChange] = Field(max_length=MAX_CHANGES)

    def files(self) -> dict[str, bytes]:
        """The files as they are after all changes, by their path in the datasite.

        Paths are as the owner's disk would have them. Raises `UnreadableContent` when one leads out of the datasite.
        """
        files: dict[str, bytes] = {}
        for change in self.proposed_file_changes:
            path = posixpath.normpath(change.path_in_datasite)
            if path.startswith(("/", "..")):
                raise UnreadableContent(Unidentified.UNREADABLE, "it names files outside of your datasite")
            files.pop(path, None)
            if not change.is_deleted:
                files[path] = change.data()
        return files


def read_changes(content: bytes) -> ProposedChanges:
    """The changes in the JSON. Raises `UnreadableContent` when it is not what a message holds."""
    if _is_bloated(content):
        raise UnreadableContent(Unidentified.TOO_LARGE, "it holds too many single values")
    try:
        return ProposedChanges.model_validate_json(content)
    except ValidationError as error:
        if error.error_count() == 1 and error.errors(include_input=False)[0]["type"] == "too_long":
            raise UnreadableContent(Unidentified.TOO_LARGE, f"it changes more than {MAX_CHANGES:,} files") from None
        raise UnreadableContent(Unidentified.UNREADABLE, "its content is not what a message holds") from None


def _is_bloated(content: bytes) -> bool:
    """Whether the JSON holds more values than a message needs: the parser makes up to 100 bytes of a single one."""
    unescaped = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > _MAX_QUOTES:
        return True
    outside_of_texts = unescaped.split(b'"')[::2]
    return sum(part.count(mark) for part in outside_of_texts for mark in (b",", b"{", b"[")) > _MAX_VALUES
