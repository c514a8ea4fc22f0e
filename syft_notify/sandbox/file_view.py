"""How the Drive API writes a file, a permission and a person down.

Source: the `File` and `Permission` schemas of Drive's discovery document; only the parts that a file of this Drive
can have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from syft_notify.sandbox.fields import Mask
from syft_notify.sandbox.items import ANYONE, DriveSnapshot, Item, Role
from syft_notify.sandbox.people import People, permission_id

FILE_DEFAULT = "kind,id,name,mimeType"
USER_FIELDS: Mapping[str, Any] = dict.fromkeys(
    ("kind", "displayName", "photoLink", "me", "permissionId", "emailAddress")
)
PERMISSION_FIELDS: Mapping[str, Any] = dict.fromkeys(
    (
        "kind", "id", "type", "role", "emailAddress", "displayName", "domain", "allowFileDiscovery", "deleted",
        "expirationTime", "inheritedPermissionsDisabled", "pendingOwner", "photoLink", "permissionDetails",
        "teamDrivePermissionDetails", "view",
    )
)  # fmt: skip
CAPABILITIES = ("canEdit", "canShare", "canDelete", "canTrash", "canDownload", "canAddChildren", "canCopy", "canRename")


def stamp(moment: datetime) -> str:
    """A time as Google writes it: UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class FileView:
    """Writes files down for one viewer."""

    def __init__(self, people: People, viewer: str) -> None:
        self._people = people
        self.viewer = viewer

    def file(self, item: Item, wanted: Mask) -> dict[str, Any]:
        """The wanted parts of the file that it has."""
        names = FILE_FIELDS if wanted.whole else [name for name in FILE_FIELDS if name in wanted.parts]
        written = {name: _FILE[name](self, item) for name in names if name in _FILE}
        written |= {name: value for name, value in item.described.items() if name in names}
        return {name: wanted.below(name).applied(value) for name, value in written.items() if value is not None}

    def permissions(self, item: Item) -> list[dict[str, Any]]:
        """Everybody's permission, inherited ones too; the owner last, as Drive lists them."""
        roles = sorted(item.roles().items(), key=lambda pair: (pair[1], pair[0]))
        return [self.permission(person, role) for person, role in roles]

    def permission(self, person: str, role: Role) -> dict[str, Any]:
        if person == ANYONE:
            anyone = {"kind": "drive#permission", "id": ANYONE, "type": "anyone", "role": role.word}
            return {**anyone, "allowFileDiscovery": False}
        user = self._people.resource(person, self.viewer)
        written = {"kind": "drive#permission", "id": permission_id(person), "type": "user", "role": role.word}
        written |= {name: user[name] for name in ("emailAddress", "displayName") if name in user}
        return {**written, "deleted": False, "pendingOwner": False}

    def user(self, person: str) -> dict[str, Any]:
        return self._people.resource(person, self.viewer)

    def role(self, item: Item) -> Role:
        return item.role_of(self.viewer) or Role.READER

    def parents(self, item: Item) -> list[str] | None:
        return list(DriveSnapshot(item, self.viewer).parents) or None

    def capabilities(self, item: Item) -> dict[str, bool]:
        role = self.role(item)
        least = dict.fromkeys(CAPABILITIES, Role.WRITER)
        least |= {"canDelete": Role.OWNER, "canTrash": Role.OWNER, "canDownload": Role.READER, "canCopy": Role.READER}
        allowed = {name: role >= least[name] for name in CAPABILITIES}
        return {**allowed, "canAddChildren": allowed["canAddChildren"] and item.is_folder}

    def shared_with_me(self, item: Item) -> datetime | None:
        return None if item.owner == self.viewer else item.shared_at.get(self.viewer)

    def sharer(self, item: Item) -> dict[str, Any] | None:
        by = item.shared_by.get(self.viewer)
        return self.user(by) if by and item.owner != self.viewer else None

    def access_list(self, item: Item) -> list[dict[str, Any]] | None:
        """Only who may share sees with whom a file is shared."""
        return self.permissions(item) if self.role(item) >= Role.WRITER else None


def _extension(item: Item) -> str | None:
    return None if item.content is None else PurePosixPath(item.name).suffix.lstrip(".")


def _digest(item: Item, algorithm: str) -> str | None:
    return None if item.content is None else hashlib.new(algorithm, item.content, usedforsecurity=False).hexdigest()


def _link(item: Item) -> str:
    place = "drive/folders/" if item.is_folder else "file/d/"
    return f"https://drive.google.com/{place}{item.id}" + ("" if item.is_folder else "/view?usp=drivesdk")


def _permission_ids(item: Item) -> list[str]:
    return [person if person == ANYONE else permission_id(person) for person in item.roles()]


_FILE: Mapping[str, Callable[[FileView, Item], Any]] = {
    "kind": lambda _, item: "drive#file",
    "id": lambda _, item: item.id,
    "name": lambda _, item: item.name,
    "mimeType": lambda _, item: item.mime_type,
    "description": lambda _, item: item.description or None,
    "starred": lambda _, item: item.starred,
    "trashed": lambda _, item: item.trashed,
    "explicitlyTrashed": lambda _, item: item.binned,
    "parents": FileView.parents,
    "properties": lambda _, item: item.properties or None,
    "appProperties": lambda _, item: item.app_properties or None,
    "spaces": lambda _, item: ["drive"],
    "version": lambda _, item: str(item.version),
    "createdTime": lambda _, item: stamp(item.created),
    "modifiedTime": lambda _, item: stamp(item.modified),
    "sharedWithMeTime": lambda view, item: stamp(at) if (at := view.shared_with_me(item)) else None,
    "sharingUser": FileView.sharer,
    "owners": lambda view, item: [view.user(item.owner)],
    "lastModifyingUser": lambda view, item: view.user(item.modifier),
    "ownedByMe": lambda view, item: item.owner == view.viewer,
    "modifiedByMe": lambda view, item: item.modifier == view.viewer,
    "viewedByMe": lambda view, item: item.modifier == view.viewer,
    "shared": lambda _, item: len(item.roles()) > 1,
    "writersCanShare": lambda _, item: True,
    "capabilities": FileView.capabilities,
    "permissions": FileView.access_list,
    "permissionIds": lambda view, item: _permission_ids(item) if view.role(item) >= Role.WRITER else None,
    "size": lambda _, item: None if item.content is None else str(len(item.content)),
    "quotaBytesUsed": lambda _, item: str(len(item.content or b"")),
    "md5Checksum": lambda _, item: item.md5 or None,
    "sha1Checksum": lambda _, item: _digest(item, "sha1"),
    "sha256Checksum": lambda _, item: _digest(item, "sha256"),
    "headRevisionId": lambda _, item: item.revision or None,
    "originalFilename": lambda _, item: None if item.content is None else item.name,
    "fileExtension": lambda _, item: _extension(item),
    "fullFileExtension": lambda _, item: _extension(item),
    "webViewLink": lambda _, item: _link(item),
    "isAppAuthorized": lambda _, item: True,
}

FILE_FIELDS: Mapping[str, Any] = {
    **dict.fromkeys(_FILE),
    **dict.fromkeys(
        (
            "clientEncryptionDetails", "contentHints", "contentRestrictions", "copyRequiresWriterPermission", "driveId",
            "downloadRestrictions", "exportLinks", "folderColorRgb", "hasAugmentedPermissions", "hasThumbnail",
            "iconLink", "imageMediaMetadata", "inheritedPermissionsDisabled", "labelInfo", "linkShareMetadata",
            "modifiedByMeTime", "resourceKey", "shortcutDetails", "teamDriveId", "thumbnailLink", "thumbnailVersion",
            "trashedTime", "trashingUser", "videoMediaMetadata", "viewedByMeTime", "viewersCanCopyContent",
            "webContentLink",
        )
    ),
    "owners": USER_FIELDS,
    "lastModifyingUser": USER_FIELDS,
    "sharingUser": USER_FIELDS,
    "trashingUser": USER_FIELDS,
    "permissions": PERMISSION_FIELDS,
}  # fmt: skip
