"""Renders the templates of mails: ours, or the owner's over them, whose mistakes and greed stop no mail."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
    select_autoescape,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from syft_notify.config.paths import is_there
from syft_notify.domain.errors import TransientFault
from syft_notify.domain.text import plain
from syft_notify.mail.user_templates import UnusableTemplateError, read_template

log = logging.getLogger(__name__)

# What a part may cost that an owner's template writes.
PART_LIMIT = 1_000_000  # characters
STEP_LIMIT = 100_000  # rounds of loops, and calls


class _ReadOnce(BaseLoader):
    """Keeps all templates of another loader in memory.

    An upgrade removes our files for seconds below a running process, and puts others there, for other code.
    """

    def __init__(self, loader: BaseLoader) -> None:
        self._sources = {name: loader.get_source(Environment(), name)[:2] for name in loader.list_templates()}  # noqa: S701

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool]]:
        """As Jinja2 asks for it. Raises `TemplateNotFound`."""
        try:
            return *self._sources[template], lambda: True
        except KeyError:
            raise TemplateNotFound(template) from None

    def list_templates(self) -> list[str]:
        """The names of all."""
        return sorted(self._sources)


OURS = _ReadOnce(PackageLoader("syft_notify.mail"))
_DIALECT: Mapping[str, Any] = {
    "autoescape": select_autoescape(enabled_extensions=("html.j2",)),
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}

# What a fault may quote; anything else may be a value, and so from outside.
_NAME = re.compile(r"'\w{1,40}( object)?'")


class Renderer:
    """Renders templates; those in the folder `own` are used in place of ours of the same name, unless they fail."""

    def __init__(self, own: Path | None = None) -> None:
        self._ours = ImmutableSandboxedEnvironment(loader=OURS, **_DIALECT)
        self._own = _Own(own) if own else None

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """What the template `name` makes of the context. Raises `TransientFault` when ours makes nothing of it."""
        try:
            written = self._own.render(name, context) if self._own else None
            return self._ours.get_template(name).render(context) if written is None else written
        except (TemplateError, ValueError) as error:
            raise TransientFault(f"the mail could not be written from its template: {plain(str(error))}") from error


class _Own:
    """Renders with the owner's templates over ours. They are read for each mail, so an edit needs no restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: set[tuple[str, str, str]] = set()

    def render(self, name: str, context: Mapping[str, Any]) -> str | None:
        """The part, or None where ours shall be used instead; why is logged, once."""
        try:
            return self._rendered(name, context) if is_there(self._folder) else None
        except Exception as error:  # noqa: BLE001 - whatever a template does that is not ours, the mail goes out
            self._say(name, error)
            return None

    def _rendered(self, name: str, context: Mapping[str, Any]) -> str:
        pieces, room = [], PART_LIMIT
        for piece in _Bounded(self._folder).get_template(name).generate(context):
            room -= len(piece)
            if room < 0:
                raise SecurityError(f"it writes more than {PART_LIMIT:,} characters")
            pieces.append(piece)
        written = "".join(pieces)
        if not written.strip():
            raise SecurityError("it writes nothing")
        return written

    def _say(self, name: str, error: Exception) -> None:
        """Each fault at each place is told once. Words that may hold a value from outside are not."""
        lines = traceback.extract_tb(error.__traceback__)
        where = [f"{Path(line.filename).name}, line {line.lineno}: " for line in lines if line.filename.endswith(".j2")]
        place = where[-1] if where else ""
        reason = _reason(error)
        if (fault := (name, place, type(error).__name__)) not in self._said:
            self._said.add(fault)
            log.warning("%s is written with our own template: %s%s", name, place, plain(reason))


def _reason(error: Exception) -> str:
    told = error.message if isinstance(error, TemplateError) else None
    if told and (isinstance(error, TemplateSyntaxError) or not set("'\"") & set(_NAME.sub("", told))):
        return told
    return type(error).__name__


class _Bounded(ImmutableSandboxedEnvironment):
    """Where an owner's templates are rendered, once: what they may do is counted, and ends."""

    intercepted_binops = frozenset(("+", "*", "**"))

    def __init__(self, folder: Path) -> None:
        own = ChoiceLoader([_Files(folder), OURS, PrefixLoader({"ours": OURS})])
        super().__init__(loader=own, cache_size=0, **_DIALECT)
        self._steps = 0
        self.filters |= {_COUNTED: self._counted, _MEASURED: self._measured}
        del self.globals["lipsum"]  # makes as much text as it is asked for

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        """Call something, as a step: macros that call themselves end too."""
        self._step()
        return super().call(context, called, *args, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, unless the result were beyond all use."""
        if operator == "**" or (operator == "*" and _size(left) * _size(right) > PART_LIMIT):
            raise SecurityError(f"{operator} would make something huge")
        return self._measured(super().call_binop(context, operator, left, right))

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._step()
            yield item

    def _measured(self, value: Any) -> Any:
        if not isinstance(value, int | float) and _size(value) > PART_LIMIT:
            raise SecurityError(f"a text has more than {PART_LIMIT:,} characters")
        return value

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise SecurityError(f"it takes more than {STEP_LIMIT:,} steps")


def _size(value: Any) -> int:
    """How much a factor makes of the other one."""
    return abs(int(value)) if isinstance(value, int | float) else len(value)


_COUNTED, _MEASURED = "counted", "measured"


class _Limits(NodeTransformer):
    """Lets the loops of a template count their rounds, and measures what it puts together."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja2's name
        self.generic_visit(node)
        node.iter = _through(_COUNTED, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja2's name
        self.generic_visit(node)
        return _through(_MEASURED, node)


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(
        cast(nodes.Expr, node), name, [], [], None, None, lineno=node.lineno, environment=node.environment
    )


class _Files(BaseLoader):
    """The templates in a folder, within limits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja2 asks for it. Raises `TemplateNotFound` for what ours shall be used, else `TemplateError`."""
        try:
            source = read_template(self._folder, template)
        except UnusableTemplateError as error:
            raise TemplateError(f"{template}: {error}") from error
        if source is None:
            raise TemplateNotFound(template)
        return source, str(self._folder / template), lambda: False

    def load(self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None) -> Template:
        """As Jinja2 asks for it. Raises as `get_source`."""
        source, path, _ = self.get_source(environment, name)
        limited = _Limits().visit(environment.parse(source, name, path))
        code = environment.compile(limited, name, path)
        return environment.template_class.from_code(environment, code, globals or {}, None)
