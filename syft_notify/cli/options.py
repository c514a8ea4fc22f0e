"""The options that several commands share, and what they mean together."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from syft_notify.config.paths import ServiceFiles, config_path
from syft_notify.domain.errors import UserError

LONGEST_INTERVAL_SECONDS = 86_400

Command = TypeVar("Command", bound=Callable[..., Any])


def _seconds(ctx: click.Context, param: click.Parameter, value: float | None) -> timedelta | None:
    """A pause in seconds: a number between 1 and a day, which NaN is not."""
    if value is None:
        return None
    if not 1 <= value <= LONGEST_INTERVAL_SECONDS:
        raise click.BadParameter(f"{value:g} is not between 1 and {LONGEST_INTERVAL_SECONDS} seconds.", ctx, param)
    return timedelta(seconds=value)


def _absolute(ctx: click.Context, param: click.Parameter, value: str | None) -> Path:
    """Raises `UserError` where neither a home nor a working folder tells what the path is relative to."""
    try:
        return config_path(value, os.environ, Path.home)
    except (RuntimeError, OSError) as error:
        raise UserError(f"The config's path cannot be told: {error}", "Give --config with a whole path") from error


def email(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """The address as it is compared; empty when none was given."""
    if value is None:
        return ""
    from syft_notify.config.settings import checked_email

    try:
        return checked_email(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}.", ctx, param) from None


config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(readable=False),  # so that shells complete it; who reads it says what is wrong with it
    metavar="PATH",
    callback=_absolute,
    help="Config [default: ~/.syft-creds/daemon.yaml].",
)

_WATCHING = (
    click.option("--interval", type=float, callback=_seconds, metavar="S", help="Pause between two polls, in seconds."),
    click.option("--jobs-only", is_flag=True, help="Watch jobs and no peers."),
    click.option("--peers-only", is_flag=True, help="Watch peers and no jobs."),
)


def watching_options(command: Command) -> Command:
    """What to watch and how often."""
    for option in reversed(_WATCHING):
        command = option(command)
    return command


def check_parts(*, jobs_only: bool, peers_only: bool) -> None:
    """Raises `UsageError` when nothing is left to watch."""
    if jobs_only and peers_only:
        raise click.UsageError("--jobs-only and --peers-only leave nothing to watch. Give one of them, or none.")


def service_files(path: Path) -> ServiceFiles:
    """The service's files beside the config at `path`."""
    return ServiceFiles(path.parent)
