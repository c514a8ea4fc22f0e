"""A person who is about to set the program up: their home, and how it looks once they did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY, GMAIL_SEND


class Newcomer:
    """A home with what the SyftBox client made, a download, and a config that only leads to the local Google."""

    def __init__(self, google: Sandbox, home: Path, email: str = "do@example.org") -> None:
        self.google = google
        self.home = home
        self.email = email
        self.folder = home / ".syft-creds"
        self.config = self.folder / "daemon.yaml"
        self.root = home / f"SyftBox_{email}"
        (self.root / email).mkdir(parents=True)
        (home / "Downloads").mkdir()
        (home / "Downloads" / "client_secret_1.json").write_text(google.client_file())
        self.folder.mkdir(mode=0o700)
        self.config.write_text(
            f"drive_api_endpoint: {google.drive_endpoint}\ngmail_api_endpoint: {google.gmail_endpoint}\n"
        )
        google.people.register(email)

    def has_tokens(self, scopes: tuple[str, str] = (DRIVE_READONLY, GMAIL_SEND), account: str = "") -> None:
        """Both token files, of the owner's account or of another one."""
        for name, scope in zip(("token_do.json", "gmail_token.json"), scopes, strict=True):
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(self.google.token_file(account or self.email, (scope,)))

    def has_settings(self, **settings: object) -> None:
        """More lines in the config."""
        with self.config.open("a") as file:
            file.writelines(f"{key}: {value}\n" for key, value in settings.items())

    def is_set_up(self) -> None:
        """As `init` leaves it."""
        self.has_tokens()
        self.has_settings(
            oauth_token_uri=self.google.token_uri, do_email=self.email, syftbox_root=f"~/{self.root.name}"
        )

    def token(self, name: str = "token_do.json") -> Mapping[str, Any]:
        return dict(json.loads((self.folder / name).read_text()))
