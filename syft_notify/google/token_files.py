"""The two token files that a config names, each with the command that makes it anew."""

from __future__ import annotations

from syft_notify.config.settings import Config
from syft_notify.google.auth import DRIVE_SCOPES, GMAIL_SCOPES, TokenFile


def drive_token(config: Config) -> TokenFile:
    """The token for reading Drive. Raises as `TokenFile`."""
    return TokenFile(
        config.drive_token_path, "Drive", DRIVE_SCOPES, config.oauth_token_uri, fix=_renewal(config, "drive")
    )


def gmail_token(config: Config) -> TokenFile:
    """The token for sending mail. Raises as `TokenFile`."""
    return TokenFile(
        config.gmail_token_path, "Gmail", GMAIL_SCOPES, config.oauth_token_uri, fix=_renewal(config, "gmail")
    )


def _renewal(config: Config, service: str) -> str:
    return f"Run {config.command(f'init --renew {service}')}"
