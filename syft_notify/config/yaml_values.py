"""The text of `daemon.yaml` -> plain settings, each with its line, by our own rules for what a value is.

PyYAML only splits the text into events. Its rules of YAML 1.1 for scalars would read `030` as 24, `1:30` as 90, and
raise a different error for each tag that does not fit; no object of it is ever constructed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from syft_notify.config.regular_files import open_to_read
from syft_notify.domain.errors import ConfigError

MAX_BYTES = 100_000
_MAX_DEPTH, _MAX_EVENTS = 20, 2_000
_LONGEST_NUMBER = 30
_NUMBER = re.compile(r"[-+]?(?:0|[1-9](?:_?[0-9])*)(\.[0-9]*)?")
_WORDS: Mapping[str, bool | None] = {
    spelling: value
    for value, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")), (None, ("null", "~", "")))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}


class ConfigProblems(ConfigError):
    """Everything that is wrong with a config: a line for each problem, and the keys concerned if it is about keys."""

    def __init__(self, lines: Sequence[str], keys: Sequence[str] = ()) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.keys = keys

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Unusable:
    """A value that no setting can have: `shown` names it; `fault` says what is wrong with it and what to do."""

    shown: str
    fault: str


@dataclass(frozen=True)
class Settings:
    """The keys and values of a config, not yet checked, and the line of each key.

    A value is text, a number, a boolean, None for an empty one, or `Unusable`.
    """

    values: Mapping[str, object]
    lines: Mapping[str, int]


def read_settings(path: Path) -> Settings:
    """What the file at `path` says. Raises `ConfigProblems` for a file without settings."""
    return parse_settings(_read_text(path), str(path))


def parse_settings(text: str, source: str) -> Settings:
    """What the text says; `source` names it in the problems. Raises `ConfigProblems` for a text without settings."""
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigProblems(
            [f"{source} is broken YAML at line {line}: it has a character that no text has. Remove it."]
        ) from None
    try:
        return _settings(_bounded(loader), text, source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = str(error.problem)[:200]
        raise ConfigProblems([f"{source} is broken YAML{where}: {reason}. Correct it there."]) from None
    except (ValueError, OverflowError):  # a character or a version with a number that Python does not take
        raise ConfigProblems(
            [f"{source} is broken YAML at line {loader.line + 1}: a number in it is too large. Correct it there."]
        ) from None


def _read_text(path: Path) -> str:
    try:
        with open_to_read(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigProblems(
            [f"{path} does not exist. Run `syft-notify init` to make one, or name another with --config."]
        ) from None
    except OSError as error:
        raise ConfigProblems([f"{path} cannot be read: {error.strerror}. Check the path and who owns it."]) from error
    if len(content) > MAX_BYTES:
        raise ConfigProblems([f"{path} is larger than {MAX_BYTES} bytes. It can hardly be a config; check the path."])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigProblems([f"{path} is not text in UTF-8 at line {line}. Save it as UTF-8."]) from None


def _bounded(loader: Any) -> Iterator[Any]:
    """The events of a document. What is small on disk but takes long to read ends early, as a `MarkedYAMLError`."""
    depth = 0
    for count, event in enumerate(iter(loader.get_event, None)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or count > _MAX_EVENTS:
            raise _broken("it is nested too deeply or too long", event)
        yield event


def _settings(events: Iterator[Any], text: str, source: str) -> Settings:
    root = next(event for event in events if not isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent))
    if isinstance(root, yaml.StreamEndEvent) or (isinstance(root, yaml.ScalarEvent) and _scalar(root) is None):
        raise ConfigProblems([f"{source} is empty. Write at least do_email and syftbox_root into it."])
    if not isinstance(root, yaml.MappingStartEvent) or root.tag:
        raise ConfigProblems([f"{source} is not a list of settings. Write one `key: value` a line."])
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _key(event)
        if key in values:
            raise _broken(f"{key!r} appears twice", event)
        lines[key] = event.start_mark.line + 1
        values[key] = _value(next(events), events, text)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _broken("a second document begins", event)
    return Settings(values, lines)


def _key(event: Any) -> str:
    """Raises `MarkedYAMLError` for what is no plain text."""
    if not isinstance(event, yaml.ScalarEvent) or event.tag or _has_control_characters(event.value):
        raise _broken("a key is not plain text", event)
    return str(event.value)


def _value(event: Any, events: Iterator[Any], text: str) -> object:
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.AliasEvent):
        return Unusable(f"*{event.anchor}", "is an alias. Write the value itself")
    _skip(events)
    if isinstance(event, yaml.SequenceStartEvent):
        return Unusable("a list", "is not one value. Write the value itself")
    if text.startswith("{{", event.start_mark.index):
        return Unusable("{{ ... }}", "is a placeholder that nobody filled in. Write the value itself")
    return Unusable("a mapping", "is not one value. Write the value itself")


def _broken(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _skip(events: Iterator[Any]) -> None:
    """Go on behind the collection that has just begun."""
    depth = 1
    while depth:
        event = next(events)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)


def _scalar(event: Any) -> object:
    """What a scalar means. Every number but a plain decimal one is text, which says how it was written."""
    value = str(event.value)
    if event.tag:
        return Unusable("a value", "has a tag that begins with `!`. Write the value without it")
    if _has_control_characters(value.strip()):
        return Unusable("a value", "holds a control character. Remove it")
    if event.style:  # in quotes, or a block
        return value
    if value in _WORDS:
        return _WORDS[value]
    match = _NUMBER.fullmatch(value) if len(value) <= _LONGEST_NUMBER else None
    if not match:
        return value
    return float(value) if match[1] else int(value)


def _has_control_characters(text: str) -> bool:
    """Also halves of a character, which an escape can make and no file name or mail can hold."""
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
