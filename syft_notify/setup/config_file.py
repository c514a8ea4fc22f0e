"""daemon.yaml as the set-up finds it and leaves it: comments and settings that nobody changed stay as they are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import yaml

from syft_notify.config.paths import is_there
from syft_notify.config.settings import Config, check_settings
from syft_notify.config.yaml_values import ConfigProblems, parse_settings, read_settings
from syft_notify.domain.errors import UserError
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import Prompter, confirm, refuse

_HEAD = """\
# syft-notify: whose Drive is watched, and what is told. Written by `syft-notify init`; edit it as you like.
# A line like #key: value shows what holds when nothing is said; take the # away to change it. More:
# docs/configuration.md
"""
# Good values for what is required, to find out what else is wrong with a config that lacks it.
_FILLED = {"do_email": "owner@example.org", "syftbox_root": "~"}


@dataclass(frozen=True)
class FormerConfig:
    """What a config says before the set-up: the settings that can be used, and the text unless it is corrupted."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    corrupted: bool = False


def former_config(prompter: Prompter, place: SetupPaths) -> FormerConfig:
    """The config that is there, if any. A broken one is explained.

    Raises `UserError` when the person does not want to begin anew.
    """
    try:
        if not is_there(place.config):
            return FormerConfig()
    except OSError as error:
        raise UserError(f"{place.config} cannot be seen: {error.strerror}", "Check who owns its folder") from error
    if not place.config.is_file() or not os.access(place.config, os.R_OK):
        raise UserError(f"{place.config} is no file that you can read", "Move it away, or name another with --config")
    settings: Mapping[str, Any] = {}
    try:
        found = read_settings(place.config)
        settings = found.values
        check_settings({**_FILLED, **settings}, str(place.config), place.surroundings(), found.lines)
    except ConfigProblems as problems:
        _begin_anew(prompter, place, problems)
        return FormerConfig({key: value for key, value in settings.items() if key not in problems.keys}, corrupted=True)
    return FormerConfig(settings, place.config.read_bytes().decode())


def _begin_anew(prompter: Prompter, place: SetupPaths, problems: ConfigProblems) -> None:
    """Raises `UserError` when that is not wanted."""
    for line in problems.lines:
        refuse(prompter, UserError(line))
    question = "Write it anew? What is good in it is taken over, and the old file is kept beside it"
    if not confirm(prompter, question, default=False):
        raise UserError(f"{place.config} was left as it is", "Correct it and begin again")


def edited_text(former: FormerConfig, settings: Mapping[str, Any]) -> str:
    """The former text with as few changes as these settings need; empty when lines cannot bring that about."""
    edited = former.text
    for key, value in settings.items():
        if edited and former.settings.get(key) != value:
            edited = _with_line(edited, key, value)
    return edited if _says(edited, settings) else ""


def fresh_text(settings: Mapping[str, Any]) -> str:
    """A config with these settings that shows all the others."""
    return _HEAD + "".join(_paragraph(key, settings) for key in Config.model_fields if _is_shown(key, settings))


def _with_line(text: str, key: str, value: Any) -> str:
    """The text with the line of the key replaced, or with one more at its end."""
    line = _line(key, value)
    pattern = re.compile(rf"^{re.escape(key)}[ \t]*:.*\n?", re.MULTILINE)
    if pattern.search(text):
        return pattern.sub(lambda _: line, text, count=1)
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{line}"


def _says(text: str, settings: Mapping[str, Any]) -> bool:
    """Whether the text means these settings; lines alone do not tell in all the ways of writing YAML."""
    try:
        return bool(parse_settings(text, "").values == dict(settings))
    except ConfigProblems:
        return False


def _is_shown(key: str, settings: Mapping[str, Any]) -> bool:
    """Other servers than Google's are no matter of a new user."""
    return key in settings or Config.model_fields[key].default is not None


def _paragraph(key: str, settings: Mapping[str, Any]) -> str:
    known = Config.model_fields[key]
    line = _line(key, settings[key]) if key in settings else f"#{_line(key, _plain(known.default))}"
    return f"\n# {str(known.description).replace('`', '')}\n{line}"


def _plain(default: Any) -> Any:
    if isinstance(default, timedelta):
        return int(default.total_seconds())
    return default if isinstance(default, bool | int) else str(default)


def _line(key: str, value: Any) -> str:
    return yaml.safe_dump({key: value}, allow_unicode=True, width=10**6, default_flow_style=False)
