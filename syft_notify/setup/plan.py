"""From the first question to the last: what shall be written is decided before anything is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.settings import Config, check_settings
from syft_notify.domain.errors import UserError
from syft_notify.domain.ports import Clock
from syft_notify.google.auth import GOOGLE_TOKEN_URI
from syft_notify.google.oauth_client import OAuthClient, read_client
from syft_notify.setup.browser import Ways
from syft_notify.setup.client_file import choose_client
from syft_notify.setup.config_file import FormerConfig, edited_text, former_config, fresh_text
from syft_notify.setup.consents import SERVICES, Consents
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import Prompter
from syft_notify.setup.questions import ask_email, ask_root, given_root


@dataclass(frozen=True)
class Given:
    """What was said beforehand and is not asked. `services` are those whose tokens are looked at.

    `renew` names one whose token is made anew, be it good or not.
    """

    email: str = ""
    syftbox_root: Path | None = None
    credentials: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    services: Sequence[str] = tuple(SERVICES)
    renew: str = ""


@dataclass(frozen=True)
class Plan:
    """The files to write, in this order; nothing is written yet."""

    files: Sequence[tuple[Path, bytes]] = field(repr=False)

    def write(self) -> None:
        """Each file whole, mode 0600, in folders of mode 0700. Raises `UserError` for the disk's no."""
        for path, content in self.files:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(f"{path.parent} cannot be made: {error.strerror}", "Check who owns it") from error
            write_atomically(path, content)


def draw_up(prompter: Prompter, place: SetupPaths, given: Given, ways: Ways, clock: Clock) -> Plan:
    """Ask everything that was not given. Raises `UserError` when it cannot be brought to an end."""
    former = former_config(prompter, place)
    settings = {**former.settings, **given.settings}
    settings["do_email"] = given.email or _known(given, settings, "do_email") or ask_email(prompter, place, settings)
    settings["syftbox_root"] = _root(prompter, place, given, settings)
    consents = Consents(prompter, place, ways, clock)
    config = _config(place, settings)
    client_path = given.credentials
    client = read_client(client_path) if client_path else None
    looked_at = [service for name, service in SERVICES.items() if name in (*given.services, given.renew)]
    needed = [service for service in looked_at if given.renew == service.name or not consents.is_good(service, config)]
    if needed and prompter.alone:
        raise UserError(
            f"There is no good consent for {' and '.join(service.title for service in needed)}",
            f"A person must give it once: run {place.command('init')} without --no-input",
        )
    if needed and client is None:
        client_path, client = choose_client(prompter, place, config.do_email)
    if client is not None:
        settings |= _token_service(settings, client)
        config = _config(place, settings)
    tokens = [(service.file(config), consents.obtained(service, config, client).file()) for service in needed if client]
    kept = _kept_client(place, client_path)
    return Plan([*kept, *tokens, *_config_files(place, former, settings, clock())])


def _known(given: Given, settings: dict[str, Any], key: str) -> Any:
    """Who only renews a token is not asked what the config says."""
    return settings.get(key) if given.renew else None


def _root(prompter: Prompter, place: SetupPaths, given: Given, settings: dict[str, Any]) -> Any:
    if given.syftbox_root:
        return given_root(prompter, place, given.syftbox_root, settings["do_email"])
    return _known(given, settings, "syftbox_root") or ask_root(prompter, place, settings, settings["do_email"])


def _config(place: SetupPaths, settings: dict[str, Any]) -> Config:
    return check_settings(settings, str(place.config), place.surroundings())


def _token_service(settings: dict[str, Any], client: OAuthClient) -> dict[str, str]:
    """A client of another server than Google's gets its tokens refreshed there, too."""
    if "oauth_token_uri" in settings or client.token_uri == GOOGLE_TOKEN_URI:
        return {}
    return {"oauth_token_uri": client.token_uri}


def _kept_client(place: SetupPaths, path: Path | None) -> list[tuple[Path, bytes]]:
    """The client's file beside the config, for the next consent."""
    if path is None or path.resolve() == place.client.resolve():
        return []
    return [(place.client, path.read_bytes())]


def _config_files(
    place: SetupPaths, former: FormerConfig, settings: dict[str, Any], now: datetime
) -> list[tuple[Path, bytes]]:
    """The config, last of all: it brings everything into force. What cannot be edited is kept beside it."""
    text = edited_text(former, settings)
    if text:
        return [(place.config, text.encode())] if text != former.text else []
    aside = []
    if place.config.exists():
        name = f"{place.config.name}.old-{now.astimezone():%Y%m%d-%H%M%S}"
        aside = [(place.config.with_name(name), place.config.read_bytes())]
    return [*aside, (place.config, fresh_text(settings).encode())]
