"""Files and folders of the local Drive, and who may do what with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

FOLDER = "application/vnd.google-apps.folder"
ANYONE = "anyoneWithLink"


class Role(IntEnum):
    """What a person may do; a higher role includes the lower ones."""

    READER = 1
    COMMENTER = 2
    WRITER = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """The role as the API writes it."""
        return self.name.lower()


@dataclass
class Item:
    """One file or folder. `grants` are its own permissions beside the owner's: key of the person -> role.

    `described` holds what answers say of it in place of the truth; None leaves a field out.
    """

    id: str
    name: str
    mime_type: str
    owner: str
    parent: Item | None
    created: datetime
    modified: datetime
    modifier: str
    content: bytes | None = None
    md5: str = ""
    description: str = ""
    starred: bool = False
    binned: bool = False
    version: int = 1
    revision: str = ""
    is_root: bool = False
    grants: dict[str, Role] = field(default_factory=dict)
    shared_at: dict[str, datetime] = field(default_factory=dict)
    shared_by: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    app_properties: dict[str, str] = field(default_factory=dict)
    children: dict[str, Item] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        return self.mime_type == FOLDER

    @property
    def trashed(self) -> bool:
        """In the trash by itself or with a folder above it."""
        return self.binned or (self.parent is not None and self.parent.trashed)

    def fill(self, content: bytes) -> None:
        """Replace the content."""
        self.content = content
        self.md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self.revision = f"{self.id}-r{self.version}"

    def roles(self) -> dict[str, Role]:
        """Everybody's role, with what folders above grant: there the owner counts as a writer."""
        roles = {self.owner: Role.OWNER}
        place: Item | None = self
        while place is not None:
            granted = {**place.grants, **({} if place is self else {place.owner: Role.WRITER})}
            for person, role in granted.items():
                roles[person] = max(role, roles.get(person, role))
            place = place.parent
        return roles

    def readable_by(self, person: str) -> bool:
        """Whether the person can open it, be it only by knowing its id."""
        return self.role_of(person) is not None

    def role_of(self, person: str) -> Role | None:
        """The person's role, also as anybody who has the link."""
        roles = self.roles()
        return roles.get(person, roles.get(ANYONE))

    def tree(self) -> list[Item]:
        """The item and everything below it."""
        found = [self]
        for item in found:
            found.extend(item.children.values())
        return found

    def below(self, folder: Item) -> bool:
        """Whether `folder` is this item or above it."""
        place: Item | None = self
        while place is not None and place is not folder:
            place = place.parent
        return place is folder


@dataclass(frozen=True)
class DriveSnapshot:
    """An item as one person's search sees it; fits `query.Searchable`."""

    item: Item
    viewer: str

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def mime_type(self) -> str:
        return self.item.mime_type

    @property
    def parents(self) -> tuple[str, ...]:
        """The folder that it lies in, if the viewer can see that folder."""
        parent = self.item.parent
        return (parent.id,) if parent is not None and parent.readable_by(self.viewer) else ()

    def flag(self, name: str) -> bool:
        if name == "trashed":
            return self.item.trashed
        if name == "starred":
            return self.item.starred
        return self.viewer in self.item.shared_at and self.item.owner != self.viewer

    def time(self, name: str) -> datetime | None:
        if name == "modifiedTime":
            return self.item.modified
        if name == "createdTime":
            return self.item.created
        return self.item.shared_at.get(self.viewer) if name == "sharedWithMeTime" else None

    def people(self, name: str) -> frozenset[str]:
        if name == "owners":
            return frozenset({self.item.owner})
        least = Role.WRITER if name == "writers" else Role.READER
        return frozenset(person for person, role in self.item.roles().items() if role >= least)

    def property_of(self, name: str, key: str) -> str | None:
        return (self.item.properties if name == "properties" else self.item.app_properties).get(key)

    def text(self) -> str:
        content = self.item.content or b""
        readable = content.decode("utf-8", "replace") if self.item.mime_type.startswith("text/") else ""
        return f"{self.item.name} {self.item.description} {readable}"
