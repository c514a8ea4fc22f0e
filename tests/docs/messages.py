"""What the program can say to people, read from its source: `…` stands where a value goes."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import syft_notify
from syft_notify.domain.errors import NotifyError
from tests.docs.markdown import REPOSITORY

HOLE = "…"
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Message:
    """The title and the hint of an error, wherever it is made."""

    place: str
    title: str
    hint: str

    def holds(self, quote: str) -> bool:
        """Whether these words are in it, in this order; the quote's holes are anything."""
        return any(holds(text, quote) for text in (self.title, self.hint))

    @property
    def speaks(self) -> bool:
        """Whether it has words of its own, and does not only pass on those of another error."""
        return any(character.isalpha() for character in self.title)


def holds(text: str, quote: str) -> bool:
    """Whether the pieces of the quote are in the text, in their order."""
    place = 0
    for piece in (piece.strip() for piece in quote.split(HOLE)):
        found = text.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True


def errors() -> list[Message]:
    """Every error of the error tree that a line of the program makes, in the order of files and lines."""
    return [message for source in _sources() for message in source.errors()]


def sentences() -> list[str]:
    """Every text in the source but docstrings, whole: what stands in one string, or in one f-string."""
    return [text for source in _sources() for text in source.texts()]


def _error_names() -> frozenset[str]:
    for module in pkgutil.walk_packages(syft_notify.__path__, "syft_notify."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return frozenset(kind.__name__ for kind in _kinds(NotifyError))


def _kinds(kind: type[NotifyError]) -> Iterator[type[NotifyError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def _sources() -> list[_Source]:
    names = _error_names()
    paths = sorted((REPOSITORY / "syft_notify").rglob("*.py"))
    return [
        _Source(path.relative_to(REPOSITORY / "syft_notify").as_posix(), ast.parse(path.read_text()), names)
        for path in paths
    ]


@dataclass(frozen=True)
class _Source:
    """One module."""

    place: str
    tree: ast.Module
    error_names: frozenset[str]
    _asked: set[str] = field(default_factory=set)

    def errors(self) -> Iterator[Message]:
        makers = self._makers()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and node.args and _name(node.func) in makers:
                title, hint = node.args[0], node.args[1] if len(node.args) > 1 else ast.Constant("")
                for text in self._said(title):
                    yield Message(self.place, text, " ".join(self._said(hint)))

    def texts(self) -> Iterator[str]:
        docstrings = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in docstrings:
                yield self._said(node)[0]

    def _makers(self) -> frozenset[str]:
        """The error classes, and local names for one of them."""
        aliases = {
            target.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp)
            for target in node.targets
            if isinstance(target, ast.Name) and {_name(node.value.body), _name(node.value.orelse)} <= self.error_names
        }
        return self.error_names | aliases

    def _said(self, node: ast.expr | None) -> list[str]:
        """The texts that the expression may stand for, as far as this module tells."""
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return ["".join(pieces) for pieces in product(*map(self._piece, parts))]
            case ast.IfExp(body=one, orelse=other):
                return [*self._said(one), *self._said(other)]
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return [f"{first}{second}" for first in self._said(one) for second in self._said(other)]
            case ast.List(elts=elements):
                return [text for element in elements for text in self._said(element)]
            case ast.Name(id=name):
                return self._once(name, (n.value for n in ast.walk(self.tree) if _assigns(n, name)))
            case ast.ListComp(elt=element):
                return self._said(element)
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)):
                bodies = (n for n in ast.walk(self.tree) if isinstance(n, _Function) and n.name == name)
                returns = (r.value for body in bodies for r in ast.walk(body) if isinstance(r, ast.Return))
                return self._once(name, returns)
        return [HOLE]

    def _piece(self, part: ast.expr) -> list[str]:
        """A part of an f-string: what stands there, what one of our functions puts there, or a hole."""
        if isinstance(part, ast.FormattedValue):
            return self._said(part.value) if isinstance(part.value, ast.Call | ast.IfExp) else [HOLE]
        return self._said(part)

    def _once(self, name: str, nodes: Iterator[ast.expr | None]) -> list[str]:
        """A name that stands for itself again says nothing more."""
        if name in self._asked:
            return [HOLE]
        self._asked.add(name)
        found = [text for node in nodes for text in self._said(node)]
        self._asked.discard(name)
        return found or [HOLE]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _assigns(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
