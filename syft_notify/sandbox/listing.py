"""Answers `files.list`: search, order, pages.

Sources: the reference of files.list (page sizes, orderBy), and what Drive is seen to do: a page that asks for
`parents` ends at 460 files; a folder in `q` that is not there is a 404.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syft_notify.sandbox import query
from syft_notify.sandbox.items import FOLDER, DriveSnapshot, Item
from syft_notify.sandbox.refusals import Refusal, invalid_value
from syft_notify.sandbox.store import Store

MAX_WITH_PARENTS = 460
MAX_REMEMBERED = 500
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_Key = Callable[[DriveSnapshot], Any]


def _natural(snapshot: DriveSnapshot) -> list[tuple[int, int, str]]:
    pieces = re.findall(r"\d+|\D+", snapshot.name.casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces]


_KEYS: dict[str, _Key] = {
    "createdTime": lambda snapshot: snapshot.item.created,
    "folder": lambda snapshot: snapshot.mime_type != FOLDER,
    "modifiedByMeTime": lambda snapshot: (
        snapshot.item.modified if snapshot.item.modifier == snapshot.viewer else _LONG_AGO
    ),
    "modifiedTime": lambda snapshot: snapshot.item.modified,
    "name": lambda snapshot: snapshot.name.casefold(),
    "name_natural": _natural,
    "quotaBytesUsed": lambda snapshot: len(snapshot.item.content or b""),
    "recency": lambda snapshot: snapshot.item.modified,
    "sharedWithMeTime": lambda snapshot: snapshot.time("sharedWithMeTime") or _LONG_AGO,
    "starred": lambda snapshot: not snapshot.item.starred,
    "viewedByMeTime": lambda snapshot: _LONG_AGO,
}


@dataclass(frozen=True)
class Page:
    """Some of the found files, and the token of the next page (empty: this was the last)."""

    items: list[Item]
    next_token: str


@dataclass(frozen=True)
class _Rest:
    """What a page token stands for: the search it belongs to and the files not yet shown."""

    search: tuple[str, str, str]
    ids: tuple[str, ...]


class Listings:
    """Searches, and remembers what is left of each for its next pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rests: OrderedDict[str, _Rest] = OrderedDict()

    def page(self, viewer: str, q: str, order_by: str, token: str, size: int) -> Page:
        """One page of what `viewer` finds. Raises `Refusal` for a wrong `q`, `orderBy` or `pageToken`."""
        search = (viewer, q, order_by)
        ids = self._resumed(search, token) if token else tuple(item.id for item in self._found(*search))
        rest = ids[size:]
        next_token = self._remember(_Rest(search, rest)) if rest else ""
        return Page([item for item in map(self._store.peek, ids[:size]) if item is not None], next_token)

    def _found(self, viewer: str, q: str, order_by: str) -> list[Item]:
        keys = _order(order_by)
        parsed = query.parse(q, viewer, self._store.root(viewer).id)
        sights = [snapshot for snapshot in self._candidates(viewer, parsed) if parsed.holds(snapshot)]
        for key, backwards in reversed(keys):
            sights.sort(key=key, reverse=backwards)
        return [snapshot.item for snapshot in sights]

    def _candidates(self, viewer: str, parsed: query.Query) -> Iterable[DriveSnapshot]:
        for folder in parsed.folders:
            found = self._store.peek(folder)
            if found is None or not found.readable_by(viewer):
                raise Refusal(404, "notFound", "File not found: .", location="fileId")
        only_here = self._store.peek(parsed.parent) if parsed.parent else None
        if only_here is None:
            return (DriveSnapshot(item, viewer) for item in self._store.visible(viewer))
        return (DriveSnapshot(item, viewer) for item in only_here.children.values() if item.readable_by(viewer))

    def _resumed(self, search: tuple[str, str, str], token: str) -> tuple[str, ...]:
        rest = self._rests.get(token)
        if rest is None or rest.search != search:
            raise invalid_value("pageToken")
        return rest.ids

    def _remember(self, rest: _Rest) -> str:
        token = "~!!~" + secrets.token_urlsafe(48)
        self._rests[token] = rest
        if len(self._rests) > MAX_REMEMBERED:
            self._rests.popitem(last=False)
        return token


def _order(order_by: str) -> list[tuple[_Key, bool]]:
    if not order_by.strip():
        return [(_KEYS["modifiedTime"], True)]
    order = []
    for part in order_by.split(","):
        words = part.split()
        if not words or words[0] not in _KEYS or words[1:] not in ([], ["desc"]):
            raise invalid_value("orderBy")
        order.append((_KEYS[words[0]], len(words) == 2))
    return order
