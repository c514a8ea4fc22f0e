"""The local Drive: every file in memory, who sees it, and what changed when."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from syft_notify.sandbox.changes import ChangeFeed
from syft_notify.sandbox.items import FOLDER, Item, Role
from syft_notify.sandbox.people import People
from syft_notify.sandbox.refusals import Refusal, forbidden_file, missing_file


class Store:
    """Files and folders with Drive's rules. Callers hold the lock of the whole local Google."""

    def __init__(self, people: People, now: Callable[[], datetime]) -> None:
        self.people = people
        self.now = now
        self.feed = ChangeFeed()
        self._items: dict[str, Item] = {}
        self._roots: dict[str, Item] = {}
        self._seen_by: dict[str, frozenset[str]] = {}
        self._sight: dict[str, dict[str, Item]] = {}

    def root(self, person: str) -> Item:
        """The person's My Drive; made when first asked for."""
        if person not in self._roots:
            folder = self._new("My Drive", FOLDER, person, None)
            folder.is_root = True
            self._roots[person] = folder
        return self._roots[person]

    def visible(self, person: str) -> Iterable[Item]:
        """Everything that shows in the person's searches, My Drive itself left out."""
        return self._sight.get(person, {}).values()

    def get(self, file_id: str, person: str) -> Item:
        """The file, if the person may see it. Raises `Refusal` 404 otherwise."""
        item = self.root(person) if file_id == "root" else self._items.get(file_id)
        if item is None or not item.readable_by(person):
            raise missing_file(file_id)
        return item

    def all(self) -> Iterable[Item]:
        """Every file there is."""
        return self._items.values()

    def peek(self, file_id: str) -> Item | None:
        """The file, whoever may see it; None when there is none."""
        return self._items.get(file_id)

    def writable(self, file_id: str, person: str, least: Role = Role.WRITER) -> Item:
        """The file, if the person has at least this role. Raises `Refusal` 404 or 403."""
        item = self.get(file_id, person)
        role = item.role_of(person)
        if role is None or role < least:
            raise forbidden_file()
        return item

    def create(self, person: str, name: str, mime_type: str, parent: Item, *, file_id: str = "") -> Item:
        """A new file that belongs to `person`, in a folder that somebody else may own."""
        if not parent.is_folder:
            raise Refusal(403, "parentNotAFolder", "The specified parent is not a folder.")
        if file_id in self._items:
            raise Refusal(409, "fileIdInUse", "A file already exists with the provided ID.")
        item = self._new(name, mime_type, person, parent, file_id)
        self._refresh(item)
        return item

    def touch(self, item: Item, person: str, *, modified: datetime | None = None) -> None:
        """Say that the content or the metadata was changed just now."""
        item.modified = modified or self.now()
        item.modifier = person
        self.mark(item)

    def mark(self, item: Item) -> None:
        """Put the item into the change feed of everybody who sees it."""
        item.version += 1
        self.feed.note(item.id, self._seen_by.get(item.id, frozenset()), self.now())

    def move(self, item: Item, folder: Item) -> None:
        """Lay the item into another folder; what the old folder granted ends, the owner stays."""
        if folder.below(item):
            raise Refusal(403, "cannotMoveFolderIntoItself", "A folder cannot be moved into itself.")
        self._detach(item)
        item.parent = folder
        folder.children[item.id] = item
        item.version += 1
        self._refresh(item)

    def grant(self, item: Item, person: str, role: Role, by: str) -> None:
        """Give a person (or `ANYONE`) a role on the item and everything below."""
        if role is Role.OWNER:
            item.grants[item.owner] = Role.WRITER
            item.grants.pop(person, None)
            item.owner = person
        else:
            item.grants[person] = role
        item.shared_at.setdefault(person, self.now())
        item.shared_by.setdefault(person, by)
        item.version += 1
        self._refresh(item)

    def revoke(self, item: Item, person: str) -> None:
        """Take the person's own permission on the item away."""
        del item.grants[person]
        item.shared_at.pop(person, None)
        item.shared_by.pop(person, None)
        item.version += 1
        self._refresh(item)

    def bin(self, item: Item, binned: bool) -> None:
        """Put into the trash, or take out again, with everything below."""
        item.binned = binned
        for below in item.tree():
            self.mark(below)

    def delete(self, item: Item) -> None:
        """Remove for ever, with what the same owner has below; what others own there goes to their My Drive."""
        for below in reversed(item.tree()):
            if below.owner == item.owner:
                self._remove(below)
            else:
                self.move(below, self.root(below.owner))

    def _new(self, name: str, mime_type: str, person: str, parent: Item | None, file_id: str = "") -> Item:
        now = self.now()
        item = Item(file_id or new_id(), name, mime_type, person, parent, now, now, person)
        self._items[item.id] = item
        if parent is not None:
            parent.children[item.id] = item
        return item

    def _remove(self, item: Item) -> None:
        self._detach(item)
        self._see(item, frozenset())
        del self._items[item.id]

    def _detach(self, item: Item) -> None:
        if item.parent is not None:
            item.parent.children.pop(item.id, None)

    def _refresh(self, item: Item) -> None:
        """Work out again who sees the item and all below it."""
        for below in item.tree():
            self._see(below, frozenset(below.roles()))

    def _see(self, item: Item, people: frozenset[str]) -> None:
        before = self._seen_by.pop(item.id, frozenset())
        if people:
            self._seen_by[item.id] = people
        for person in before - people:
            self._sight[person].pop(item.id, None)
        for person in people - before:
            self._sight.setdefault(person, {})[item.id] = item
        self.feed.note(item.id, before | people, self.now())


def new_id() -> str:
    """An id of the shape and length of Drive's."""
    return "1" + secrets.token_urlsafe(24)
