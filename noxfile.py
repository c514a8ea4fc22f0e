"""Installs the package as a user would, into environments that hold nothing else: `nox`, or `make package`."""

from __future__ import annotations

import os
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")

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


@nox.session(python=nox.project.python_versions(PROJECT))
def install(session: nox.Session) -> None:
    """`pip install .`, the version, the story of the demo, and the man page where `man` looks for it."""
    home = session.create_tmp()
    session.install(".")
    session.env["HOME"] = home
    session.run("syft-notify", "--version")
    session.run("syft-notify", "demo", "--once", "--output", f"{home}/mails", silent=True)
    session.run("test", "-f", f"{session.virtualenv.location}/share/man/man1/syft-notify.1", external=True)


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
