"""The checks of Google: whether it answers, what time it has, and what the token for Drive is good for."""

from __future__ import annotations

import shlex
from contextlib import closing
from datetime import timedelta

from syft_notify.doctor.check_context import PATIENCE_SECONDS, CheckContext
from syft_notify.doctor.findings import Check
from syft_notify.domain.errors import CredentialFault, Fault, UserError
from syft_notify.domain.item_guard import few
from syft_notify.domain.model import Scan
from syft_notify.google.drive import DriveFiles
from syft_notify.google.environment import way_to
from syft_notify.google.ping import GOOGLE_DRIVE, ping_drive
from syft_notify.sources.drive_snapshot import DriveScanner

# Tokens and certificates bear a little; a mail that is dated wrong irritates people before that.
MOST_SECONDS_OFF = 60.0


def _network(context: CheckContext) -> str:
    endpoint = context.config.drive_api_endpoint
    url = endpoint or GOOGLE_DRIVE
    try:
        ping_drive(endpoint, PATIENCE_SECONDS, context.clock)
    except Fault as fault:
        hint = fault.hint or "Check the network"
        raise UserError(fault.title, f"{hint}; `curl -I {shlex.quote(url)}` may say more") from fault
    return f"Drive answers at {url}{way_to(url, context.environ)}"


def _clock(context: CheckContext) -> str:
    ahead = ping_drive(context.config.drive_api_endpoint, PATIENCE_SECONDS, context.clock).ahead
    if ahead is None:
        return "Drive did not say what time it has, so it could not be compared"
    off = abs(ahead.total_seconds())
    if off > MOST_SECONDS_OFF:
        side = "ahead of" if ahead > timedelta() else "behind"
        raise UserError(
            f"The clock of this machine is {off:.0f} s {side} Google's", "Set it: `sudo timedatectl set-ntp true`"
        )
    return f"within {max(off, 1):.0f} s of Google's"


def _file(context: CheckContext) -> str:
    """The file is there and is a token file; one without the right scope is one, too."""
    try:
        return context.drive_token.name
    except CredentialFault:
        return "the file is there"


def _scope(context: CheckContext) -> str:
    granted = context.drive_token.scopes
    return ", ".join(sorted(scope.rpartition("/")[2] or scope for scope in granted)) or "the file does not say"


def _consent(context: CheckContext) -> str:
    _ = context.drive_access  # getting it is the check
    ends_at = context.drive_token.ends_at
    until = f", until {ends_at.astimezone():%Y-%m-%d %H:%M}: the app is in Testing" if ends_at else ""
    return f"Google renews it{until}"


def _drive_files(context: CheckContext) -> DriveFiles:
    config = context.config
    return DriveFiles(context.drive_access, config.drive_api_endpoint, owner=config.do_email, timeout=PATIENCE_SECONDS)


def _account(context: CheckContext) -> str:
    with closing(_drive_files(context)) as drive:
        drive.check_owner()
    return f"it is the Drive of {context.config.do_email}, and may be read"


def _peers(context: CheckContext) -> str:
    """Folders that do not count are no failure: anybody can make one, and its owner alone can remove it."""
    with closing(_drive_files(context)) as drive:
        survey = DriveScanner(drive, frozenset, context.config.do_email).snapshot(Scan()).survey
    hidden = [f"Drive hides who owns the folder of {f.name.address}" for f in survey.unproven.values()]
    return "; ".join((f"{len(survey.peers)} with a folder here", *few([*survey.notes, *hidden])))


IN_THE_CLOUD = (
    Check("network", _network, needs=("config",)),
    Check("clock", _clock, needs=("network",)),
    Check("Drive token", _file, needs=("config",)),
    Check("Drive scope", _scope, needs=("Drive token",)),
    Check("Drive consent", _consent, needs=("Drive scope", "network")),
    Check("Drive account", _account, needs=("Drive consent",)),
    Check("peers", _peers, needs=("Drive account",)),
)
