"""The search language of Drive's `q`: tokens, grammar, meaning.

Source: developers.google.com/workspace/drive/api/guides/ref-search-terms and search-files. `and` and `or` have one
rank and are read from left to right; `contains` on a name matches beginnings of words; `=` on a name ignores case.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from syft_notify.sandbox.refusals import invalid_value

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
      | (?P<compare><=|>=|!=|=|<|>)
      | (?P<bracket>[(){}])
      | (?P<truth>true|false)
      | (?P<word>[A-Za-z]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = re.compile(r"[^\W_]+")
_BOOLEANS = frozenset({"trashed", "starred", "sharedWithMe"})
_TIMES = frozenset({"modifiedTime", "createdTime", "viewedByMeTime", "sharedWithMeTime"})
_PEOPLE = frozenset({"owners", "writers", "readers"})
_PROPERTIES = frozenset({"properties", "appProperties"})
_EQUALITY: Mapping[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "!=": operator.ne}
_ORDERING: Mapping[str, Callable[[Any, Any], bool]] = {
    **_EQUALITY, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Searchable(Protocol):
    """A file as the search sees it, from the eyes of one person."""

    @property
    def name(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def parents(self) -> Collection[str]: ...
    def flag(self, field: str) -> bool:
        """One of trashed, starred, sharedWithMe."""

    def time(self, field: str) -> datetime | None:
        """One of the times, when the file has it."""

    def people(self, field: str) -> Collection[str]:
        """The owners, writers or readers by their keys."""

    def property_of(self, field: str, key: str) -> str | None:
        """The value of a custom property."""

    def text(self) -> str:
        """Everything that a full text search looks at."""


@dataclass(frozen=True)
class Query:
    """A parsed `q`. When `parent` is set, only files in that folder can match; `folders` are all that were named."""

    holds: Callable[[Searchable], bool]
    parent: str = ""
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Node:
    holds: Callable[[Searchable], bool]
    parent: str = ""


def everything(_: Searchable) -> bool:
    """The search without a `q`."""
    return True


def parse(q: str, me: str, root: str) -> Query:
    """Read `q` as `me`, whose My Drive folder is `root`. Raises `Refusal` (400, location `q`) like Drive."""
    if not q.strip():
        return Query(everything)
    parser = _Parser(list(_tokens(q)), me, root)
    node = parser.expression()
    if parser.rest():
        raise invalid_value("q")
    return Query(node.holds, node.parent, tuple(parser.folders))


def _tokens(q: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(q.rstrip())
    while position < end:
        match = _TOKEN.match(q, position)
        if match is None or match.lastgroup is None:
            raise invalid_value("q")
        yield match.lastgroup, match.group(match.lastgroup)
        position = match.end()


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, tokens: list[tuple[str, str]], me: str, root: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._me = me
        self._root = root
        self.folders: list[str] = []

    def rest(self) -> bool:
        return self._at < len(self._tokens)

    def expression(self) -> _Node:
        left = self._factor()
        while self._peek() in (("word", "and"), ("word", "or")):
            left = _both(left, self._factor()) if self._next()[1] == "and" else _either(left, self._factor())
        return left

    def _factor(self) -> _Node:
        if self._peek() == ("word", "not"):
            self._next()
            negated = self._factor().holds
            return _Node(lambda file: not negated(file))
        if self._peek() == ("bracket", "("):
            self._next()
            inner = self.expression()
            self._expect("bracket", ")")
            return inner
        return self._term()

    def _term(self) -> _Node:
        kind, text = self._next()
        if kind == "text":
            self._expect("word", "in")
            return self._member(_unquoted(text), self._word())
        if kind != "word":
            raise invalid_value("q")
        if text in _BOOLEANS:
            return self._boolean(text)
        if text in _PROPERTIES:
            return self._property(text)
        comparison = self._next()[1]
        value = self._text()
        return _Node(_time_test(text, comparison, value) if text in _TIMES else _text_test(text, comparison, value))

    def _boolean(self, field: str) -> _Node:
        if self._peek()[0] != "compare":
            return _Node(lambda file: file.flag(field))
        compare = _EQUALITY.get(self._next()[1])
        kind, text = self._next()
        if compare is None or kind != "truth":
            raise invalid_value("q")
        wanted = compare(text == "true", True)
        return _Node(lambda file: file.flag(field) == wanted)

    def _property(self, field: str) -> _Node:
        self._expect("word", "has")
        self._expect("bracket", "{")
        pair = {}
        for number in range(2):
            if number:
                self._expect("word", "and")
            word = self._word()
            self._expect("compare", "=")
            pair[word] = self._text()
        self._expect("bracket", "}")
        if set(pair) != {"key", "value"}:
            raise invalid_value("q")
        return _Node(lambda file: file.property_of(field, pair["key"]) == pair["value"])

    def _member(self, value: str, field: str) -> _Node:
        if field == "parents":
            folder = self._root if value == "root" else value
            self.folders.append(folder)
            return _Node(lambda file: folder in file.parents, parent=folder)
        if field not in _PEOPLE:
            raise invalid_value("q")
        person = self._me if value == "me" else value.lower()
        return _Node(lambda file: person in file.people(field))

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self.rest() else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, kind: str, text: str) -> None:
        if self._next() != (kind, text):
            raise invalid_value("q")

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise invalid_value("q")
        return text

    def _text(self) -> str:
        kind, text = self._next()
        if kind != "text":
            raise invalid_value("q")
        return _unquoted(text)


def _both(left: _Node, right: _Node) -> _Node:
    first, second = left.holds, right.holds
    return _Node(lambda file: first(file) and second(file), left.parent or right.parent)


def _either(left: _Node, right: _Node) -> _Node:
    first, second = left.holds, right.holds
    return _Node(lambda file: first(file) or second(file))


def _text_test(field: str, comparison: str, value: str) -> Callable[[Searchable], bool]:
    wanted = value.casefold()
    compare = _EQUALITY.get(comparison)
    if field == "name" and compare:
        return lambda file: compare(file.name.casefold(), wanted)
    if field == "name" and comparison == "contains":
        return lambda file: name_contains(file.name, value)
    if field == "mimeType" and compare:
        return lambda file: compare(file.mime_type, value)
    if field == "mimeType" and comparison == "contains":
        return lambda file: file.mime_type.startswith(value)
    if field == "fullText" and comparison == "contains":
        return lambda file: name_contains(file.text(), value)
    raise invalid_value("q")


def _time_test(field: str, comparison: str, value: str) -> Callable[[Searchable], bool]:
    compare = _ORDERING.get(comparison)
    moment = moment_of(value)
    if compare is None or moment is None:
        raise invalid_value("q")

    def test(file: Searchable) -> bool:
        time = file.time(field)
        return time is not None and compare(time, moment)

    return test


def name_contains(name: str, needle: str) -> bool:
    """Whether every word of `needle` begins some word of `name`: Drive's fuzzy match, not a substring test."""
    words = _WORDS.findall(name.casefold())
    wanted = _WORDS.findall(needle.casefold())
    if not wanted:
        return needle in name
    return all(any(word.startswith(start) for word in words) for start in wanted)


def moment_of(value: str) -> datetime | None:
    """An RFC 3339 time, in UTC unless it says otherwise; None when it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
