"""Who else on this machine can reach what is ours, and closing it again."""

from __future__ import annotations

import grp
import logging
import os
import pwd
import shlex
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from syft_notify.config.regular_files import FOLDER, REGULAR_FILE, kind_of
from syft_notify.domain.errors import ConfigError

log = logging.getLogger(__name__)

_GROUP, _OTHERS = stat.S_IRWXG, stat.S_IRWXO
_WRITE_BITS = (stat.S_IWGRP | stat.S_IXGRP, stat.S_IWOTH | stat.S_IXOTH)  # one changes a folder only with both
_ACL = "system.posix_acl_access"


class Access(Enum):
    """What others than the owner, and root, can do to a file or folder; the value is the words for it."""

    NONE = ""
    LOOK = "look into"
    CHANGE = "write to"
    UNKNOWN = "perhaps reach"  # FAT, CIFS and other mounts of disks that keep no modes

    @property
    def is_open(self) -> bool:
        """Whether somebody should change the modes."""
        return self in (Access.LOOK, Access.CHANGE)


class OpenError(ConfigError):
    """Others can look into the folder of a config, or write to it or to the config itself."""

    def __init__(self, path: Path, access: Access) -> None:
        mode = "700" if path.is_dir() else "go-w"
        super().__init__(
            f"Others on this machine can {access.value} {path}", f"`chmod {mode} {shlex.quote(str(path))}`"
        )


def access_of_others(path: Path) -> Access:
    """What the modes of `path` really let others do. Raises `OSError` where it cannot be seen."""
    status = path.stat()
    open_bits = status.st_mode & (_GROUP | _OTHERS)
    if open_bits & _GROUP and _is_private_group(path, status):
        open_bits &= ~_GROUP
    if not open_bits:
        return Access.NONE
    if _keeps_no_modes(path if path.is_dir() else path.parent):
        return Access.UNKNOWN
    if path.is_dir():
        return Access.CHANGE if any(open_bits & bits == bits for bits in _WRITE_BITS) else Access.LOOK
    return Access.CHANGE if open_bits & (stat.S_IWGRP | stat.S_IWOTH) else Access.LOOK


def check_written_by_us_alone(folder: Path, config: Path | None) -> None:
    """Raise `OpenError` where others can replace the tokens or the config; warn where nobody can tell.

    `config` is the file in it, if there is one.
    """
    access = {path: access_of_others(path) for path in (folder, config) if path}
    for path, found in access.items():
        if found is Access.CHANGE:
            raise OpenError(path, found)
    if access[folder] is Access.UNKNOWN:
        log.warning("the file system of %s keeps no modes, so others may be able to look into it", folder)


def close_to_others(folders: Iterable[Path], files: Iterable[Path]) -> None:
    """Give folders the mode 0700 and files 0600 again, as far as they are there and belong to this user.

    Links are left alone, and so is what the file system does not let us change.
    """
    wanted = [*((folder, FOLDER, 0o700) for folder in folders), *((file, REGULAR_FILE, 0o600) for file in files)]
    for path, kind, mode in wanted:
        with suppress(OSError):
            if kind_of(path) == kind and _is_ours_and_open(path):
                os.chmod(path, mode)
                if not _is_ours_and_open(path):
                    log.warning("others could reach %s; its mode is %o again", path, mode)


def _is_ours_and_open(path: Path) -> bool:
    status = path.lstat()
    return status.st_uid == os.geteuid() and bool(status.st_mode & (_GROUP | _OTHERS))


def _is_private_group(path: Path, status: os.stat_result) -> bool:
    """Whether the group is the owner's own: of the same name and without other members, as where the umask is 002.

    The bits of the group mean other users, too, where there is an access control list (acl(5)).
    """
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
        group = grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    if group.gr_name != owner or _has_acl(path):
        return False
    members = {*group.gr_mem, *(user.pw_name for user in pwd.getpwall() if user.pw_gid == status.st_gid)}
    return members <= {owner, "root"}


def _has_acl(path: Path) -> bool:
    with suppress(OSError, AttributeError):  # other systems than Linux have no such call
        return bool(os.getxattr(path, _ACL))
    return False


def _keeps_no_modes(folder: Path) -> bool:
    """Whether a folder that is made for us alone is open all the same; it is removed at once."""
    try:
        probe = tempfile.mkdtemp(prefix=".syft-notify-", dir=folder)
    except OSError:
        return False
    try:
        return bool(os.stat(probe).st_mode & (_GROUP | _OTHERS))
    finally:
        os.rmdir(probe)
