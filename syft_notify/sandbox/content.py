"""Puts content on the local Drive without HTTP: what tests and the demo lay ready, and look at afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syft_notify.sandbox.items import ANYONE, FOLDER, Item, Role
from syft_notify.sandbox.web import World


class Content:
    """Drive as its owner's hands see it. Files are named by their ids, people by their addresses."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def folder(self, owner: str, name: str, parent: str = "root", share: Mapping[str, str] | None = None) -> str:
        """A new folder in `parent`, shared as said (address, or `anyone` -> reader, writer); its id."""
        return self._create(owner, name, FOLDER, parent, None, None, share)

    def file(
        self,
        owner: str,
        name: str,
        content: bytes,
        parent: str = "root",
        *,
        mime_type: str = "application/octet-stream",
        share: Mapping[str, str] | None = None,
        created: datetime | None = None,
    ) -> str:
        """A new file in `parent`, which may belong to somebody else who lets `owner` write there; its id."""
        return self._create(owner, name, mime_type, parent, content, created, share)

    def write(self, file_id: str, content: bytes) -> None:
        """Replace the content, as the owner."""
        with self._world.lock:
            item = self._item(file_id)
            item.fill(content)
            self._store.touch(item, item.owner)

    def rename(self, file_id: str, name: str) -> None:
        """Give another name, as the owner."""
        with self._world.lock:
            item = self._item(file_id)
            item.name = name
            self._store.touch(item, item.owner)

    def describe(self, file_id: str, **fields: Any) -> None:
        """Let answers say this of the file in place of the truth; None leaves a field out."""
        with self._world.lock:
            item = self._item(file_id)
            item.described |= fields
            self._store.touch(item, item.owner)

    def read(self, file_id: str) -> bytes:
        """The content; empty for a folder."""
        with self._world.lock:
            return self._item(file_id).content or b""

    def share(self, file_id: str, email: str, role: str = "writer") -> None:
        """Give a person (or `anyone`) a role: reader, commenter or writer."""
        with self._world.lock:
            item = self._item(file_id)
            self._store.grant(item, _person(email), Role[role.upper()], item.owner)

    def unshare(self, file_id: str, email: str) -> None:
        """Take it back again."""
        with self._world.lock:
            self._store.revoke(self._item(file_id), _person(email))

    def move(self, file_id: str, folder_id: str) -> None:
        """Lay it into another folder; the owner stays."""
        with self._world.lock:
            self._store.move(self._item(file_id), self._item(folder_id))

    def trash(self, file_id: str, trashed: bool = True) -> None:
        """Put it into the trash, or take it out."""
        with self._world.lock:
            self._store.bin(self._item(file_id), trashed)

    def delete(self, file_id: str) -> None:
        """Remove it for ever, with what the owner has below."""
        with self._world.lock:
            self._store.delete(self._item(file_id))

    def find(self, name: str, owner: str = "") -> list[str]:
        """The ids of everything with exactly this name, of one owner or of anybody."""
        with self._world.lock:
            return [item.id for item in self._store.all() if item.name == name and owner.lower() in ("", item.owner)]

    def children(self, folder_id: str) -> dict[str, str]:
        """What lies in a folder: id -> name."""
        with self._world.lock:
            return {item.id: item.name for item in self._item(folder_id).children.values()}

    def parent(self, file_id: str) -> str:
        """The id of the folder that it lies in."""
        with self._world.lock:
            parent = self._item(file_id).parent
            return parent.id if parent else ""

    def owner(self, file_id: str) -> str:
        """Whose it is."""
        with self._world.lock:
            return self._item(file_id).owner

    def hide_from_changes(self, *file_ids: str) -> None:
        """Let the change feed keep silent about these files; without any, about all."""
        with self._world.lock:
            self._store.feed.hidden.update(file_ids)
            self._store.feed.hide_all = not file_ids

    def show_changes(self) -> None:
        """Let the change feed speak again."""
        with self._world.lock:
            self._store.feed.hidden.clear()
            self._store.feed.hide_all = False

    def expire_change_tokens(self, status: int = 400) -> None:
        """Let the change feed refuse every page token given out so far, by 400 or 410."""
        with self._world.lock:
            self._store.feed.expire(status)

    def _create(
        self,
        owner: str,
        name: str,
        mime_type: str,
        parent: str,
        content: bytes | None,
        created: datetime | None,
        share: Mapping[str, str] | None,
    ) -> str:
        with self._world.lock:
            person = owner.lower()
            item = self._store.create(person, name, mime_type, self._store.writable(parent, person))
            if content is not None:
                item.fill(content)
            item.created = item.modified = created or item.created
            for email, role in (share or {}).items():
                self._store.grant(item, _person(email), Role[role.upper()], person)
            return item.id

    def _item(self, file_id: str) -> Item:
        item = self._store.peek(file_id)
        if item is None:
            raise KeyError(file_id)
        return item


def _person(email: str) -> str:
    return ANYONE if email == "anyone" else email.lower()
