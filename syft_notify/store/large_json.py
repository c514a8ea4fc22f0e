"""Reads a JSON document bit by bit: of a large one never more than one value is in memory as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

_PIECE = 65_536
_BLANKS = " \t\n\r"
_AFTER_VALUE = frozenset(f"{_BLANKS},:]}}")
_decode = json.JSONDecoder().raw_decode


class NoObjectError(ValueError):
    """Another value is where an object must be."""


class JsonReader:
    """Goes through a document once; everything raises `ValueError` where that is no JSON."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next; before going on, the caller takes the value of each.

        Raises `NoObjectError` when none comes.
        """
        if self._next() != "{":
            self.value()
            raise NoObjectError("no object")
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise ValueError("a key that is no text")
            self._expect(":")
            yield key
            if self._next() == "}":
                self._at += 1
                return
            self._expect(",")

    def value(self) -> Any:
        """The value that comes next, whole. Raises `RecursionError` for one that is nested too deeply."""
        self._next()
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except ValueError:
                if not self._read_on():
                    raise
                continue
            if self._text[end : end + 1] in _AFTER_VALUE or not self._read_on():  # a number may go on
                self._at = end
                return value

    def end(self) -> None:
        """Nothing comes after that."""
        if self._next():
            raise ValueError("text after the end")

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise ValueError(f"no {mark!r} where one must be")
        self._at += 1

    def _next(self) -> str:
        """The next character that is not blank, which stays there; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANKS:
                    return self._text[self._at]
                self._at += 1
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        """Have more text, twice as much each time that one value needs it; False at the end."""
        rest = self._text[self._at :]
        more = self._file.read(max(_PIECE, len(rest)))
        self._text, self._at = rest + more, 0
        return bool(more)
