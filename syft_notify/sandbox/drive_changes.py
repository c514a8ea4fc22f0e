"""Drive v3 over HTTP: the change feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from syft_notify.sandbox.changes import Change
from syft_notify.sandbox.fields import Mask
from syft_notify.sandbox.file_view import FILE_DEFAULT, FILE_FIELDS, FileView, stamp
from syft_notify.sandbox.refusals import Refusal, expired_page, invalid_value
from syft_notify.sandbox.tokens import DRIVE_LISTERS
from syft_notify.sandbox.web import Route, World, flag, number, wanted_fields

_CHANGE_KNOWN = {
    **dict.fromkeys(
        ("kind", "type", "changeType", "time", "removed", "fileId", "driveId", "drive", "teamDriveId", "teamDrive")
    ),
    "file": FILE_FIELDS,
}
CHANGES_KNOWN = {"kind": None, "nextPageToken": None, "newStartPageToken": None, "changes": _CHANGE_KNOWN}
_LIST_DEFAULT = (
    f"kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,file({FILE_DEFAULT}))"
)


class DriveChanges:
    """The views of the change feed; each gets the caller's key first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> Sequence[Route]:
        start = "/drive/v3/changes/startPageToken"
        return (
            Route("drive.changes.getStartPageToken", "GET", start, self.start, DRIVE_LISTERS),
            Route("drive.changes.list", "GET", "/drive/v3/changes", self.list, DRIVE_LISTERS),
        )

    def start(self, me: str) -> Any:
        return {"kind": "drive#startPageToken", "startPageToken": str(self._store.feed.start)}

    def list(self, me: str) -> Any:
        token = request.args.get("pageToken", "")
        if not token:
            raise Refusal(400, "required", "Required parameter: pageToken", location="pageToken")
        if not token.isascii() or not token.isdigit():
            raise invalid_value("pageToken")
        if self._store.feed.is_expired(int(token)):
            raise expired_page(self._store.feed.refusal_status)
        mask = wanted_fields(_LIST_DEFAULT, CHANGES_KNOWN)
        found, rest = self._store.feed.since(me, int(token), number("pageSize", 100, 1, 1000))
        more = {"nextPageToken": str(rest)} if rest else {"newStartPageToken": str(self._store.feed.start)}
        document: dict[str, Any] = {"kind": "drive#changeList", **more}
        if mask.wants("changes"):
            document["changes"] = self._chosen(me, found, mask.below("changes"))
        return {name: value for name, value in document.items() if mask.wants(name)}

    def _chosen(self, me: str, found: Sequence[Change], mask: Mask) -> Sequence[Any]:
        """The changes that the caller asked for, each as far as asked for."""
        written = [self._written(me, change, mask.below("file")) for change in found]
        if not flag("includeRemoved", True):
            written = [change for change in written if not change["removed"]]
        if flag("restrictToMyDrive"):
            written = [change for change in written if change["removed"] or self._in_my_drive(me, change["fileId"])]
        return [mask.applied(change) for change in written]

    def _written(self, me: str, change: Change, file_mask: Mask) -> dict[str, Any]:
        """The file as it is now, whatever the change was; `removed` when the caller sees it no more."""
        item = self._store.peek(change.file_id)
        gone = item is None or me not in item.roles()
        written = {
            "kind": "drive#change", "type": "file", "changeType": "file", "time": stamp(change.at),
            "fileId": change.file_id, "removed": gone,
        }  # fmt: skip
        if item is None or gone:
            return written
        return {**written, "file": FileView(self._world.people, me).file(item, file_mask)}

    def _in_my_drive(self, me: str, file_id: str) -> bool:
        item = self._store.peek(file_id)
        return item is not None and item.below(self._store.root(me))
