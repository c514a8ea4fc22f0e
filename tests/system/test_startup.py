"""The command line starts without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    code = (
        "import sys; from syft_notify.cli import main\n"
        f"sys.argv = ['syft-notify', *{arguments!r}]\n"
        "try: main()\n"
        f"finally: print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path), check=False, timeout=30
    )
    assert ended.stdout.splitlines()[-1] == "LOADED []"


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
