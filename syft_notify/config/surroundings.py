"""Where a config lies, and what the paths in it mean there."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syft_notify.config.paths import CONFIG_NAME, STATE_NAME, default_folder
from syft_notify.config.yaml_values import read_settings

# What a Linux file system takes (limits.h).
_LONGEST_PATH, _LONGEST_NAME = 4_095, 255
_VARIABLE = re.compile(r"\$(?:\w+|\{\w+\})")


@dataclass(frozen=True)
class Surroundings:
    """What paths are resolved against: the config's folder, the home folder and the environment.

    `config` is the file that holds the settings, or will; None if there is none. `option` names it in commands.
    """

    folder: Path
    home: Path
    environ: Mapping[str, str]
    config: Path | None = None
    option: str = ""

    def resolve(self, text: str) -> Path:
        """Expand `~` and environment variables; a relative path is relative to the config. Raises `ValueError`."""
        unknown = [name for name in _VARIABLE.findall(text) if _bare(name) not in self.environ]
        if unknown:
            raise ValueError(f"uses {unknown[0]}, which the environment does not have. Set it or write the path out")
        expanded = _VARIABLE.sub(lambda match: self.environ[_bare(match.group())], text)
        _check_length(expanded)
        if expanded == "~" or expanded.startswith("~/"):
            return self.home / expanded[2:]
        try:
            return self.folder / Path(expanded).expanduser()
        except RuntimeError:
            user = expanded.partition("/")[0]
            raise ValueError(f"begins with {user}, which is no user of this machine. Write the whole path") from None


def surroundings_of(path: Path, environ: Mapping[str, str], home: Path) -> Surroundings:
    """Those of the config at `path`."""
    return Surroundings(path.absolute().parent, home, environ, path.absolute(), config_option(path, home))


def config_option(path: Path, home: Path) -> str:
    """What a command needs to mean the config at `path`: nothing when it is the default one."""
    return "" if path.absolute() == default_folder(home) / CONFIG_NAME else f" -c {shlex.quote(str(path))}"


def state_path(path: Path, environ: Mapping[str, str], home: Path) -> Path | None:
    """The `state_path` of the config at `path`, without a look at its other keys; None for one that cannot be used.

    Raises `ConfigError` for a file that is no config at all.
    """
    value = read_settings(path).values.get("state_path", STATE_NAME)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return None
    try:
        return surroundings_of(path, environ, home).resolve(value.strip())
    except ValueError:
        return None


def _bare(variable: str) -> str:
    return variable.strip("${}")


def _check_length(path: str) -> None:
    """Raises `ValueError` for what no file can be called on this machine."""
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        raise ValueError("has letters that this machine's locale cannot write. Set LC_ALL=C.UTF-8") from None
    if len(encoded) > _LONGEST_PATH or any(len(name) > _LONGEST_NAME for name in encoded.split(b"/")):
        raise ValueError("is too long for a path. Write a shorter one")
