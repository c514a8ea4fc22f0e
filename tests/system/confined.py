"""Runs a program as a unit of systemd would confine it, by the same means of the kernel: `confined.py UNIT PROGRAM …`.

The file system is the caller's task (a mount namespace); here are the system calls and the memory.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
SCMP_ACT_ALLOW = 0x7FFF0000
SCMP_ACT_ERRNO = 0x00050000


def calls_of(group: str) -> set[str]:
    """The system calls of a group like `@system-service`, as this systemd knows them."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = re.findall(r"^\s+([@\w-]+)$", listed.stdout, re.MULTILINE)
    return {call for name in names for call in (calls_of(name) if name.startswith("@") else {name})}


def allowed_by(unit: str) -> set[str]:
    """What the `SystemCallFilter=` lines leave."""
    allowed: set[str] = set()
    for words in re.findall(r"^SystemCallFilter=(.+)$", unit, re.MULTILINE):
        named = {call for group in words.lstrip("~").split() for call in calls_of(group)}
        allowed = allowed - named if words.startswith("~") else allowed | named
    return allowed


def confine(allowed: set[str]) -> None:
    """From here on every other call ends with EPERM, and no memory is written and run."""
    libc = ctypes.CDLL(None, use_errno=True)
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(SCMP_ACT_ERRNO | errno.EPERM)))
    for name in sorted(allowed):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(SCMP_ACT_ALLOW), number, 0)
    for option in (PR_SET_NO_NEW_PRIVS, PR_SET_MDWE):
        if libc.prctl(option, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    if seccomp.seccomp_load(context) != 0:
        raise OSError("the filter was not taken")


if __name__ == "__main__":
    confine(allowed_by(Path(sys.argv[1]).read_text()))
    os.umask(0o077)
    os.execv(sys.argv[2], sys.argv[2:])
