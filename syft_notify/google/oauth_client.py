"""The OAuth client that asks for consent: `credentials.json`, as Google's console offers it for download."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syft_notify.config.regular_files import open_to_read
from syft_notify.config.settings import check_url
from syft_notify.domain.errors import UserError

LARGEST_FILE = 100_000
_MAKE = "Make a client of the type Desktop app and download its file (docs/google-setup.md)"
_KEYS = ("client_id", "client_secret", "auth_uri", "token_uri")


@dataclass(frozen=True)
class OAuthClient:
    """Who asks (`client_id`), and the addresses of those who answer; `name` and `fix` are for people."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    auth_uri: str
    token_uri: str
    fix: str = _MAKE
    service: str = "Google"


def read_client(path: Path) -> OAuthClient:
    """The client of a downloaded file. Raises `UserError` that says what the file is instead."""
    document = _read(path)
    client = document.get("installed")
    if not isinstance(client, dict):
        raise UserError(f"{path} {_what_else(document)}", _MAKE)
    missing = [key for key in _KEYS if not isinstance(client.get(key), str) or not client[key].isprintable()]
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}", "Download it again")
    for key in ("auth_uri", "token_uri"):
        try:
            check_url(client[key])
        except ValueError as error:
            raise UserError(f"{key} in {path} {error}") from None
    return OAuthClient(str(path), *(client[key] for key in _KEYS))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with open_to_read(path) as file:
            document = json.loads(file.read(LARGEST_FILE))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "Check the path and who owns it") from error
    except (ValueError, RecursionError):
        raise UserError(f"{path} is not valid JSON", "Download it again and leave it as it is") from None
    return document if isinstance(document, dict) else {}


def _what_else(document: Mapping[str, Any]) -> str:
    if "web" in document:
        return "is of a client of the type Web application, which refuses the address to which the consent returns"
    if document.get("type") == "service_account":
        return "is the key of a service account, which has no mailbox and no Drive of yours"
    if "refresh_token" in document:
        return "is a token file, which is what consent gives"
    return "is not the file of an OAuth client"
