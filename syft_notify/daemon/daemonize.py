"""Makes a daemon of a callable, waits until it is ready, and ends the process that holds a lock."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from syft_notify.config.file_lock import NOTICE_SECONDS, FileLock, Holder, holder_of, is_held, signed_by
from syft_notify.config.regular_files import kind_of, remove_file
from syft_notify.daemon.signals import POLL, RELOAD, STOP, SignalInbox
from syft_notify.domain.errors import ExitCode, NotifyError, UserError

if TYPE_CHECKING:
    from daemon import DaemonContext

log = logging.getLogger(__name__)

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_KILL_SECONDS = 5.0
_LOOK_SECONDS = 0.05

Serve = Callable[[SignalInbox, Callable[[], None]], int]


class StartError(UserError):
    """The daemon did not come up; the exit code is its own."""

    def __init__(self, title: str, hint: str = "", code: int = ExitCode.FAILED) -> None:
        super().__init__(title, hint)
        self.exit_code = ExitCode(code)


def start(folder: Path, pid_file: Path, lock: FileLock, serve: Serve, seconds: float = READY_SECONDS) -> int:
    """Run `serve` as a daemon that holds `lock`; returns its PID once it called the function that it is given.

    `serve` gets the signals and that function, and returns the exit code. Warns of a long wait for a lock.
    Raises `StartError` with the daemon's own words when it fails before, or is not ready in time; then no process is
    left.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    helper = os.fork()
    if helper == 0:
        os.close(reading)
        _become_daemon(folder, pid_file, lock, serve, writing)
    os.close(writing)
    os.waitpid(helper, 0)
    with open(reading, "rb", buffering=0) as pipe:
        return _await_ready(_Words(pipe.fileno(), time.monotonic() + seconds), pid_file, seconds)


def _become_daemon(folder: Path, pid_file: Path, lock: FileLock, serve: Serve, writing: int) -> NoReturn:
    """In the helper: serve as a daemon and end there, for what the caller has still to do is not ours to do."""
    code = int(ExitCode.FAILED)
    try:
        code = _serve_detached(folder, pid_file, lock, serve, writing)
    finally:
        os._exit(code)


def _serve_detached(folder: Path, pid_file: Path, lock: FileLock, serve: Serve, writing: int) -> int:
    """Detach through `DaemonContext` and serve. Errors, and whom it waits for, go through the pipe until it is ready.

    The signals are caught after the last fork: since Python 3.12, asyncio resets the wakeup descriptor in every forked
    child (python/cpython#66285). And before the PID file, the lock or the pipe say whom to signal.
    """
    from daemon.daemon import DaemonError
    from lockfile import LockError

    def tell(**words: object) -> None:
        with contextlib.suppress(OSError):  # who started us went away, which `ready` finds, or has heard it
            os.write(writing, json.dumps(words).encode() + b"\n")

    def ready() -> None:
        try:
            os.write(writing, b'{"ready": true}\n')
        except OSError:
            raise StartError("Who started the daemon went away before it was ready", "Start it again") from None
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), writing)  # closed alone, the number would soon be another file's

    code = int(ExitCode.FAILED)
    try:
        remove_file(pid_file)  # we hold the lock: whoever wrote it is gone
        with _detached(folder, writing, lock), SignalInbox(*STOP, RELOAD, POLL) as inbox, _written(pid_file):
            tell(pid=os.getpid())
            lock.sign()
            logging.getLogger(FileLock.__module__).addHandler(_Relay(tell))
            code = serve(inbox, ready)
    except NotifyError as error:
        tell(error=error.title, hint=error.hint, code=int(error.exit_code))
        code = error.exit_code
    except (DaemonError, LockError, OSError) as error:
        tell(error=f"The daemon cannot be set up: {_reason(error)}", hint="Make room and check its folder", code=code)
    except Exception as error:  # noqa: BLE001 - the caller prints it, and the log has it, once there is one
        tell(error=f"Internal error: {type(error).__name__}", hint="`syft-notify logs` may say more", code=code)
    return code


class _Relay(logging.Handler):
    """Tells who started the daemon for whom it waits."""

    def __init__(self, tell: Callable[..., None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the text of the record."""
        self._tell(warning=record.getMessage())


def _detached(folder: Path, writing: int, lock: FileLock) -> DaemonContext:
    """What makes a daemon of this process: a session without a terminal, and only these files open.

    No terminal sends it a SIGHUP or SIGINT, so that `nohup` had these ignored means nothing to it.
    """
    from daemon import DaemonContext

    ignored = (signal.SIGTTIN, signal.SIGTTOU, signal.SIGTSTP)
    return DaemonContext(
        detach_process=True,
        umask=0o077,
        working_directory=str(folder),
        signal_map={**dict.fromkeys(ignored), signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.SIG_DFL},
        files_preserve=[writing, lock],
    )


@contextlib.contextmanager
def _written(pid_file: Path) -> Iterator[None]:
    """Our PID is in the file for as long as it lasts. One that somebody took away is no reason to end badly."""
    from lockfile import UnlockError
    from lockfile.pidlockfile import PIDLockFile

    file = PIDLockFile(str(pid_file))
    file.acquire()
    try:
        yield
    finally:
        with contextlib.suppress(UnlockError):
            file.release()


def _reason(error: Exception) -> str:
    """With the system's own words, which `lockfile` keeps from us."""
    cause = error.__cause__ or error.__context__ or error
    return f"{cause.filename}: {cause.strerror}" if isinstance(cause, OSError) and cause.filename else str(error)


class _Words:
    """The daemon's words from the pipe, until it closes it or the deadline passes."""

    def __init__(self, descriptor: int, deadline: float) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self.late = False

    def __iter__(self) -> Iterator[dict[str, object]]:
        content = b""
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                self.late = True
                return
            if not (piece := os.read(self._descriptor, 4096)):
                return
            *lines, content = (content + piece).split(b"\n")
            yield from map(json.loads, lines)


def _await_ready(words: _Words, pid_file: Path, seconds: float) -> int:
    pid = 0
    failure = StartError("The daemon ended before it was ready", "`syft-notify logs` may say why")
    try:
        for said in words:
            pid = int(str(said.get("pid", pid)))
            if "warning" in said:
                log.warning("%s", said["warning"])
            if "error" in said:
                failure = StartError(str(said["error"]), str(said["hint"]), int(str(said["code"])))
            if "ready" in said:
                return pid
    except KeyboardInterrupt:
        _end_unready(pid, pid_file)
        raise
    if not words.late:  # it closed the pipe by its end
        raise failure
    _end_unready(pid, pid_file)
    raise StartError(f"The daemon was not ready within {seconds:g} s and was ended", "`syft-notify logs` may say why")


def _end_unready(pid: int, pid_file: Path) -> None:
    """The pipe is open, so the daemon lives and the PID is its own; it has no mail in hand yet."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    remove_file(pid_file)


@dataclass(frozen=True)
class Stopped:
    """What `stop` did: the process that ended, and whether it had to be killed."""

    pid: int
    killed: bool


def stop(lock: Path, pid_file: Path, seconds: float = STOP_SECONDS) -> Stopped | None:
    """End the process that holds the lock; None when there is none. Never signals another process.

    Raises `UserError` when it belongs to another user, runs in another container, or cannot be told from a stranger.
    """
    if not is_held(lock):
        _clean_up(lock, pid_file)
        return None
    holder = holder_of(lock)
    if holder is None:
        if not is_held(lock):
            return None
        raise UserError(f"{lock} is held by a process that cannot be identified", "Find it with `fuser` and end it")
    _check_here(holder)
    killed = False
    _signal(holder, signal.SIGTERM)
    _signal(holder, signal.SIGCONT)  # one that was stopped (SIGSTOP, Ctrl+Z) hears of nothing else before
    if not _ended_in_time(lock, holder, seconds):
        killed = True
        _signal(holder, signal.SIGKILL)
        if not _ended(lock, holder, _KILL_SECONDS):
            raise UserError(f"PID {holder.pid} does not end even when it is killed", "Look at it with `ps`")
        _clean_up(lock, pid_file)
    return Stopped(holder.pid, killed)


def check_reachable(lock: Path) -> None:
    """Raises `UserError` when what holds the lock runs where signals from here do not reach."""
    holder = holder_of(lock)
    if holder is not None:
        _check_here(holder)


def _check_here(holder: Holder) -> None:
    if holder.is_elsewhere:
        raise UserError(
            f"It runs {holder.place} (PID {holder.pid} there), and cannot be stopped from here",
            "Stop it where it runs, for instance with `docker stop` or `docker exec`",
        )


def _clean_up(lock: Path, pid_file: Path) -> None:
    """Remove what a killed process left; under the lock, so that it is never the file of a new one."""
    if kind_of(pid_file):
        with contextlib.suppress(UserError, OSError), FileLock(lock):
            remove_file(pid_file)


def _signal(holder: Holder, number: signal.Signals) -> None:
    if not holder.is_alive():
        return
    try:
        os.kill(holder.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        raise UserError(f"It runs as another user (PID {holder.pid})", "Stop it as that user, or as root") from None


def _ended_in_time(lock: Path, holder: Holder, seconds: float) -> bool:
    """As `_ended`, and says so when a person waits long for it."""
    notice = min(NOTICE_SECONDS, seconds)
    if _ended(lock, holder, notice):
        return True
    if seconds > notice:
        why = "has not ended yet, as it does with a mail in hand"
        log.warning("PID %s %s: waiting for it, at most %g s", holder.pid, why, seconds)
    return _ended(lock, holder, seconds - notice)


def _ended(lock: Path, holder: Holder, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while holder.is_alive() or (is_held(lock) and signed_by(lock) == holder):  # another one may hold it by now
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
