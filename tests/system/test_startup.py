"""The command line starts without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from syft_notify.sandbox import Injected
from tests.stories.site import Site
from tests.system.program import environment

HEAVY = ("googleapiclient", "google.auth", "jinja2", "rich", "pydantic", "flask", "yaml", "syft_notify.domain.model")


LIGHT = [
    ["--help"],
    ["--version"],
    ["init", "--help"],
    ["run", "--help"],
    ["start", "--help"],
    ["doctor", "--help"],
    ["test-email", "--help"],
    ["peer-granted", "--help"],
    ["demo", "--help"],
    ["nonsense"],
    ["status"],
    ["status", "--json"],
    ["stop"],
    ["logs"],
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_what_only_looks_loads_nothing_heavy(tmp_path: Path, arguments):
    assert loaded_by(tmp_path, HEAVY, arguments) == []


@pytest.mark.parametrize("arguments", [["history"], ["history", "--json"], ["outbox"], ["outbox", "list", "--json"]])
def test_what_looks_into_the_store_loads_neither_pydantic_nor_what_sends(site: Site, arguments):
    site.ask("ds@example.org")
    site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send")
    assert len(site.poll()) == 1
    heavy = tuple(name for name in HEAVY if name not in ("yaml", "syft_notify.domain.model"))
    assert loaded_by(site.home, heavy, [*arguments, "-c", str(site.config_file)]) == []


def loaded_by(home: Path, names: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Which of these modules a command loads."""
    code = (
        "import sys; from syft_notify.cli import main\n"
        f"sys.argv = ['syft-notify', *{arguments!r}]\n"
        "try: main()\n"
        f"finally: print('LOADED', *[name for name in {names!r} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(home), check=False, timeout=30
    )
    word, *loaded = ended.stdout.splitlines()[-1].split()
    assert word == "LOADED"
    return loaded


def test_importing_the_package_loads_nothing_until_the_monitor_is_asked_for(tmp_path: Path):
    code = (
        "import sys, syft_notify\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        "from syft_notify import NotificationMonitor\n"
        "print(NotificationMonitor.__name__)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path), check=True, timeout=30
    )
    assert ended.stdout.splitlines() == ["[]", "NotificationMonitor"]
