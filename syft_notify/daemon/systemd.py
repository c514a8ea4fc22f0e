"""The systemd units: what starts the service at boot or at login, and locks it in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from syft_notify.domain.errors import UserError

SYSTEM_FOLDER = Path("/etc/systemd/system")
NAME = "syft-notify"

_COMMON = """\
[Unit]
Description=syft-notify: mails what happens in the SyftBox of {who}
StartLimitIntervalSec=600
StartLimitBurst=5
{order}
[Service]
Type=notify
NotifyAccess=main
{account}ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
# 78: the config or a token needs a person; starting again would change nothing.
Restart=on-failure
RestartPreventExitStatus=78
RestartSec=30
TimeoutStartSec=120
# A mail in hand is finished first; a request may take a minute.
TimeoutStopSec=90
WatchdogSec=300
UMask=0077

# These need no privileges.
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
{confinement}
[Install]
WantedBy={target}
"""

_CONFINEMENT = """
# It reads the SyftBox folder and writes beside its config. A minus: the path need not exist.
ProtectSystem=strict
{homes}
ReadWritePaths={writable}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
KeyringMode=private
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
MemoryMax=512M
TasksMax=64
"""

_PROTECTED_HOME = "ProtectHome=read-only"
# What ProtectHome= protects (systemd.exec(5)).
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))

_AFTER_NETWORK = "Wants=network-online.target\nAfter=network-online.target\n"


@dataclass(frozen=True)
class Unit:
    """A unit file: where it belongs and what is in it. `name` is what systemctl calls it."""

    name: str
    path: Path
    text: str


def template_unit() -> Unit:
    """The system template: `syft-notify@alice` watches for the user alice, whose home is /home/alice."""
    creds = "/home/%i/.syft-creds"
    text = _COMMON.format(
        who="%i",
        order=_AFTER_NETWORK,
        account=("User=%i\nEnvironment=HOME=/home/%i PATH=/home/%i/.local/bin:/usr/local/bin:/usr/bin:/bin\n"),
        command=f"/usr/bin/env syft-notify run --config {creds}/daemon.yaml",
        confinement=_CONFINEMENT.format(homes=_PROTECTED_HOME, writable=f"-{creds}"),
        target="multi-user.target",
    )
    return Unit("syft-notify@", SYSTEM_FOLDER / "syft-notify@.service", text)


def system_unit(user: str, program: Sequence[str], config: Path, writable: Iterable[Path], name: str = NAME) -> Unit:
    """The unit of one user's service, which may write in the folders `writable` only. Raises `UserError`."""
    folders = sorted(set(writable))
    text = _COMMON.format(
        who=_escaped(user),
        order=_AFTER_NETWORK,
        account=f"User={_escaped(user)}\n",
        command=_command(program, config),
        confinement=_CONFINEMENT.format(homes=_homes(folders), writable=_optional(folders)),
        target="multi-user.target",
    )
    return Unit(f"{name}@{user}", SYSTEM_FOLDER / f"{name}@{user}.service", text)


def _homes(writable: Sequence[Path]) -> str:
    """Makes the homes read-only. Of one path `ProtectHome=` and `ReadWritePaths=`, the stricter wins (systemd 252)."""
    closed = [home for home in _HOMES if home not in writable]
    return _PROTECTED_HOME if len(closed) == len(_HOMES) else f"ReadOnlyPaths={_optional(closed)}"


def _optional(paths: Iterable[Path]) -> str:
    return " ".join(f"-{_quoted(path)}" for path in paths)


def template_user_unit() -> Unit:
    """The unit for anybody's own systemd, with the usual paths."""
    environment = "Environment=PATH=%h/.local/bin:/usr/local/bin:/usr/bin:/bin\n"
    return _user_unit(
        Path("/etc/systemd/user"), environment, "/usr/bin/env syft-notify run --config %h/.syft-creds/daemon.yaml"
    )


def user_unit(folder: Path, program: Sequence[str], config: Path, name: str = NAME) -> Unit:
    """The unit for the user's own systemd, whose units lie in `folder`. Raises `UserError`."""
    return _user_unit(folder, "", _command(program, config), name)


def serves(unit: str, config: Path) -> bool:
    """Whether the text of a unit starts a service of this config, by whichever way its folder is named."""
    named = re.search(r"^ExecStart=.* run --config (\S+|\".*\")$", unit, re.MULTILINE)
    return named is not None and _place(_read_back(named[1])) == _place(str(config))


def _place(config: str) -> str:
    """The folder without links on the way. A link in place of the config itself is a config of its own folder."""
    folder, name = os.path.split(config)
    return os.path.join(os.path.realpath(folder), name)


def _user_unit(folder: Path, environment: str, command: str, name: str = NAME) -> Unit:
    """Confined by what needs neither privileges nor namespaces: with more, it would not start on many systems."""
    text = _COMMON.format(
        who="%u", order="", account=environment, command=command, confinement="", target="default.target"
    )
    return Unit(name, folder / f"{name}.service", text)


def _command(program: Sequence[str], config: Path) -> str:
    """The command line. systemd reads its first word in another way than the others (systemd.service(5)).

    It replaces no variables there, so a `$` stands for itself, and refuses quotes and backslashes.
    """
    words = [*program, "run", "--config", str(config)]
    if any(char in "\"'\\" for char in words[0]):
        words = ["/bin/sh", "-c", 'exec "$0" "$@"', *words]
    return " ".join([_quoted(words[0]), *map(_argument, words[1:])])


def _argument(word: str) -> str:
    return _quoted(word).replace("$", "$$")


def _read_back(argument: str) -> str:
    """The word that `_argument` wrote."""
    if argument.startswith('"'):
        argument = re.sub(r"\\(.)", r"\1", argument[1:-1])
    return argument.replace("$$", "$").replace("%%", "%")


def _quoted(word: str | Path) -> str:
    """A word as systemd reads it back (systemd.syntax(7)). Raises `UserError` for one that could not be read."""
    text = _escaped(str(word))
    if not text.isprintable():
        raise UserError(f"A unit cannot name the path {str(word)!r}", "Use one of visible characters in UTF-8")
    if text and not any(char.isspace() or char in "\"'\\;" for char in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
