"""A service in another PID namespace, as in a container that shares the config's folder with the host."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from syft_notify.config.file_lock import is_held
from syft_notify.engine.health import read_health
from tests.facts import lacking
from tests.stories.site import Site, requested
from tests.system.program import environment, syft_notify, wait_until

DS = "ds@example.org"
UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


@pytest.fixture
def contained(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A service that is PID 1 of a namespace of its own and has polled."""
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no PID namespace can be made here")
    site.settings["interval"] = 1
    site.ask(DS)
    command = [*UNSHARE, sys.executable, "-m", "syft_notify", "run", "-c", str(site.config_file)]
    with subprocess.Popen(
        command, cwd=site.home, env=environment(site.home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: read_health(site.home / "syft-notify.status.json").get("sent") == 2, 30)
        yield process
        process.kill()
    wait_until(lambda: not is_held(site.home / "syft-notify.lock"))


def test_status_says_where_it_runs_and_how_it_does_by_its_report(site, contained):
    ended = syft_notify("status", home=site.home, env={**environment(site.home), **config(site)})
    assert ended.returncode == 0, ended.stdout
    assert lacking(ended.stdout, "PID 1", "PID namespace") == []
    assert "? MB" in ended.stdout
    told = json.loads(
        syft_notify("status", "--json", home=site.home, env={**environment(site.home), **config(site)}).stdout
    )
    assert (told["pid"], told["sent"], told["problems"]) == (1, 2, [])
    assert lacking(told["elsewhere"], "PID namespace") == []


@pytest.mark.parametrize("command", ["stop", "restart"])
def test_it_is_not_stopped_from_here_and_no_stranger_is_signalled(site, contained, command):
    first = psutil.Process(1).create_time()
    ended = syft_notify(command, home=site.home, env={**environment(site.home), **config(site)})
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
    assert psutil.Process(1).create_time() == first
    assert contained.poll() is None
    assert lacking(ended.stderr, "PID namespace") == []


def test_a_second_one_does_not_start_beside_it(site, contained):
    ended = syft_notify("start", home=site.home, env={**environment(site.home), **config(site)})
    assert ended.returncode == 1
    assert lacking(ended.stderr, "PID 1", "PID namespace") == []
    assert site.new_mails() == requested(DS)


def config(site: Site) -> dict[str, str]:
    return {"SYFT_NOTIFY_CONFIG": str(site.home / "daemon.yaml")}
