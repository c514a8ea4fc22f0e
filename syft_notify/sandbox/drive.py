"""Drive v3 over HTTP: files and their content, and about."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, request

from syft_notify.sandbox.file_view import FILE_DEFAULT, FILE_FIELDS, USER_FIELDS, FileView
from syft_notify.sandbox.items import FOLDER, Item, Role
from syft_notify.sandbox.listing import MAX_WITH_PARENTS, Listings
from syft_notify.sandbox.query import moment_of
from syft_notify.sandbox.refusals import Refusal, forbidden_file
from syft_notify.sandbox.store import new_id
from syft_notify.sandbox.tokens import DRIVE_LISTERS, DRIVE_READERS, DRIVE_WRITERS
from syft_notify.sandbox.uploads import Sessions, Upload
from syft_notify.sandbox.web import Route, World, json_body, number, wanted_fields

_LIST_DEFAULT = f"kind,incompleteSearch,nextPageToken,files({FILE_DEFAULT})"
FILES_KNOWN = {"kind": None, "incompleteSearch": None, "nextPageToken": None, "files": FILE_FIELDS}
ABOUT_KNOWN = {
    **dict.fromkeys(
        (
            "kind", "storageQuota", "importFormats", "exportFormats", "maxImportSizes", "maxUploadSize", "appInstalled",
            "folderColorPalette", "driveThemes", "teamDriveThemes", "canCreateDrives", "canCreateTeamDrives",
        )
    ),
    "user": USER_FIELDS,
}  # fmt: skip
_UPLOAD = "/upload/drive/v3/files"
_BYTES = re.compile(r"bytes=(\d+)-(\d*)")


class Drive:
    """The views of Drive; each gets the caller's key first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self._listings = Listings(world.store)
        self._sessions = Sessions()

    def routes(self) -> Sequence[Route]:
        one = "/drive/v3/files/<file_id>"
        return (
            Route("drive.about.get", "GET", "/drive/v3/about", self.about, DRIVE_LISTERS),
            Route("drive.files.list", "GET", "/drive/v3/files", self.list, DRIVE_LISTERS),
            Route("drive.files.generateIds", "GET", "/drive/v3/files/generateIds", self.generate_ids, DRIVE_WRITERS),
            Route("drive.files.emptyTrash", "DELETE", "/drive/v3/files/trash", self.empty_trash, DRIVE_WRITERS),
            Route("drive.files.get", "GET", one, self.get, DRIVE_LISTERS),
            Route("drive.files.create", "POST", "/drive/v3/files", self.create, DRIVE_WRITERS),
            Route("drive.files.update", "PATCH", one, self.update, DRIVE_WRITERS),
            Route("drive.files.delete", "DELETE", one, self.delete, DRIVE_WRITERS),
            Route("drive.files.copy", "POST", f"{one}/copy", self.copy, DRIVE_WRITERS),
            Route("drive.files.create", "POST", _UPLOAD, self.create, DRIVE_WRITERS),
            Route("drive.files.update", "PATCH", f"{_UPLOAD}/<file_id>", self.update, DRIVE_WRITERS),
            Route("drive.files.chunk", "PUT", _UPLOAD, self.chunk, DRIVE_WRITERS),
            Route("drive.files.chunk", "PUT", f"{_UPLOAD}/<file_id>", self.chunk, DRIVE_WRITERS),
        )

    def about(self, me: str) -> Any:
        if not request.args.get("fields"):
            message = "The 'fields' parameter is required for this method."
            raise Refusal(400, "required", message, location="fields")
        document = {
            "kind": "drive#about",
            "user": FileView(self._world.people, me).user(me),
            "storageQuota": {"limit": "16106127360", "usage": "0", "usageInDrive": "0", "usageInDriveTrash": "0"},
            "maxUploadSize": "5242880000000",
            "canCreateDrives": False,
        }
        return wanted_fields("*", ABOUT_KNOWN).applied(document)

    def list(self, me: str) -> Any:
        mask = wanted_fields(_LIST_DEFAULT, FILES_KNOWN)
        size = number("pageSize", 100, 1, 1000)
        file_mask = mask.below("files")
        if file_mask.wants("parents"):
            size = min(size, MAX_WITH_PARENTS)
        args = request.args
        page = self._listings.page(me, args.get("q", ""), args.get("orderBy", ""), args.get("pageToken", ""), size)
        view = FileView(self._world.people, me)
        document: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
        if page.next_token:
            document["nextPageToken"] = page.next_token
        if mask.wants("files"):
            document["files"] = [view.file(item, file_mask) for item in page.items]
        return {name: value for name, value in document.items() if mask.wants(name)}

    def generate_ids(self, me: str) -> Any:
        ids = [new_id() for _ in range(number("count", 10, 1, 1000))]
        return {"kind": "drive#generatedIds", "space": "drive", "ids": ids}

    def get(self, me: str, file_id: str) -> Any:
        item = self._store.get(file_id, me)
        if request.args.get("alt") == "media":
            self._world.tokens.authorize(request.headers.get("Authorization", ""), DRIVE_READERS)
            return _content(item)
        return self._written(me, item)

    def create(self, me: str) -> Any:
        return self._sessions.receive(me, lambda upload: self._created(me, upload))

    def update(self, me: str, file_id: str) -> Any:
        self._store.writable(file_id, me)
        return self._sessions.receive(me, lambda upload: self._updated(me, file_id, upload))

    def chunk(self, me: str, file_id: str = "") -> Any:
        return self._sessions.go_on(me)

    def delete(self, me: str, file_id: str) -> None:
        item = self._store.writable(file_id, me, Role.OWNER)
        if item.is_root:
            raise forbidden_file()
        self._store.delete(item)

    def empty_trash(self, me: str) -> None:
        for item in [item for item in self._store.visible(me) if item.binned and item.owner == me]:
            self._store.delete(item)

    def copy(self, me: str, file_id: str) -> Any:
        source = self._store.get(file_id, me)
        if source.content is None:
            raise Refusal(403, "cannotCopyFile", "This file cannot be copied by the user.")
        metadata = {"name": f"Copy of {source.name}", "mimeType": source.mime_type, **json_body(request)}
        return self._created(me, Upload(metadata, source.content, source.mime_type))

    def _written(self, me: str, item: Item) -> Any:
        return FileView(self._world.people, me).file(item, wanted_fields(FILE_DEFAULT, FILE_FIELDS))

    def _created(self, me: str, upload: Upload) -> Any:
        wanted_fields(FILE_DEFAULT, FILE_FIELDS)
        metadata = upload.metadata
        parents = metadata.get("parents") or ["root"]
        if len(parents) > 1:
            raise _one_parent_only()
        parent = self._store.writable(parents[0], me)
        name = metadata.get("name", "Untitled")
        mime_type = metadata.get("mimeType") or upload.content_type or _guessed(name)
        item = self._store.create(me, name, mime_type, parent, file_id=metadata.get("id", ""))
        if mime_type != FOLDER:
            item.fill(upload.content or b"")
        self._describe(item, metadata)
        item.created = _time(metadata, "createdTime") or item.created
        item.modified = _time(metadata, "modifiedTime") or item.modified
        return self._written(me, item)

    def _updated(self, me: str, file_id: str, upload: Upload) -> Any:
        metadata = upload.metadata
        if "parents" in metadata:
            message = "The parents field is not directly writable in update requests. Use addParents and removeParents."
            raise Refusal(403, "fieldNotWritable", message)
        wanted_fields(FILE_DEFAULT, FILE_FIELDS)
        item = self._store.writable(file_id, me)
        self._trash(me, item, metadata)
        self._move(me, item)
        if upload.content is not None:
            item.fill(upload.content)
            item.mime_type = metadata.get("mimeType") or upload.content_type or item.mime_type
        self._describe(item, metadata)
        if upload.content is not None or metadata.keys() - {"trashed", "starred"}:
            self._store.touch(item, me, modified=_time(metadata, "modifiedTime"))
        return self._written(me, item)

    def _describe(self, item: Item, metadata: dict[str, Any]) -> None:
        item.name = metadata.get("name", item.name)
        item.mime_type = metadata.get("mimeType", item.mime_type)
        item.description = metadata.get("description", item.description)
        item.starred = metadata.get("starred", item.starred)
        for key, values in (("properties", item.properties), ("appProperties", item.app_properties)):
            for name, value in (metadata.get(key) or {}).items():
                if value is None:
                    values.pop(name, None)
                else:
                    values[name] = str(value)

    def _trash(self, me: str, item: Item, metadata: dict[str, Any]) -> None:
        if "trashed" not in metadata or metadata["trashed"] == item.binned:
            return
        if item.owner != me:
            raise forbidden_file()
        self._store.bin(item, bool(metadata["trashed"]))

    def _move(self, me: str, item: Item) -> None:
        """A writer may take a file out of a shared folder into a folder of their own; its owner stays."""
        added = [name for name in request.args.get("addParents", "").split(",") if name]
        removed = {self._store.get(name, me).id for name in request.args.get("removeParents", "").split(",") if name}
        if not added:
            if item.parent is not None and item.parent.id in removed:
                self._store.move(item, self._store.root(item.owner))
            return
        target = self._store.writable(added[0], me)
        stays = item.parent is not None and item.parent.readable_by(me) and item.parent.id not in removed
        if len(added) > 1 or (stays and target is not item.parent):
            raise _one_parent_only()
        if not target.is_folder:
            raise Refusal(403, "parentNotAFolder", "The specified parent is not a folder.")
        if target is not item.parent:
            self._store.move(item, target)


def _one_parent_only() -> Refusal:
    return Refusal(403, "cannotAddParent", "Increasing the number of parents is not allowed")


def _guessed(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _time(metadata: dict[str, Any], name: str) -> datetime | None:
    return moment_of(str(metadata[name])) if name in metadata else None


def _content(item: Item) -> Response:
    if item.content is None:
        message = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
        raise Refusal(403, "fileNotDownloadable", message, location="alt")
    total = len(item.content)
    asked = _BYTES.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        return Response(item.content, content_type=item.mime_type)
    first, last = int(asked[1]), min(int(asked[2] or total), total - 1)
    if first >= total:
        return Response(status=416, headers={"Content-Range": f"bytes */{total}"})
    part = Response(item.content[first : last + 1], 206, content_type=item.mime_type)
    part.headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    return part
