"""Renders the templates of mails: ours, or the owner's over them, whose mistakes stop no mail."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syft_notify.config.paths import is_there
from syft_notify.domain.errors import TransientFault
from syft_notify.domain.text import plain
from syft_notify.mail.user_templates import UnusableTemplateError, read_template

log = logging.getLogger(__name__)

# Characters of a part that an owner's template writes: the code of a job may take most of it.
PART_LIMIT = 1_000_000


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
    """Renders with the owner's templates over ours. They are read for each mail, so an edit needs no restart.

    Templates are the owner's own code, as free to loop as any program of theirs. What they show comes from outside:
    the sandbox keeps a value from becoming more than a value.
    """

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
        loader = ChoiceLoader([_Files(self._folder), OURS, PrefixLoader({"ours": OURS})])
        environment = ImmutableSandboxedEnvironment(loader=loader, cache_size=0, **_DIALECT)
        pieces, room = [], PART_LIMIT
        for piece in environment.get_template(name).generate(context):
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
