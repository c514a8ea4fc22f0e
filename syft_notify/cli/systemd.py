"""`syft-notify install-service` and `uninstall-service`: the unit of systemd, with the right paths."""

from __future__ import annotations

import os
import pwd
import re
import sys
from pathlib import Path

import click

from syft_notify.cli import output
from syft_notify.cli.options import config_option
from syft_notify.config.paths import is_there
from syft_notify.config.regular_files import open_to_read
from syft_notify.daemon.systemd import NAME, SYSTEM_FOLDER, Unit, serves, system_unit, user_unit
from syft_notify.domain.errors import UserError

_LARGEST = 1_000_000

place_option = click.option(
    "--user/--system",
    "for_user",
    default=True,
    help="For your own systemd, or for that of the machine (needs root). [default: --user]",
)


def _checked_name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", value):
        raise click.BadParameter("Use letters, digits, - and _ only.", ctx, param)
    return value


name_option = click.option(
    "--name",
    default=NAME,
    show_default=True,
    metavar="NAME",
    callback=_checked_name,
    help="Of the service: each config needs another one.",
)


@click.command(
    "install-service",
    short_help="Write the unit that systemd starts.",
    help="""Write a systemd unit with the paths of this program and this config, and say how to switch it on.

    The service of --system runs as the user to whom the config belongs.

    \b
    Examples:
      syft-notify install-service --print
      syft-notify install-service
      syft-notify install-service -c ~/other/daemon.yaml --name other
    """,
)
@config_option
@place_option
@name_option
@click.option("--print", "only_print", is_flag=True, help="Show the unit and write nothing.")
def install_service(path: Path, for_user: bool, name: str, only_print: bool) -> None:
    unit = _unit(path, name, for_user=for_user)
    if only_print:
        output.line(unit.text.rstrip("\n"))
        return
    _check_place(unit.path, path)
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        unit.path.write_text(unit.text)
    except OSError as error:
        raise UserError(f"{unit.path} cannot be written: {error.strerror}", _hint(for_user=for_user)) from error
    systemctl = _systemctl(for_user=for_user)
    output.line(f"Wrote {unit.path}. Now:")
    output.line(f"  {systemctl} daemon-reload")
    output.line(f"  {systemctl} enable --now {unit.name}")
    if for_user:
        output.line("  sudo loginctl enable-linger $USER    # to go on after you log out")
    elif _owner(path) == "root":
        output.line("It will run as root; the service of an ordinary user is locked in better.")


@click.command(
    "uninstall-service",
    short_help="Remove that unit.",
    help="""Remove the unit that install-service wrote. Switch the service off before.

    \b
    Examples:
      syft-notify uninstall-service
      sudo syft-notify uninstall-service --system -c ~/.syft-creds/daemon.yaml
    """,
)
@config_option
@place_option
@name_option
def uninstall_service(path: Path, for_user: bool, name: str) -> None:
    place = _user_folder() / f"{name}.service" if for_user else SYSTEM_FOLDER / f"{name}@{_owner(path)}.service"
    _check_place(place, path)
    try:
        place.unlink()
    except (FileNotFoundError, NotADirectoryError):
        output.line(f"There is no {place}.")
        return
    except OSError as error:
        raise UserError(f"{place} cannot be removed: {error.strerror}", _hint(for_user=for_user)) from error
    systemctl = _systemctl(for_user=for_user)
    output.line(f"Removed {place}. If it still runs:")
    output.line(f"  {systemctl} disable --now {place.stem}")
    output.line(f"  {systemctl} daemon-reload")


def _check_place(place: Path, path: Path) -> None:
    """Raises `UserError` when the unit there is of another config."""
    try:
        with open_to_read(place) as file:
            present = file.read(_LARGEST).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UserError(f"{place} cannot be read: {error.strerror}", "Move it away, or check who owns it") from error
    if not serves(present, path):
        raise UserError(f"{place} serves another config than {path}", "Give this one a name of its own with --name")


def _unit(path: Path, name: str, *, for_user: bool) -> Unit:
    """Raises `ConfigError` for a config with which the service would only end."""
    from syft_notify.config.settings import load_config

    config = load_config(path, os.environ, Path.home())
    if for_user:
        return user_unit(_user_folder(), _program(), path, name)
    files = (path, config.state_path, config.drive_token_path, config.gmail_token_path)
    folders = [folder for file in files for folder in (file.parent, file.resolve().parent)]
    return system_unit(_owner(path), _program(), path, folders, name)


def _program() -> list[str]:
    """This program, by the path at which it is installed."""
    script = Path(sys.executable).with_name("syft-notify")
    return [str(script)] if script.exists() else [sys.executable, "-m", "syft_notify"]


def _owner(path: Path) -> str:
    """Whose config it is or, where it is gone, whose folder."""
    try:
        return pwd.getpwuid((path if is_there(path) else path.parent).stat().st_uid).pw_name
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", "Name the config with --config") from error
    except KeyError:
        raise UserError(f"{path} belongs to nobody", "`chown` it to the user for whom it shall run") from None


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _systemctl(*, for_user: bool) -> str:
    return "systemctl --user" if for_user else "sudo systemctl"


def _hint(*, for_user: bool) -> str:
    return "Check who owns the folder" if for_user else "Run it with sudo"
