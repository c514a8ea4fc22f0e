"""Reads YAML of unknown origin: bounded, without aliases, tags or types; every value is text, or None for null."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import yaml

from syft_notify.domain.text import printable

MAX_DOCUMENT_BYTES = 256_000

_MAX_DEPTH = 20
_MAX_EVENTS = 20_000
# The parser compares each directive with all before it, and the clients write none.
_MAX_DIRECTIVES = 5
_DIRECTIVE = re.compile(r"(?:\A\ufeff?|[\r\n\x85\u2028\u2029])%")
_NULL = "tag:yaml.org,2002:null"
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
# libyaml when PyYAML was built with it: ten times faster, the same language.
_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _TextLoader(_Base):  # type: ignore[misc]
    """Makes mappings, lists and text only: no tag of the document can choose a type."""


_TextLoader.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_TextLoader.add_constructor(_NULL, lambda loader, node: None)


def read_mapping(document: str) -> dict[str, Any]:
    """The mapping in a YAML document. Raises `ValueError`, with the reason, when there is none that can be trusted."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise ValueError("it is too large")
    try:
        _check_shape(document)
        content = yaml.load(document, Loader=_TextLoader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError:
        raise ValueError("it is not YAML") from None
    if not isinstance(content, dict):
        raise ValueError("it is not a mapping")
    return {str(key): value for key, value in content.items()}


def _check_shape(document: str) -> None:
    """Refuse what is small on disk and huge in memory, before anything is built."""
    if sum(1 for _ in islice(_DIRECTIVE.finditer(document), _MAX_DIRECTIVES + 1)) > _MAX_DIRECTIVES:
        raise ValueError("it holds too many directives")
    depth = 0
    for count, event in enumerate(yaml.parse(document, Loader=_TextLoader)):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it holds aliases")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or count > _MAX_EVENTS:
            raise ValueError("it is nested too deeply or holds too much")


def text_of(document: Mapping[str, Any], *keys: str, limit: int) -> str:
    """The first of the keys that holds text, on one line; empty when none does."""
    for key in keys:
        value = document.get(key)
        if isinstance(value, str) and value.strip():
            return printable(" ".join(value.split())[:limit])[:limit]
    return ""


def texts_of(document: Mapping[str, Any], key: str, limit: int, count: int) -> tuple[str, ...]:
    """The texts in the list under a key, each on one line."""
    values = document.get(key)
    listed = values if isinstance(values, list) else []
    return tuple(printable(value[:limit])[:limit] for value in listed[:count] if isinstance(value, str))


def time_of(text: Any) -> datetime | None:
    """The moment that an ISO 8601 text names, in UTC (which is also what a time without zone means); None otherwise."""
    match = _TIME.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 40 else None
    if not match:
        return None
    day, time, fraction, zone = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    offset = "+00:00" if zone in (None, "Z") else zone
    try:
        return datetime.fromisoformat(f"{day}T{time}.{micros}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
