"""Finding the OAuth client's file that was downloaded, or explaining how to come by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syft_notify.config.paths import CLIENT_NAME
from syft_notify.domain.errors import UserError
from syft_notify.google.oauth_client import OAuthClient, read_client
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import Prompter, picked, refuse

_DOWNLOADED = "client_secret_*.json"
_FLAG = "--credentials"
_EXPLANATION = """\
Google wants to know which program asks for your consent. You tell it once, in about ten minutes, at no cost:

  1. Open https://console.cloud.google.com/ as {email}. Create a project, or take the one of your SyftBox client.
  2. In "APIs & Services", "Library": enable "Google Drive API" and "Gmail API".
  3. In "OAuth consent screen": in a Google Workspace choose the audience "Internal". Otherwise choose "External", add
     yourself as a test user, and press "Publish app": in Testing every consent ends after seven days.
  4. In "Credentials", "Create credentials", "OAuth client ID": choose the type "Desktop app". Download its JSON file.

docs/google-setup.md says more."""


def choose_client(prompter: Prompter, place: SetupPaths, email: str) -> tuple[Path, OAuthClient]:
    """The client's file, and what it says. One beside the config is taken; others are proposed.

    Raises `NoAnswer` when there is none and nobody to ask.
    """
    if place.client.is_file():
        try:
            return place.client, read_client(place.client)
        except UserError as problem:
            refuse(prompter, problem)
    explained = False
    while True:
        found = _found(prompter, place)
        if not found and not explained and not prompter.alone:
            prompter.tell(_EXPLANATION.format(email=email))
            explained = True
        path = _asked(prompter, place, found)
        if path is None:
            prompter.tell("There is no client_secret_….json in ~/Downloads or in the current folder yet.")
            continue
        try:
            return path, read_client(path)
        except UserError as problem:
            refuse(prompter, problem)


def _asked(prompter: Prompter, place: SetupPaths, found: Sequence[Path]) -> Path | None:
    """The path that was typed or agreed to; None when Enter says: look again."""
    offered = [place.shown(path) for path in found]
    if not offered:
        text = prompter.ask("The downloaded file (Enter looks for it again)", flag=_FLAG)
        return place.typed(text) if text else None
    if len(offered) > 1:
        prompter.tell("Files of OAuth clients, the newest first:")
        for number, name in enumerate(offered, 1):
            prompter.tell(f"  {number}  {name}")
    return place.typed(picked(prompter.ask("The OAuth client's file", offered[0], _FLAG), offered))


def _found(prompter: Prompter, place: SetupPaths) -> list[Path]:
    """What was downloaded and is a client, the newest first; what is not is told."""
    there = [place.here / CLIENT_NAME, *place.here.glob(_DOWNLOADED), *(place.home / "Downloads").glob(_DOWNLOADED)]
    good = []
    for path in sorted({path for path in there if path.is_file()}, key=lambda path: -path.stat().st_mtime):
        try:
            read_client(path)
            good.append(path)
        except UserError as problem:
            prompter.tell(f"Not usable: {problem}")
    return good
