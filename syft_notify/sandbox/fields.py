"""The `fields` parameter: which parts of an answer the caller wants.

Source: developers.google.com/workspace/drive/api/guides/fields-parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from syft_notify.sandbox.refusals import Refusal

_TOKEN = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*|[*(),/])\s*")


class Mask:
    """A tree of wanted names. A leaf, and `*`, want everything below."""

    def __init__(self) -> None:
        self.parts: dict[str, Mask] = {}
        self.whole = False

    def wants(self, name: str) -> bool:
        return self.whole or name in self.parts

    def below(self, name: str) -> Mask:
        """What is wanted of the value `name`."""
        inner = self.parts.get(name)
        return EVERYTHING if inner is None or not inner.parts else inner

    def applied(self, value: Any) -> Any:
        """`value` with only the wanted parts."""
        if isinstance(value, list):
            return [self.applied(element) for element in value]
        if self.whole or not isinstance(value, dict):
            return value
        return {name: self.below(name).applied(part) for name, part in value.items() if name in self.parts}

    def check(self, known: Mapping[str, Any]) -> None:
        """Raises `Refusal` for a name that the answer can never have; `known` maps names to their parts or None."""
        for name, inner in self.parts.items():
            if name not in known:
                message = f"Invalid field selection {name}"
                raise Refusal(400, "invalidParameter", message, location="fields")
            if known[name] is not None:
                inner.check(known[name])


EVERYTHING = Mask()
EVERYTHING.whole = True


def parse(text: str) -> Mask:
    """Read `files(id,owners(emailAddress)),nextPageToken`, `files/id` or `*`."""
    reader = _Reader(text)
    mask = reader.selection()
    if reader.rest():
        raise reader.refusal()
    return mask


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.refusal()
            self._tokens.append(match.group(1))
            position = match.end()
        self._tokens.reverse()

    def rest(self) -> bool:
        return bool(self._tokens)

    def refusal(self) -> Refusal:
        return Refusal(400, "invalidParameter", f"Invalid field selection {self._text}", location="fields")

    def selection(self) -> Mask:
        mask = Mask()
        self._add_path(mask)
        while self._peek() == ",":
            self._tokens.pop()
            self._add_path(mask)
        return mask

    def _add_path(self, mask: Mask) -> None:
        name = self._tokens.pop() if self._tokens else ""
        if name == "*":
            mask.whole = True
            return
        if not name[:1].isalpha():
            raise self.refusal()
        inner = mask.parts.setdefault(name, Mask())
        if self._peek() == "/":
            self._tokens.pop()
            self._add_path(inner)
        elif self._peek() == "(":
            self._tokens.pop()
            chosen = self.selection()
            if not self._tokens or self._tokens.pop() != ")":
                raise self.refusal()
            inner.parts.update(chosen.parts)
            inner.whole = inner.whole or chosen.whole

    def _peek(self) -> str:
        return self._tokens[-1] if self._tokens else ""
