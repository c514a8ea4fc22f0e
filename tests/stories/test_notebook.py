"""`NotificationMonitor` in a notebook, with objects shaped like the clients of all releases."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from syft_notify import NotificationMonitor
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.sandbox import Injected
from tests.facts import lacking
from tests.stories.site import DO, Site, granted, requested, submitted
from tests.system.program import wait_until
from tests.worlds import python_job

DS = "ds@example.org"


class Toucher:
    """What a client syncs on when it is read: nobody must."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        raise AssertionError("reading this would sync the owner's folder")


class OldClient(SimpleNamespace):
    """A client object; `peers` and `jobs` of the real ones run a full sync."""

    peers = Toucher()
    jobs = Toucher()


def client(site: Site, release: str, **changes: Any) -> Any:
    """The attributes of the client that each release's login_do() returns."""
    connection: dict[str, Any] = {"email": site.do, "credentials": lent(site), "drive_service": object()}
    if release != "0.1.93":
        connection["token_path"] = site.home / "token_do.json"
    router = SimpleNamespace(connections=[SimpleNamespace(**connection)])
    own: dict[str, Any] = {"email": site.do, "syftbox_folder": site.root}
    own |= {"is_do": True} if release in ("0.1.93", "0.1.97") else {"has_do_role": True, "has_ds_role": False}
    if release == "0.1.93":
        own["connection_router"] = router
    elif release == "syft-rds-0.6.1":
        own["sync_engine"] = SimpleNamespace(_connection_router=router)
    else:
        own["_connection_router"] = router
    return OldClient(**{**own, **changes})


def lent(site: Site) -> Credentials:
    import json

    token = json.loads(site.google.token_file(site.do))
    return Credentials(
        token["token"],
        refresh_token=token["refresh_token"],
        token_uri=site.google.token_uri,
        client_id=token["client_id"],
        client_secret=token["client_secret"],
    )


def settings(site: Site) -> dict[str, Any]:
    return {
        "gmail_token_path": str(site.home / "gmail_token.json"),
        "state_path": str(site.home / "notification_state.json"),
        "drive_api_endpoint": site.google.drive_endpoint,
        "gmail_api_endpoint": site.google.gmail_endpoint,
        "oauth_token_uri": site.google.token_uri,
        "interval": 1,
    }


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Interrupts the main thread, as the button of a notebook does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def monitor(site: Site) -> NotificationMonitor:
    return NotificationMonitor.from_config(site.config_file)


class TestMaking:
    @pytest.mark.parametrize("release", ["0.1.93", "0.1.97", "0.1.105", "0.1.117", "syft-rds-0.6.1"])
    def test_from_the_client_of_any_release(self, site, release):
        site.ask(DS)
        monitor = NotificationMonitor.from_client(client(site, release), **settings(site))
        assert monitor.check().sent == 2
        assert site.new_mails() == sorted(requested())

    def test_a_client_without_a_token_file_lends_its_credentials(self, site):
        (site.home / "token_do.json").unlink()
        site.ask(DS)
        monitor = NotificationMonitor.from_client(client(site, "0.1.93"), **settings(site))
        assert monitor.check().sent == 2

    @pytest.mark.parametrize(("release", "role"), [("0.1.117", "has_do_role"), ("0.1.97", "is_do")])
    def test_a_scientists_client_is_refused_with_the_reason(self, site, release, role):
        scientist = client(site, release, **{role: False})
        with pytest.raises(UserError, match="data owner"):
            NotificationMonitor.from_client(scientist)

    @pytest.mark.parametrize("thing", [None, "do@example.org", object()])
    def test_something_that_is_no_client_is_refused(self, thing):
        with pytest.raises(UserError, match="data owner"):
            NotificationMonitor.from_client(thing)

    def test_a_client_that_we_cannot_read_is_refused(self, site):
        with pytest.raises(UserError, match="Drive"):
            NotificationMonitor.from_client(client(site, "0.1.117", _connection_router=None))

    def test_wrong_settings_are_told_like_those_of_the_config(self, site):
        with pytest.raises(ConfigError, match=r"'intervall'.*interval"):
            NotificationMonitor.from_client(client(site, "0.1.117"), intervall=5)

    def test_files_lie_in_the_home_folder_unless_named(self, site, monkeypatch):
        home = site.home / "my home"
        monkeypatch.setenv("HOME", str(home))
        monitor = NotificationMonitor.from_client(client(site, "0.1.117"))
        assert monitor.config.state_path == home / ".syft-creds" / "notification_state.json"
        assert (home / ".syft-creds").stat().st_mode & 0o777 == 0o700


class TestWatching:
    def test_it_watches_in_the_background_until_stopped(self, site, monitor):
        monitor.start()
        assert monitor.is_running
        assert "running" in repr(monitor)
        site.ask(DS)
        site.google.wait_for_mail(DS, 1)
        monitor.stop()
        assert not monitor.is_running
        site.submit(python_job("after the end"))
        assert monitor.check().sent == 2

    def test_as_a_context_manager(self, site, monitor):
        site.ask(DS)
        with monitor as running:
            assert running.is_running
            site.google.wait_for_mail(DS, 1)
        assert not monitor.is_running
        assert site.new_mails() == sorted(requested())

    def test_only_a_part(self, site, monitor):
        site.ask(DS)
        site.submit(python_job("sales"))
        monitor.start("jobs")
        site.google.wait_for_mail(DS, 1)
        monitor.stop()
        assert site.new_mails() == sorted(submitted("sales"))

    def test_it_can_be_started_twice_and_again(self, site, monitor):
        for _ in range(2):
            monitor.start()
            monitor.start()
            monitor.stop()
            monitor.stop()
        assert not monitor.is_running

    @pytest.mark.parametrize("method", ["start", "run"])
    def test_an_unknown_part_is_refused(self, monitor, method):
        with pytest.raises(UserError, match=r'\'everything\'.*"jobs", "peers"'):
            getattr(monitor, method)("everything")
        assert not monitor.is_running

    def test_a_start_that_cannot_succeed_says_why_and_leaves_nothing_running(self, site, monitor):
        (site.home / "gmail_token.json").unlink()
        with pytest.raises(ConfigError, match=r"gmail_token\.json"):
            monitor.start()
        assert not monitor.is_running

    def test_two_monitors_of_one_state_take_turns(self, site, monitor):
        second = NotificationMonitor.from_config(site.config_file)
        with monitor:
            site.ask(DS)
            second.check()
            monitor.check()
        assert site.new_mails() == sorted(requested())

    def test_a_cell_that_is_run_again_leaves_one_monitor(self, site, monitor):
        monitor.start()
        again = NotificationMonitor.from_config(site.config_file)
        again.start()
        assert (monitor.is_running, again.is_running) == (False, True)
        monitor.start()
        assert (monitor.is_running, again.is_running) == (True, False)
        monitor.stop()
        assert [thread.name for thread in threading.enumerate() if thread.name == "syft-notify"] == []

    def test_a_start_that_fails_leaves_the_one_before_watching(self, site, monitor):
        again = NotificationMonitor.from_config(site.config_file)
        with monitor:
            (site.home / "gmail_token.json").unlink()
            with pytest.raises(ConfigError):
                again.start()
            assert (monitor.is_running, again.is_running) == (True, False)

    def test_monitors_of_two_states_watch_side_by_side(self, site, monitor):
        other = NotificationMonitor.from_client(
            client(site, "0.1.117"), **{**settings(site), "state_path": str(site.home / "other_state.json")}
        )
        with monitor, other:
            assert (monitor.is_running, other.is_running) == (True, True)

    def test_a_check_while_it_watches_is_one_more_poll_and_no_second_mail(self, site, monitor):
        site.ask(DS)
        with monitor:
            site.google.wait_for_mail(DS, 1)
            monitor.check()
        assert site.new_mails() == sorted(requested())

    def test_run_watches_in_the_foreground_until_interrupted(self, site, monitor, ctrl_c):
        site.ask(DS)
        before = rows(monitor)["last poll"]

        def interrupt() -> None:
            try:
                wait_until(lambda: rows(monitor)["last poll"] != before)
            finally:
                ctrl_c()

        thread = threading.Thread(target=interrupt)
        thread.start()
        monitor.run()
        thread.join()
        assert rows(monitor)["last poll"] != before
        assert site.new_mails() == sorted(requested())


def rows(monitor: NotificationMonitor) -> dict[str, str]:
    return dict(monitor.status.rows)


class TestStatus:
    def test_it_tells_what_the_line_did_since_the_start(self, site, monitor):
        before = rows(monitor)["last poll"]
        site.ask(DS)
        with monitor:
            site.google.wait_for_mail(DS, 1)
            monitor.check()
            assert (monitor.is_running, monitor.status.report["problems"]) == (True, [])
            assert rows(monitor)["last poll"] != before
            assert lacking(rows(monitor)["mails"], "2 sent", "0 waiting", "0 given up") == []
            assert lacking(rows(monitor)["next poll"], "30 s") == []
            assert re.search(r"\d\d:\d\d", rows(monitor)["drive"])
        assert monitor.status.state == "stopped"
        assert "next poll" not in rows(monitor)
        assert rows(monitor)["owner"] == DO
        assert "2 sent" in rows(monitor)["mails"]
        monitor.start()
        assert "0 sent" in rows(monitor)["mails"]
        monitor.stop()

    def test_nobody_misses_polls_of_one_that_does_not_run(self, site, monitor, monkeypatch):
        monitor.check()
        later = datetime.now(UTC) + timedelta(hours=1)
        monkeypatch.setattr("syft_notify.notebook.utc_now", lambda: later)
        assert monitor.status.report["problems"] == []

    def test_what_is_wrong_is_said_and_when_it_is_over_no_more(self, site, monitor):
        site.ask(DS)
        site.google.faults.add("unavailable", "gmail.messages.send", times=1)
        with monitor:
            monitor.check()
            assert len(monitor.status.report["problems"]) == 1
            assert lacking(rows(monitor)["problem"], "1 mail") == []

    def test_a_mail_that_was_given_up_stays_a_problem(self, site, monitor):
        site.ask(DS)
        site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=1)
        with monitor:
            for _ in range(3):
                monitor.check()
                assert len(monitor.status.report["problems"]) == 1
                assert lacking(rows(monitor)["problem"], "1 mail", "given up", "`syft-notify outbox`") == []

    def test_a_poll_that_cannot_begin_is_a_problem_too(self, site, monitor):
        monitor.config = monitor.config.model_copy(update={"interval": timedelta(seconds=0.05)})
        lock = site.home / "notification_state.lock"

        def is_a_folder() -> bool:
            """A poll may make the lock again between the two."""
            lock.unlink(missing_ok=True)
            with contextlib.suppress(FileExistsError):
                lock.mkdir()
            return lock.is_dir()

        with monitor:
            wait_until(is_a_folder)
            wait_until(lambda: monitor.status.report["problems"])
            assert rows(monitor)["problem"].startswith("poll: ")
            lock.rmdir()
            wait_until(lambda: not monitor.status.report["problems"])

    def test_in_a_terminal_it_is_text(self, site, monitor):
        lines = repr(monitor.status).splitlines()
        assert lines[:2] == ["NotificationMonitor: stopped", f"  owner      {DO}"]
        assert all("<" not in line for line in lines)


class TestMistakesInACell:
    def shown_by(self, code: str, home: Path) -> str:
        """What IPython prints when somebody types this."""
        command = [sys.executable, "-m", "IPython", "--quick", "--colors=NoColor", "-c", code]
        ended = subprocess.run(
            command, capture_output=True, text=True, env={"HOME": str(home), "IPYTHONDIR": str(home)}, check=False
        )
        return ended.stdout + ended.stderr

    def test_they_are_told_in_one_line_without_a_traceback(self, tmp_path):
        shown = self.shown_by(
            "from syft_notify import NotificationMonitor; NotificationMonitor.from_client(7)", tmp_path
        )
        assert shown.startswith("Error: ")
        assert lacking(shown, "data owner", "login_do()") == []
        assert len(shown.strip().splitlines()) == 1
        shown = self.shown_by(
            "from syft_notify import NotificationMonitor; NotificationMonitor.from_config()", tmp_path
        )
        assert shown.startswith("Error: ")
        assert lacking(shown, "daemon.yaml", "`syft-notify init`") == []
        assert len(shown.strip().splitlines()) == 1

    def test_our_own_keep_their_traceback(self, tmp_path):
        shown = self.shown_by("from syft_notify import NotificationMonitor; NotificationMonitor(7)", tmp_path)
        assert "Traceback" in shown


class TestGranting:
    def test_a_scientist_is_told_once(self, site, monitor):
        site.ask(DS)
        site.poll()
        assert monitor.notify_peer_granted(f" {DS.upper()} ") is True
        assert monitor.notify_peer_granted(DS) is False
        assert site.new_mails() == granted()
        site.accept(DS)
        assert site.poll() == []

    def test_also_while_it_watches(self, site, monitor):
        with monitor:
            assert monitor.notify_peer_granted(DS) is True
        site.ask(DS)
        assert set(granted()) <= set(site.new_mails())

    def test_a_mail_that_cannot_go_now_is_said_and_kept(self, site, monitor):
        site.google.faults.add("unavailable", "gmail.messages.send", times=1)
        with pytest.raises(UserError, match=f"{DS}.*503"):
            monitor.notify_peer_granted(DS)

    @pytest.mark.parametrize("address", ["", "ds", "a@b.org, c@d.org", "a@b.org\nBcc: c@d.org"])
    def test_what_is_no_address_is_refused(self, site, monitor, address):
        with pytest.raises(UserError, match=re.escape(repr(address))):
            monitor.notify_peer_granted(address)
        assert site.new_mails() == []


def test_nothing_of_it_is_readable_by_others(site: Site, monitor: NotificationMonitor, tmp_path: Path):
    site.ask(DS)
    monitor.check()
    made = [p for p in site.home.iterdir() if p.name.startswith("notification_state")]
    assert made
    assert all(p.stat().st_mode & 0o077 == 0 for p in made)
