"""An admin follows the documents of the daemon from the top to the bottom, with the config of a README's reader."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syft_notify.cli import cli
from syft_notify.daemon.daemonize import stop
from syft_notify.sandbox import Sandbox
from tests.docs.markdown import DAEMON, REPOSITORY, STATE, SYSTEMD, Document, code_in
from tests.docs.test_tables import options_of
from tests.newcomer import Newcomer
from tests.system.program import environment, wait_until


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path) -> Iterator[Path]:
    """A home in which `syft-notify` is set up."""
    admin = Newcomer(sandbox, tmp_path / "home", "you@example.org")
    admin.is_set_up()
    yield admin.home
    stop(admin.folder / "syft-notify.lock", admin.folder / "syft-notify.pid")


def followed(document: Document, home: Path) -> str:
    """What is printed when every command is typed."""
    known = environment(home)
    known["PATH"] = f"{Path(sys.executable).parent}:{known['PATH']}"
    printed = ""
    for block in document.blocks("sh"):
        shell = ["/bin/sh", "-e", "-c", block.code]
        ended = subprocess.run(shell, capture_output=True, text=True, cwd=home, env=known, check=False, timeout=60)
        assert ended.returncode == 0, f"{block.code}\n{ended.stdout}{ended.stderr}"
        printed += ended.stdout
    return printed


def test_the_daemon_does_as_its_document_says(home):
    printed = followed(DAEMON, home)
    assert printed.count("✅ Daemon is running") == 4
    assert printed.count("Stopped (PID") == 3
    assert "every 60 s" not in printed
    log = (home / ".syft-creds/syft-notify.log").read_text()
    assert "the config was read again" in log
    files = {name for row in DAEMON.table("file") for name in code_in(row[0])}
    there = {path.name for path in (home / ".syft-creds").glob("syft-notify*")}
    assert there == files - {"syft-notify.pid"}


def test_the_units_are_written_and_removed(home):
    printed = followed(SYSTEMD, home)
    assert "Wrote " in printed
    assert "Removed " in printed
    assert printed.count("[Service]") == 2
    assert not list((home / ".config/systemd/user").iterdir())


def test_the_state_is_reset_copied_and_restored(home):
    printed = followed(STATE, home)
    assert "0 events forgotten" in printed
    assert printed.count("✅ Daemon is running") == 2
    wait_until(lambda: "The copy of " in (home / ".syft-creds/syft-notify.log").read_text())
    there = {path.name for path in (home / ".syft-creds").glob("notification_state*")}
    assert there == {name for row in STATE.table("file") for name in code_in(row[0]) if "damaged" not in name}


def test_every_option_of_the_commands_is_told():
    for name in ("start", "stop", "restart", "status", "logs"):
        told = DAEMON.text + (REPOSITORY / "README.md").read_text()
        assert [option for option in options_of(name) if option not in told] == []
        assert f"`syft-notify {name}`" in DAEMON.text
    assert {"install-service", "uninstall-service"} <= set(cli.list_commands(None))  # type: ignore[arg-type]
