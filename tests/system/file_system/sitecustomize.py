"""Lets the system calls of a program answer as those of another file system; Python loads it at its start.

FOLDER_FSYNC, FLOCK and POSIX_LOCKS name the errors, such as EINVAL; FLOCK_ON names the one file that has no lock. With
NO_MODES new folders are open to all, as on a mount that keeps no modes. POSIX locks are the kernel's to refuse, by
seccomp, so that SQLite meets it too.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import tempfile
from typing import Any

_fsync, _flock = os.fsync, fcntl.flock


def _number(name: str) -> int:
    return int(name) if name.isdigit() else int(getattr(errno, name))


def _answer(variable: str) -> None:
    if name := os.environ.get(variable):
        raise OSError(_number(name), os.strerror(_number(name)))


def fsync(descriptor: int) -> None:
    """As the system's, save for folders."""
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        _answer("FOLDER_FSYNC")
    _fsync(descriptor)


def flock(descriptor: int, operation: int) -> None:
    """As the system's, save for that file."""
    if os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")) == os.environ.get("FLOCK_ON"):
        _answer("FLOCK")
    _flock(descriptor, operation)


os.fsync, fcntl.flock = fsync, flock

if os.environ.get("NO_MODES"):
    _mkdtemp = tempfile.mkdtemp

    def mkdtemp(*args: Any, **options: Any) -> str:
        """As on a mount where every mode is 0777."""
        made: str = _mkdtemp(*args, **options)
        os.chmod(made, 0o777)  # noqa: S103 - that is what it plays
        return made

    tempfile.mkdtemp = mkdtemp


class _Comparison(ctypes.Structure):
    """`scmp_arg_cmp` of libseccomp: that an argument of a call equals a value."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("value", ctypes.c_uint64), ("more", ctypes.c_uint64))


def _refuse_posix_locks(number: int) -> None:
    """From here on, also in what this process starts, no file of any folder has them."""
    allow, refuse, equals, no_new_privileges = 0x7FFF0000, 0x00050000, 4, 38
    seccomp, libc = ctypes.CDLL("libseccomp.so.2", use_errno=True), ctypes.CDLL(None, use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(allow)))
    for command in (fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW):
        comparison = _Comparison(1, equals, command, 0)
        call = seccomp.seccomp_syscall_resolve_name(b"fcntl")
        seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(refuse | number), call, 1, ctypes.byref(comparison))
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or seccomp.seccomp_load(context):
        raise OSError("the filter was not taken")


if "POSIX_LOCKS" in os.environ:
    _refuse_posix_locks(_number(os.environ["POSIX_LOCKS"]))
