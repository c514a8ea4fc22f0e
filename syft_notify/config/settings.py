"""daemon.yaml -> Config: every key documented once, every problem reported at once, with how to fix it."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator

from syft_notify.config.own_files import path_problem
from syft_notify.config.surroundings import Surroundings, surroundings_of
from syft_notify.config.yaml_values import ConfigProblems, Unusable, read_settings
from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.kinds import Kind

LONGEST_INTERVAL = 86_400
PATH_KEYS = ("syftbox_root", "drive_token_path", "gmail_token_path", "state_path")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]*[0-9](\.[0-9]*)?")
_WITH_COLONS = re.compile(r"[-+]?[0-9_]+(:[0-9_]+)+(\.[0-9_]*)?")
LARGEST_CAP = 10_000
_LONG_NUMBER = 10**40


class Config(BaseModel):
    """The settings of one owner. Paths are absolute, durations `timedelta`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    do_email: str = Field(description="the data owner's address")
    syftbox_root: Path = Field(description="the owner's SyftBox folder, e.g. `~/SyftBox_<do_email>`")
    drive_token_path: Path = Field(Path("token_do.json"), description="token file for Drive")
    gmail_token_path: Path = Field(Path("gmail_token.json"), description="token file for Gmail")
    state_path: Path = Field(
        Path("notification_state.json"), description="what was told, to read and edit; the database lies beside it"
    )
    interval: timedelta = Field(timedelta(seconds=30), description="pause between two polls, in seconds, at least 1")
    reconcile_interval: timedelta = Field(
        timedelta(seconds=900),
        description="after so many seconds everything is looked at, not only what Drive says has changed",
    )
    monitor_jobs: bool = Field(True, description="watch jobs")
    monitor_peers: bool = Field(True, description="watch peers")
    notify_on_new_job: bool = Field(True, description="mails about submitted jobs (to DO and DS)")
    notify_on_changed: bool = Field(True, description="mails about code that changed after you were told (to DO)")
    notify_on_approved: bool = Field(True, description="mails about approved jobs (to DS)")
    notify_on_executed: bool = Field(True, description="mails about executed jobs (to DS)")
    notify_on_failed: bool = Field(True, description="mails about failed jobs (to DO and DS)")
    notify_on_rejected: bool = Field(True, description="mails about rejected jobs (to DS)")
    notify_on_new_peer: bool = Field(True, description="mails about peer requests (to DO and DS)")
    notify_on_peer_granted: bool = Field(True, description="mails about granted peers (to DS)")
    email_channel: str = Field("gmail", description="how mails go out: `gmail`")
    email_format: Literal["html", "text"] = Field("html", description="`html` (with a text part) or `text`")
    daily_cap: int = Field(450, description="mails in 24 hours at most; Gmail itself takes 500")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much is logged")
    log_format: Literal["text", "json"] = Field("text", description="`text` or `json` log lines")
    drive_api_endpoint: str | None = Field(None, description="another Drive server; ends in `/drive/v3/`")
    gmail_api_endpoint: str | None = Field(None, description="another Gmail server; its root")
    oauth_token_uri: str | None = Field(None, description="another server for the refresh of tokens")

    _place: str = PrivateAttr("")
    _folder: Path | None = PrivateAttr(None)
    _file: Path | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        """Keep where the config lies."""
        if isinstance(context, Surroundings):
            self._folder, self._file, self._place = context.folder, context.config, context.option

    def command(self, words: str) -> str:
        """`syft-notify` with these words, as a person types it for this config."""
        return f"`syft-notify {words}{self._place}`"

    @property
    def folder(self) -> Path | None:
        """Where the config lies, if it lies anywhere."""
        return self._folder

    @property
    def file(self) -> Path | None:
        """The file that holds the settings, if one does."""
        return self._file

    @property
    def is_default(self) -> bool:
        """Whether the config lies in the folder that is ours by its name, as `default_folder` says."""
        return not self._place

    @property
    def paths(self) -> dict[str, Path]:
        """The paths of files and folders, by their keys."""
        return {key: getattr(self, key) for key in PATH_KEYS}

    @property
    def muted(self) -> frozenset[Kind]:
        """The kinds of event that the owner switched off."""
        return frozenset(kind for kind, entry in CATALOGUE.items() if not getattr(self, entry.switch))

    @field_validator("do_email", mode="before")
    @classmethod
    def _email(cls, value: object) -> str:
        return checked_email(value)

    @field_validator(*PATH_KEYS, mode="before")
    @classmethod
    def _path(cls, value: object, info: ValidationInfo) -> Path:
        if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
            raise ValueError("is not a path. Write the path of a file or folder as text")
        if not isinstance(info.context, Surroundings):
            raise TypeError("a Config is made by load_config or check_settings")
        path = info.context.resolve(str(value).strip())
        if info.field_name != "syftbox_root" and not path.name:
            raise ValueError("names no file. Write the path of a file")
        return path

    @field_validator("interval", "reconcile_interval", mode="before")
    @classmethod
    def _seconds(cls, value: object) -> timedelta:
        if isinstance(value, timedelta):
            return value
        _check_notation(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LONGEST_INTERVAL:
            raise ValueError(f"is not a usable time. Give seconds as a number between 1 and {LONGEST_INTERVAL}")
        return timedelta(seconds=value)

    @field_validator("daily_cap", mode="before")
    @classmethod
    def _cap(cls, value: object) -> int:
        _check_notation(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_CAP:
            raise ValueError(f"is not a usable number. Give a whole number between 1 and {LARGEST_CAP}")
        return value

    @field_validator("drive_api_endpoint", "gmail_api_endpoint", "oauth_token_uri", mode="before")
    @classmethod
    def _endpoint(cls, value: object, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise ValueError("is not a URL. Write it as text, or leave the key out for Google itself")
        check_url(value)
        if info.field_name == "drive_api_endpoint" and not value.endswith("/drive/v3/"):
            raise ValueError("does not end in /drive/v3/. Write the whole address of the Drive service")
        return value

    @field_validator("*", mode="before")  # the last one is asked first
    @classmethod
    def _usable(cls, value: object) -> object:
        if isinstance(value, Unusable):
            raise ValueError(value.fault)
        return value


def load_config(path: Path, environ: Mapping[str, str], home: Path) -> Config:
    """Read and check the config at `path`. Raises `ConfigProblems` with everything that is wrong with it."""
    settings = read_settings(path)
    return check_settings(settings.values, str(path), surroundings_of(path, environ, home), settings.lines)


def check_settings(
    settings: Mapping[str, object],
    source: str,
    surroundings: Surroundings,
    lines: Mapping[str, int] = MappingProxyType({}),
) -> Config:
    """Make a config of plain settings. The problems name their `source` and, where `lines` has it, the key's line.

    Raises `ConfigProblems`, also for paths that no file of ours can have.
    """

    def place(key: str) -> str:
        return f"{source}, line {lines[key]}" if key in lines else source

    try:
        config = Config.model_validate(dict(settings), context=surroundings)
    except ValidationError as error:
        problems = error.errors()
        keys = [str(problem["loc"][0]) for problem in problems]
        sentences = [f"{place(key)}: {_sentence(problem)}" for key, problem in zip(keys, problems, strict=True)]
        raise ConfigProblems(sentences, keys) from None
    if problem := path_problem(config.paths, surroundings.folder, surroundings.config, settings):
        key = problem.key
        text = f"{key}: {problem.text}" if key else problem.text
        raise ConfigProblems([f"{place(key)}: {text}"], [key] if key else [])
    return config


def _check_notation(value: object) -> None:
    """Some programs read `030` as 24 and `1:30` as 90, others do not. Raises `ValueError`."""
    if not isinstance(value, str):
        return
    if _LEADING_ZERO.fullmatch(value):
        raise ValueError(f"is written with a leading zero. Write {value.lstrip('-+0_') or '0'}")
    if _WITH_COLONS.fullmatch(value):
        raise ValueError("is written with a colon. Write one plain number, such as 90")


def checked_email(value: object) -> str:
    """The address as it is compared, in lower case. Raises `ValueError`, also for one that no mail can go to."""
    address = value.strip().lower() if isinstance(value, str) else ""
    problem = why_unreachable(address)
    if not problem and "." not in address.rpartition("@")[2]:
        problem = "is not an email address"
    if problem:
        raise ValueError(f"{problem}. Write one like owner@example.org")
    return address


def check_url(url: str) -> None:
    """Tokens travel to these addresses: in the clear only to this very machine. Raises `ValueError`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host.encode("idna")) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # also for a port that is no number, and a host that no name server takes
        usable = False
    if not usable or parts.scheme not in ("http", "https"):
        raise ValueError("is not a URL. Write one like https://proxy.example.org/")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("would send tokens unencrypted. Use https://, or http:// on 127.0.0.1 or localhost only")


def is_loopback(host: str) -> bool:
    """Whether this is the name of this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence(problem: Mapping[str, Any]) -> str:
    """One pydantic error as: key, value, what is wrong, what to do."""
    key, value = ".".join(map(str, problem["loc"])), _short(problem["input"])
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return f"{key} is missing. Add a line `{key}: ...`."
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, Config.model_fields, n=1)
        return f"{_short(key)} is not a known key. " + (f"Did you mean {near[0]}?" if near else "Remove it.")
    if kind == "bool_type":
        return f"{key}: {value} is neither true nor false. Write true or false without quotes."
    if kind == "literal_error":
        return f"{key}: {value} is not one of the choices. Write {context['expected']}."
    if kind == "value_error":
        return f"{key}: {value} {context['error']}."
    return f"{key}: {value} is of the wrong type. See docs/configuration.md."


def _short(value: object) -> str:
    """The value as a person wrote it, as far as that helps to find it."""
    match value:
        case Unusable():
            text = value.shown
        case None:
            text = "an empty value"
        case bool():
            text = str(value).lower()
        case int() if abs(value) > _LONG_NUMBER:
            text = "a very large number"
        case str() | int() | float():
            text = repr(value)
        case _:
            text = type(value).__name__
    return text if len(text) <= 80 else text[:79] + "…"
