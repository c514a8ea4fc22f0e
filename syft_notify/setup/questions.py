"""The two questions that nobody else can answer: whose Drive, and which SyftBox folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syft_notify.config.paths import is_there
from syft_notify.config.settings import checked_email
from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.errors import UserError
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import Prompter, ask_until, confirm, picked

_PREFIX = "SyftBox_"


def ask_email(prompter: Prompter, place: SetupPaths, former: Mapping[str, Any]) -> str:
    """The data owner's address; proposed is today's, or the one in the name of the only SyftBox folder."""
    addresses = [path.name.removeprefix(_PREFIX) for path in _roots_at_home(place)]
    proposed = former.get("do_email") or (addresses[0] if len(addresses) == 1 else "")
    return ask_until(prompter, "Your email address, as the data owner", _email, proposed, "--email")


def ask_root(prompter: Prompter, place: SetupPaths, former: Mapping[str, Any], email: str) -> str:
    """The SyftBox folder as it stands in the config; proposed are today's, and those at home."""
    own = place.home / f"{_PREFIX}{email}"
    today = former.get("syftbox_root")
    offered = [place.shown(path) for path in _roots_at_home(place)]
    if len(offered) > 1:
        prompter.tell("SyftBox folders in your home:")
        for number, name in enumerate(offered, 1):
            prompter.tell(f"  {number}  {name}")
    proposed = str(today) if today else place.shown(own)

    def read(text: str) -> str:
        if text == today:
            return text
        path = place.typed(picked(text, offered))
        check_root(path)
        doubt = doubt_about(path, email)
        if doubt and prompter.alone:
            raise UserError(doubt, "Name it with --syftbox-root if it is right")
        if doubt and not confirm(prompter, f"{doubt} Use it anyway?", default=False):
            raise UserError(f"Then {place.shown(path)} is not taken", "Name another folder")
        return place.shown(path)

    return ask_until(prompter, "Your SyftBox folder", read, proposed, "--syftbox-root")


def given_root(prompter: Prompter, place: SetupPaths, path: Path, email: str) -> str:
    """A folder that was named beforehand, as it stands in the config; a doubt about it is only told."""
    check_root(path)
    if doubt := doubt_about(path, email):
        prompter.tell(doubt)
    return place.shown(path)


def check_root(path: Path) -> None:
    """Raises `UserError` for what can never be a SyftBox folder."""
    if os.path.exists(path) and not os.path.isdir(path):  # what cannot be seen is doubted
        raise UserError(f"{path} is a file", "Name the folder that your SyftBox client made")


def doubt_about(path: Path, email: str) -> str:
    """Why this may be the wrong folder; empty when it is what the client of this owner made."""
    try:
        if not is_there(path):
            return f"There is no {path} yet; your SyftBox client makes its folder when you log in."
        if not is_there(path / email) and not any(is_same_account(name, email) for name in os.listdir(path)):
            return f"{path} has no folder {email} in it, as your SyftBox client makes one."
    except OSError as error:
        return f"{error.filename} cannot be seen: {error.strerror}."
    return ""


def _roots_at_home(place: SetupPaths) -> list[Path]:
    return sorted(path for path in place.home.glob(f"{_PREFIX}*@*") if os.path.isdir(path))


def _email(text: str) -> str:
    try:
        return checked_email(text)
    except ValueError as error:
        raise UserError(f"{text!r} {error}") from None
