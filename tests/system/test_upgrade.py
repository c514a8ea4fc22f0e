"""An upgrade below a running daemon: the package's files are gone for a while, or are others."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import syft_notify
from syft_notify.config.file_lock import is_held
from syft_notify.engine.health import read_health
from tests.facts import lacking
from tests.stories.site import Site, decided, granted, requested, submitted
from tests.system import program
from tests.system.program import environment, wait_until
from tests.worlds import python_job

DS = "ds@example.org"


class Installed:
    """A copy of the package that only this test uses, and the daemon that runs from it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.package = folder / "syft_notify"
        shutil.copytree(Path(syft_notify.__file__).parent, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self._site = site
        self._environment = {**environment(site.home), "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        self._config = site.config_file

    def call(self, *words: str) -> str:
        """What a command said that ended well."""
        ended = self.run(*words)
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of what is installed now."""
        return program.syft_notify(*words, "-c", self._config, home=self._site.home, env=self._environment)

    def health(self) -> dict[str, object]:
        return read_health(self._site.home / "syft-notify.status.json")

    def poll(self) -> None:
        """Let the daemon poll, and wait until it did."""
        polls = self.health()["polls"]
        os.kill(int(str(self.health()["pid"])), signal.SIGUSR1)
        wait_until(lambda: self.health()["polls"] > polls)


@pytest.fixture
def installed(site: Site, tmp_path: Path) -> Iterator[Installed]:
    """A daemon that polled once; it is stopped at the end."""
    site.settings["interval"] = 3600
    installed = Installed(site, tmp_path / "site-packages")
    installed.call("start")
    wait_until(lambda: installed.health().get("last_poll"))
    yield installed
    installed.call("stop")
    assert not is_held(site.home / "syft-notify.lock")


def test_mails_go_out_while_the_package_is_away(site, installed):
    aside = installed.package.with_name("aside")
    installed.package.rename(aside)
    site.ask(DS)
    installed.poll()
    site.accept(DS)
    job = site.submit(python_job("sales"))
    installed.poll()
    site.sync()
    site.generation.approve(site.root, job, site.tick())
    installed.poll()
    assert installed.health()["problems"] == []
    assert (installed.health()["failed"], installed.health()["undelivered"]) == (0, 0)
    aside.rename(installed.package)
    expected = requested(DS) + granted(DS) + submitted("sales") + decided("approved", "sales")
    assert site.new_mails() == sorted(expected)


def test_templates_of_the_next_version_are_not_used_by_the_code_of_this_one(site, installed):
    for template in (installed.package / "mail" / "templates").iterdir():
        template.write_text("{{ what_only_the_next_version_knows }}")
    site.ask(DS)
    installed.poll()
    assert site.new_mails() == requested(DS)


def test_a_reload_while_the_package_is_away_leaves_the_daemon_as_it_was(site, installed):
    aside = installed.package.with_name("aside")
    installed.package.rename(aside)
    pid = installed.health()["pid"]
    site.settings["interval"] = 1800
    os.kill(int(str(pid)), signal.SIGHUP if site.config_file else 0)
    site.ask(DS)
    wait_until(lambda: installed.health()["interval_seconds"] == 1800 or installed.health()["problems"])
    aside.rename(installed.package)
    installed.poll()
    wait_until(lambda: len(site.arrived()) == 2)
    assert json.loads(installed.call("status", "--json"))["pid"] == pid


class TestANewSchema:
    """The package is replaced by one whose database has one more table, while the daemon of before runs on."""

    @pytest.fixture(autouse=True)
    def _replaced(self, installed):
        schema = installed.package / "store" / "schema.py"
        schema.write_text(schema.read_text() + '\nMIGRATIONS = (*MIGRATIONS, ("CREATE TABLE later (value)",))\n')

    @pytest.mark.parametrize("words", [("history",), ("outbox",), ("outbox", "retry"), ("reset", "--peers", "--yes")])
    def test_no_command_brings_it_under_the_daemon(self, site, installed, words):
        ended = installed.run(*words)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert lacking(ended.stderr, "Error", "notification_state.db", "older", "`syft-notify restart`") == []
        site.ask(DS)
        installed.poll()
        assert site.new_mails() == sorted(requested(DS))
        assert installed.health()["problems"] == []

    def test_a_restart_does_and_keeps_everything(self, site, installed):
        site.ask(DS)
        installed.poll()
        site.new_mails()
        installed.call("restart")
        wait_until(lambda: installed.health().get("last_poll"))
        assert len(json.loads(installed.call("history", "--json"))) == 2
        site.accept(DS)
        installed.poll()
        assert site.new_mails() == sorted(granted(DS))
