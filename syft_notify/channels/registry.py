"""The channels by name, and how each is opened from a config; the only place that knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from syft_notify.config.settings import Config
from syft_notify.domain.errors import ConfigError
from syft_notify.domain.ports import Channel


class Factory(Protocol):
    """Opens a channel without asking anybody. Raises `ConfigError` or `CredentialFault` for what cannot work so."""

    def __call__(self, config: Config, *, heartbeat: Callable[[], None], timeout: float | None) -> Channel:
        """`heartbeat` is called before each request; `timeout` is in seconds, None the channel's own."""


@dataclass(frozen=True)
class ChannelType:
    """A kind of channel: its name for people, how it is opened, and whether it is reached as Drive is."""

    title: str
    open: Factory
    uses_google: bool = False


def _gmail(config: Config, *, heartbeat: Callable[[], None], timeout: float | None) -> Channel:
    from syft_notify.channels.gmail import open_gmail  # Google's libraries take their time

    return open_gmail(config, heartbeat=heartbeat, timeout=timeout)


CHANNELS: dict[str, ChannelType] = {"gmail": ChannelType("Gmail", _gmail, uses_google=True)}


def email_channel(config: Config) -> ChannelType:
    """What mails go out through. Raises `ConfigError` when there is no such channel."""
    try:
        return CHANNELS[config.email_channel]
    except KeyError:
        hint = f"Write {' or '.join(CHANNELS)} in the config"
        raise ConfigError(f"email_channel: {config.email_channel!r} is not a channel", hint) from None


def open_email_channel(
    config: Config, *, heartbeat: Callable[[], None] = lambda: None, timeout: float | None = None
) -> Channel:
    """The channel for mails, which the caller closes. Raises as `email_channel` and `Factory`."""
    return email_channel(config).open(config, heartbeat=heartbeat, timeout=timeout)
