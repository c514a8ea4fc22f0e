"""`syft-notify install-service` and `uninstall-service`: the unit of systemd, with the right paths."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.errors import UserError
from syft_notify.service.systemd import SYSTEM_FOLDER, Unit, system_unit, user_unit

place_option = click.option(
    "--user/--system",
    "for_user",
    default=True,
    help="For your own systemd, or for that of the machine (needs root). [default: --user]",
)


@click.command("install-service", short_help="Write the unit that systemd starts.")
@config_option
@place_option
@click.option("--print", "only_print", is_flag=True, help="Show the unit and write nothing.")
def install_service(path: Path, for_user: bool, only_print: bool) -> None:
    """Write a systemd unit with the paths of this program and this config, and say how to switch it on.

    The service of --system runs as the user to whom the config belongs.
    """
    unit = _unit(path, for_user=for_user)
    if only_print:
        output.line(unit.text.rstrip("\n"))
        return
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        unit.path.write_text(unit.text)
    except OSError as error:
        raise UserError(f"{unit.path} cannot be written: {error.strerror}", _cure(for_user=for_user)) from error
    systemctl = _systemctl(for_user=for_user)
    output.line(f"Wrote {unit.path}. Now:")
    output.line(f"  {systemctl} daemon-reload")
    output.line(f"  {systemctl} enable --now {unit.name}")
    if for_user:
        output.line("  sudo loginctl enable-linger $USER    # to go on after you log out")


@click.command("uninstall-service", short_help="Remove that unit.")
@config_option
@place_option
def uninstall_service(path: Path, for_user: bool) -> None:
    """Remove the unit that install-service wrote. Switch the service off before."""
    place = (
        _user_folder() / "syft-notify.service" if for_user else SYSTEM_FOLDER / f"syft-notify@{_owner(path)}.service"
    )
    if not place.exists():
        output.line(f"There is no {place}.")
        return
    try:
        place.unlink()
    except OSError as error:
        raise UserError(f"{place} cannot be removed: {error.strerror}", _cure(for_user=for_user)) from error
    systemctl = _systemctl(for_user=for_user)
    output.line(f"Removed {place}. If it still runs:")
    output.line(f"  {systemctl} disable --now {place.stem}")
    output.line(f"  {systemctl} daemon-reload")


def _unit(path: Path, *, for_user: bool) -> Unit:
    """Raises `ConfigError` for a config with which the service would only end."""
    from syft_notify.config import load_config

    config = load_config(path, os.environ, Path.home())
    if for_user:
        return user_unit(_user_folder(), _program(), path)
    files = (path, config.state_path, config.drive_token_path, config.gmail_token_path)
    return system_unit(_owner(path), _program(), path, [file.parent for file in files])


def _program() -> list[str]:
    """This program, by the path at which it is installed."""
    script = Path(sys.executable).with_name("syft-notify")
    return [str(script)] if script.exists() else [sys.executable, "-m", "syft_notify"]


def _owner(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "Name the config with --config") from error
    except KeyError:
        raise UserError(f"{path} belongs to nobody", "`chown` it to the user for whom it shall run") from None


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _systemctl(*, for_user: bool) -> str:
    return "systemctl --user" if for_user else "sudo systemctl"


def _cure(*, for_user: bool) -> str:
    return "Check who owns the folder" if for_user else "Run it with sudo"
