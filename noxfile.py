"""Installs the package as a user would, into environments that hold nothing else: `nox`, or `make package`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
SUPPORTED = nox.project.python_versions(PROJECT)
TRIED = ("3.15",)  # installed, and the demo played; not every library supports it yet
# `make test-all` plays every test on the Python that nox runs on, too.
SUITE = f"{sys.version_info.major}.{sys.version_info.minor}"

# The units without the simulator, and what depends most on the Python that runs it: processes, signals, locks.
TESTS = ("tests/unit", "--ignore=tests/unit/sandbox", "tests/system/test_daemon.py")

# A user's own program, which must be checked against our types and not against `Any`.
CALLER = """\
from typing_extensions import assert_type

from syft_notify import NotificationMonitor

monitor = NotificationMonitor.from_config()
assert_type(monitor, NotificationMonitor)
assert_type(monitor.is_running, bool)
"""

nox.options.error_on_missing_interpreters = False
nox.options.allow_parallel = True
nox.options.download_python = "never"

# pyenv shows one of its Pythons unless it is told which; all of them are wanted.
if "PYENV_ROOT" in os.environ:
    versions = Path(os.environ["PYENV_ROOT"], "versions").glob("3.*")
    os.environ.setdefault("PYENV_VERSION", ":".join(path.name for path in versions))


def _runs(version: str) -> bool:
    """Whether this Python is found and starts: pyenv has a program for Pythons that it does not show as well."""
    program = shutil.which(f"python{version}")
    if program is None:
        return False
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603 - it is ours


@nox.session(python=False)
def pythons(session: nox.Session) -> None:
    """Say which Pythons are found. In CI the oldest and the newest supported one must be among them."""
    found = [version for version in (*SUPPORTED, *TRIED) if _runs(version)]
    session.log(f"Pythons that are found: {', '.join(found) or 'none'}")
    if lacking := sorted({SUPPORTED[0], SUPPORTED[-1]}.difference(found)):
        words = f"Python {' and '.join(lacking)} is not found"
        (session.error if "SYFT_NOTIFY_ALL_TOOLS" in os.environ else session.warn)(words)


@nox.session(python=[*SUPPORTED, *TRIED])
def install(session: nox.Session) -> None:
    """`pip install .`, the version, the demo, the man page where `man` looks; then the tests on a
    supported Python."""
    home = session.create_tmp()
    session.install(".")
    session.env["HOME"] = home
    session.run("syft-notify", "--version")
    session.run("syft-notify", "demo", "--once", success_codes=[1])  # says which extra it needs
    session.install(".[demo]")
    session.run("syft-notify", "demo", "--once", "--output", f"{home}/mails", silent=True)
    session.run("test", "-f", f"{session.virtualenv.location}/share/man/man1/syft-notify.1", external=True)
    if session.python in SUPPORTED and session.python != SUITE:
        session.install(".[test]")
        session.env.pop("TMPDIR")  # too long a name for sockets
        session.run("python", "-m", "pytest", "-n", "2", *TESTS)


@nox.session
def publish(session: nox.Session) -> None:
    """What an index checks before it takes the package, and a type checker when a user imports it."""
    folder = Path(session.create_tmp())
    session.install(".", "hatchling", "twine", "mypy")
    session.run("hatchling", "build", "-d", str(folder / "dist"), silent=True)
    session.run("twine", "check", "--strict", *map(str, (folder / "dist").iterdir()))
    (folder / "caller.py").write_text(CALLER)
    session.chdir(folder)  # away from the source: the installed package is meant
    session.run("mypy", "--strict", "caller.py")
