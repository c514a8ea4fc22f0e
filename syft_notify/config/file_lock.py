"""One process at a time: a lock of the kernel, which no crash can leave behind, signed by who holds it."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

from syft_notify.config.regular_files import open_regular
from syft_notify.domain.errors import ConfigError, UserError

log = logging.getLogger(__name__)

# Who only looks holds the lock for a moment; who wants it tries a few times before believing that it is taken.
_ATTEMPTS = 5
PAUSE_SECONDS = 0.1
# A person who waits longer than this wants to know for whom.
NOTICE_SECONDS = 2.0
_LARGEST_SIGNATURE = 65_536
# NFS without its lock service, Lustre without the mount option, and others. 524 is Linux's own ENOTSUPP, which some
# file systems let through to programs.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, 524}
MOVE_CONFIG = "Move the config and what is beside it to a folder on a local disk, and name it there with --config"
MOVE_STATE = "Set state_path in the config to a file on a local disk"


@dataclass(frozen=True)
class Holder:
    """The process that signed a lock. PIDs are used again, so two more things tell whether it is still the same.

    `since_boot` is when it started, in seconds after boot: the wall clock may be set while it runs. `namespace` is
    where the PID counts: each container, and each host on a shared file system, counts its own. `host` is for people.
    """

    pid: int
    since_boot: float
    command: tuple[str, ...]
    namespace: str = field(default="", compare=False)
    host: str = field(default="", compare=False)

    def is_alive(self) -> bool:
        """Whether the process of this PID is the one that signed."""
        return not self.is_elsewhere and self == _process(self.pid)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its PID means nothing here. A signature of an older version does not say."""
        return self.namespace not in ("", _namespace())

    @property
    def place(self) -> str:
        """Where it runs, for people; empty for here."""
        return f"in another PID namespace, host {self.host}" if self.is_elsewhere else ""

    def is_stopped(self) -> bool:
        """Whether it cannot go on before it gets SIGCONT."""
        import psutil

        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        except (psutil.Error, OSError):
            return False


class HeldError(UserError):
    """Another process holds the lock; `holder` is None while it has not signed yet."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        place = f" {holder.place}" if holder and holder.place else ""
        who = f" (PID {holder.pid}{place})" if holder else ""
        super().__init__(f"Another syft-notify{who} works in {path.parent}", "Stop it first, or use another config")
        self.holder = holder


class NoLocksError(ConfigError):
    """The file system has no locks. A file with a PID would prove nothing: other hosts and containers count their own.

    `hint` says which setting moves the file.
    """

    def __init__(self, path: Path, hint: str, error: OSError) -> None:
        super().__init__(
            f"The folder {path.parent} cannot hold {path.name}: its file system gives no locks ({error.strerror})", hint
        )


class FileLock:
    """Held until `close`, or until the last process that inherited it ends."""

    def __init__(
        self, path: Path, patience: float = 0.5, *, make_folder: bool = False, move: str = MOVE_CONFIG
    ) -> None:
        """Take the lock and sign it; wait at most `patience` seconds for who has it, and warn of a long wait.

        `move` says how a person moves the file to a file system that has locks.
        Raises `HeldError` when another process has it, `UserError` for the disk's no, also when there is no folder,
        `ConfigError` for what is no regular file, and `NoLocksError`.
        """
        self._path = path
        self._move = move
        try:
            if make_folder:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise UserError(f"{path} cannot be opened: {error.strerror}", f"Check {_whose(path)}") from error
        try:
            self._take(patience)
            self.sign()
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor, to be kept open in a child."""
        return self._descriptor

    def sign(self) -> None:
        """Write this process down as the holder; a child that inherited the lock signs anew. Raises `UserError`."""
        signature = json.dumps(asdict(_process(os.getpid()) or _unknown())).encode()
        try:
            if os.pread(self._descriptor, _LARGEST_SIGNATURE, 0) != signature:
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, signature, 0)
        except OSError as error:
            raise UserError(f"{self._path} cannot be written: {error.strerror}", "Make room on the disk") from error

    def keep(self) -> None:
        """Hold a new file where somebody removed this one, so that others still meet the lock.

        Raises `HeldError` when another process was quicker, `UserError` for the disk's no or a folder that is gone.
        """
        try:
            if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
                return
        except FileNotFoundError:
            pass
        with FileLock(self._path, move=self._move) as newer:
            os.dup2(newer.fileno(), self._descriptor, inheritable=False)

    def close(self) -> None:
        """Give the lock back, unless a child inherited it."""
        os.close(self._descriptor)

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, patience: float) -> None:
        begun, silent = time.monotonic(), True
        while not _locked(self._descriptor, fcntl.LOCK_EX, self._path, self._move):
            waited = time.monotonic() - begun
            if waited > patience:
                raise HeldError(self._path, _signature(self._descriptor))
            if silent and waited > NOTICE_SECONDS:
                silent = False
                log.warning("%s", _whom_for(self._path, _signature(self._descriptor), patience))
            time.sleep(PAUSE_SECONDS)


def is_held(path: Path, move: str = MOVE_CONFIG) -> bool:
    """Whether a process holds the lock at `path`. Raises `UserError` when that cannot be seen, else as `FileLock`."""
    try:
        descriptor = open_regular(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}", "Ask as the user who runs it, or as root"
        ) from error
    try:
        return not _locked(descriptor, fcntl.LOCK_SH, path, move)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int, path: Path, move: str) -> bool:
    """Take a lock of this kind, unless another process has one that excludes it. Raises as `FileLock`."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise NoLocksError(path, move, error) from error
        raise UserError(f"{path} cannot be locked: {error.strerror}", "Look at its disk") from error
    return True


def holder_of(path: Path) -> Holder | None:
    """The living process that signed the lock at `path`; None when it did not sign yet, or ends just now.

    Of one that is elsewhere only the lock says that it lives, which the caller has seen.
    """
    for _ in range(_ATTEMPTS):
        holder = signed_by(path)
        if holder is not None and (holder.is_elsewhere or holder.is_alive()):
            return holder
        time.sleep(PAUSE_SECONDS)
    return None


def signed_by(path: Path) -> Holder | None:
    """Who signed the lock at `path` last, whether or not it still holds it."""
    try:
        descriptor = open_regular(path, os.O_RDONLY)
    except (OSError, ConfigError):
        return None
    try:
        return _signature(descriptor)
    finally:
        os.close(descriptor)


def _whom_for(path: Path, holder: Holder | None, patience: float) -> str:
    """Who is waited for, how long, and what a person can do meanwhile."""
    until = f"waiting for it, at most {patience:g} s"
    if holder is None:
        return f"Another process is working in {path.parent}: {until}. `fuser {shlex.quote(str(path))}` names it."
    if holder.is_stopped():
        return (
            f"PID {holder.pid} was stopped (SIGSTOP or Ctrl+Z) while it works in {path.parent}: {until}. "
            f"`kill -CONT {holder.pid}` lets it go on."
        )
    return (
        f"PID {holder.pid} is working in {path.parent}: {until}. Ctrl+C ends the wait; `syft-notify stop` ends a "
        "service that hangs."
    )


def _whose(path: Path) -> str:
    """What to look at when the file cannot be opened: itself if it belongs to somebody else, or its folder."""
    try:
        return f"{path.name}, which belongs to {path.owner()}" if path.stat().st_uid != os.geteuid() else path.name
    except (OSError, KeyError):
        return "its folder and who owns it"


def _signature(descriptor: int) -> Holder | None:
    """What stands in the lock file, if it can be read."""
    try:
        fields = json.loads(os.pread(descriptor, _LARGEST_SIGNATURE, 0))
        process = int(fields["pid"]), float(fields["since_boot"]), tuple(map(str, fields["command"]))
        return Holder(*process, str(fields.get("namespace", "")), str(fields.get("host", "")))
    except (ValueError, TypeError, KeyError):
        return None


def _process(pid: int) -> Holder | None:
    """The process of this PID as it would sign; None when there is none that can be seen."""
    import psutil

    try:
        process = psutil.Process(pid)
        since_boot = round(process.create_time() - psutil.boot_time(), 2)
        return Holder(pid, since_boot, _words(process.cmdline()), _namespace(), platform.node())
    except (psutil.Error, OSError, RuntimeError, ValueError):  # also where /proc is closed to us
        return None


def _words(command: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.encode("utf-8", "replace").decode() for word in command)


def _unknown() -> Holder:
    return Holder(os.getpid(), 0.0, _words(sys.argv), _namespace(), platform.node())


def _namespace() -> str:
    """Where our PIDs count: this boot of this kernel, and the namespace in it; only the host without Linux's /proc.

    Source: pid_namespaces(7) and proc_sys_kernel(5), `random/boot_id`.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return platform.node()
