"""Where the set-up works: the config, the home, the current folder, and how paths are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syft_notify.config.paths import ServiceFiles
from syft_notify.config.surroundings import Surroundings, config_option
from syft_notify.domain.errors import UserError


@dataclass(frozen=True)
class SetupPaths:
    """All paths are absolute."""

    config: Path
    home: Path
    here: Path
    environ: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where everything lies beside the config."""
        return self.config.parent

    @property
    def client(self) -> Path:
        """Where the OAuth client's file is kept."""
        return ServiceFiles(self.folder).client

    def surroundings(self) -> Surroundings:
        """What the paths in the config are resolved against."""
        return Surroundings(self.folder, self.home, self.environ, self.config)

    def typed(self, text: str) -> Path:
        """A path that a person typed: `~` and variables expand, the current folder counts. Raises `UserError`."""
        if not text or "\0" in text:
            raise UserError("That is no path", "Type the path of a file or folder")
        try:
            return Surroundings(self.here, self.home, self.environ).resolve(text)
        except ValueError as error:
            raise UserError(f"{text} {error}") from None

    def shown(self, path: Path) -> str:
        """The path as a person writes it: beginning with `~` when it lies at home."""
        return f"~/{path.relative_to(self.home)}" if path.is_relative_to(self.home) else str(path)

    def command(self, words: str) -> str:
        """`syft-notify` with these words, as it is typed for this config."""
        return f"syft-notify {words}{config_option(self.config, self.home)}"
