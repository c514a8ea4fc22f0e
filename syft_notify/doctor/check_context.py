"""Whose health is looked at: a config and what belongs to it, each read once and only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from syft_notify.config.settings import Config, load_config
from syft_notify.domain.ports import Clock
from syft_notify.google.auth import LentToken, TokenFile
from syft_notify.google.token_files import drive_token

# A person looks on, so nobody waits as long as the daemon would.
PATIENCE_SECONDS = 10.0


@dataclass
class CheckContext:
    """The config at `path`, absolute, in this surroundings. What cannot be had raises `NotifyError`."""

    path: Path
    environ: Mapping[str, str]
    home: Path
    clock: Clock

    @cached_property
    def config(self) -> Config:
        """The settings."""
        return load_config(self.path, self.environ, self.home)

    @cached_property
    def drive_token(self) -> TokenFile:
        """The token file for Drive."""
        return drive_token(self.config)

    @cached_property
    def drive_access(self) -> LentToken:
        """A fresh access to Drive, which is not written back: a checkup leaves everything as it was."""
        return self.drive_token.proven()
