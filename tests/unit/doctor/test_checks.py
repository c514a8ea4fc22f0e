"""Seeded faults: each is named, with its fix, and no other is."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import Files
from syft_notify.doctor.check_context import CheckContext
from syft_notify.doctor.findings import Finding, State, examine
from syft_notify.doctor.order import checks
from syft_notify.engine.health import Health
from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY, GMAIL_ALL, GMAIL_SEND
from syft_notify.store.store import Store
from tests.facts import lacking
from tests.folders import contents
from tests.tls import HttpProxy
from tests.unit.makers import job_event
from tests.unit.store.stores import admit, opened

DO = "do@example.org"


class Home:
    """A home in which all is good, until a test breaks something."""

    def __init__(self, google: Sandbox, home: Path) -> None:
        self.google = google
        self.home = home
        self.folder = home / ".syft-creds"
        self.config = self.folder / "daemon.yaml"
        self.ahead = timedelta()
        self.environ: dict[str, str] = {}
        (home / f"SyftBox_{DO}" / DO).mkdir(parents=True)
        self.folder.mkdir(mode=0o700)
        self.says()
        self.has("token_do.json", google.token_file(DO, (DRIVE_READONLY,)))
        self.has("gmail_token.json", google.token_file(DO, (GMAIL_SEND,)))

    def says(self, **settings: str) -> None:
        """Write the config."""
        every = {
            "do_email": DO,
            "syftbox_root": f"~/SyftBox_{DO}",
            "drive_api_endpoint": self.google.drive_endpoint,
            "gmail_api_endpoint": self.google.gmail_endpoint,
            "oauth_token_uri": self.google.token_uri,
            **settings,
        }
        self.config.write_text("".join(f"{key}: {value}\n" for key, value in every.items()))

    def has(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def examined(self) -> dict[str, Finding]:
        def clock() -> datetime:
            return datetime.now(UTC) + self.ahead

        context = CheckContext(self.config, self.environ, self.home, clock)
        return {found.name: found for found in examine(context, checks(context))}

    def fault(self) -> Finding:
        """The only one."""
        (fault,) = [found for found in self.examined().values() if found.state is State.FAILED]
        return fault


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path) -> Home:
    return Home(sandbox, tmp_path / "home")


def test_a_healthy_home_has_no_fault_and_nothing_is_written_or_sent(home):
    before = contents(home.home)
    found = home.examined()
    assert {name: finding.state for name, finding in found.items() if finding.state is not State.OK} == {
        "service": State.SKIPPED
    }
    assert lacking(found["service"].detail, "`syft-notify start`") == []
    assert lacking(found["mail"].detail, "`syft-notify test-email`") == []
    assert contents(home.home) == before
    assert home.google.requests.count("gmail.messages.send") == 0


def test_a_wider_scope_tells_whose_mailbox_it_is(home):
    home.has("gmail_token.json", home.google.token_file("sender@example.org", (GMAIL_ALL,)))
    assert lacking(home.examined()["mail"].detail, "sender@example.org") == []


class TestPeers:
    def test_a_folder_of_somebody_else_than_its_name_says_is_named(self, home):
        drive, to = home.google.drive, {DO: "writer"}
        drive.folder("ds@example.org", f"syft_datasite#0.10.0#{DO}#inbox#ds@example.org", share=to)
        drive.folder("evil@example.org", f"syft_datasite#0.10.0#{DO}#inbox#victim@example.org", share=to)
        home.google.people.hide_address("hidden@example.org")
        drive.folder("hidden@example.org", f"syft_datasite#0.10.0#{DO}#inbox#hidden@example.org", share=to)
        found = home.examined()["peers"]
        assert found.state is State.OK
        assert lacking(found.detail, "1", "victim@example.org", "evil@example.org", "hidden@example.org") == []
        assert lacking(found.detail, "ds@example.org") == ["ds@example.org"]


class TestTheMachine:
    def test_a_missing_config(self, home):
        home.config.unlink()
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, home.config)) == ("config", [])
        assert lacking(fault.fix, "`syft-notify init`", "--config") == []
        clock = home.examined()["clock"]
        assert (clock.state, lacking(clock.detail, "config")) == (State.SKIPPED, [])

    def test_a_broken_config(self, home):
        home.says(intervall="5", log_level="loud")
        fault = home.fault()
        assert fault.name == "config"
        assert lacking(fault.detail, "intervall", "interval", "log_level", "'loud'") == []
        assert lacking(fault.fix, "`syft-notify init`") == []

    def test_a_folder_that_others_can_look_into(self, home):
        home.folder.chmod(0o755)
        assert (home.fault().name, home.fault().fix) == ("folder", f"`chmod 700 {home.folder}`")

    def test_a_token_that_the_world_can_read(self, home):
        token = home.folder / "gmail_token.json"
        token.chmod(0o644)
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "gmail_token.json")) == ("secrets", [])
        assert fault.fix == f"`chmod 600 {token}`"

    def test_no_syftbox_folder(self, home):
        shutil.rmtree(home.home / f"SyftBox_{DO}")
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, home.home / f"SyftBox_{DO}")) == ("SyftBox", [])
        assert "`syft-notify init`" in fault.fix

    def test_a_syftbox_folder_of_somebody_else(self, home):
        (home.home / f"SyftBox_{DO}" / DO).rename(home.home / f"SyftBox_{DO}" / "else@example.org")
        fault = home.fault()
        assert (fault.name, fault.detail.endswith(f" {DO}")) == ("SyftBox", True)

    def test_a_state_folder_that_cannot_be_written(self, home):
        home.says(state_path="daemon.yaml/state.json")
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, home.config, "written")) == ("disk", [])
        assert lacking(fault.fix, f"`ls -ld {home.config}`") == []

    @pytest.mark.parametrize("lacks", ["f_bavail", "f_favail"])
    def test_a_full_disk(self, home, monkeypatch, lacks):
        room = {"f_bavail": 10**9, "f_frsize": 4096, "f_files": 10**6, "f_favail": 10**6, lacks: 0}
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**room))
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, home.folder, "full")) == ("disk", [])
        assert f"`df -h {home.folder}`" in fault.fix

    def test_a_damaged_database(self, home):
        with opened(home.folder / "notification_state.json") as store:
            admit(store, *(job_event(job=f"job {number}") for number in range(50)))
        database = home.folder / "notification_state.db"
        whole = database.read_bytes()
        database.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
        before = contents(home.folder)
        fault = home.fault()
        assert (fault.name, str(database) in fault.detail) == ("state", True)
        assert lacking(fault.fix, "`syft-notify run --once`", "notification_state.json") == []
        assert contents(home.folder) == before

    @pytest.mark.parametrize("text", ["{half", "[]", '{"notified_jobs": 3}'])
    def test_a_corrupt_state_of_which_the_first_poll_would_know_nothing(self, home, text):
        state = home.has("notification_state.json", text)
        fault = home.fault()
        assert (fault.name, str(state) in fault.detail) == ("state", True)
        assert lacking(fault.fix, "`syft-notify run --once`") == []
        assert state.read_text() == text

    @pytest.mark.parametrize("text", ["{half", '{"notified_jobs": {}}'])
    def test_a_state_that_a_good_database_writes_again_is_no_fault(self, home, text):
        with opened(home.folder / "notification_state.json"):
            pass
        home.has("notification_state.json", text)
        assert lacking(home.examined()["state"].detail, home.folder / "notification_state.db") == []
        assert home.examined()["state"].state is State.OK

    def test_a_database_of_a_newer_program(self, home):
        with opened(home.folder / "notification_state.json") as store:
            store.database.run("PRAGMA user_version = 99")
        assert (home.fault().name, lacking(home.fault().fix, "Update")) == ("state", [])

    def test_a_database_of_another_owner(self, home):
        store = Store(Files(home.folder / "notification_state.json"), "else@example.org")
        store.refresh(datetime.now(UTC))
        store.close()
        fault = home.fault()
        assert lacking(fault.detail, home.folder / "notification_state.json", "else@example.org") == []
        assert lacking(fault.fix, "state_path", DO, home.config) == []


class TestGoogle:
    def test_a_missing_token(self, home):
        (home.folder / "token_do.json").unlink()
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, home.folder / "token_do.json")) == ("Drive token", [])
        assert lacking(fault.fix, "`syft-notify init --renew drive`") == []
        account = home.examined()["Drive account"]
        assert (account.state, lacking(account.detail, "Drive token")) == (State.SKIPPED, [])

    def test_a_token_that_is_none(self, home):
        home.has("gmail_token.json", home.google.client_file())
        fault = home.fault()
        assert fault.name == "mail set-up"
        assert lacking(fault.fix, "credentials.json", "`syft-notify init --renew gmail`") == []

    def test_a_dead_token(self, home):
        home.has("gmail_token.json", home.google.token_file("other@example.org", (GMAIL_SEND,)))
        home.google.tokens.revoke_person("other@example.org")
        fault = home.fault()
        assert (fault.name, "invalid_grant" in fault.detail) == ("mail", True)
        assert lacking(fault.fix, "`syft-notify init --renew gmail`") == []

    @pytest.mark.parametrize(
        "problem", [Injected.INVALID_RAPT, Injected.DISABLED_CLIENT, Injected.ACCESS_DENIED, Injected.ADMIN_POLICY]
    )
    def test_a_consent_that_died_in_another_way(self, home, problem):
        home.google.faults.add(problem, "oauth.token", skip=1, times=None)
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "Gmail", problem.value)) == ("mail", [])
        assert lacking(fault.fix, "`syft-notify init --renew gmail`") == []

    def test_a_wrong_scope(self, home):
        home.has("gmail_token.json", home.google.token_file(DO, (DRIVE_READONLY,)))
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, GMAIL_SEND)) == ("mail set-up", [])
        assert lacking(fault.fix, "`syft-notify init --renew gmail`") == []

    def test_a_wrong_account(self, home):
        home.has("token_do.json", home.google.token_file("else@example.org", (DRIVE_READONLY,)))
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "else@example.org", DO)) == ("Drive account", [])
        assert lacking(fault.fix, "`syft-notify init --renew drive`", "do_email") == []

    def test_drive_cannot_be_reached(self, home):
        home.google.stop()
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "Drive", "Connection refused")) == ("network", [])
        assert lacking(fault.fix, f"`curl -I {home.google.drive_endpoint}`") == []
        mail = home.examined()["mail"]
        assert (mail.state, lacking(mail.detail, "network")) == (State.SKIPPED, [])

    def test_a_proxy_that_wants_a_login(self, home, proxied):
        proxy = proxied(HttpProxy, "me:secret")
        home.says(drive_api_endpoint="https://google.invalid/drive/v3/")
        fault = home.fault()
        assert fault.name == "network"
        assert lacking(fault.detail, f"127.0.0.1:{proxy.port}", "HTTPS_PROXY", "password") == []
        assert lacking(fault.fix, "HTTPS_PROXY", "USER:PASSWORD@") == []

    def test_a_certificate_that_nobody_vouches_for(self, home, proxied, monkeypatch):
        proxied(HttpProxy)
        monkeypatch.delenv("SSL_CERT_FILE")
        home.says(drive_api_endpoint="https://google.invalid/drive/v3/")
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "certificate")) == ("network", [])
        assert lacking(fault.fix, "SSL_CERT_FILE") == []

    def test_the_proxy_and_the_certificates_are_named(self, home, proxied, authority):
        proxy = proxied(HttpProxy)
        home.says(drive_api_endpoint="https://google.invalid/drive/v3/")
        home.environ = dict(os.environ)
        facts = ("https://google.invalid/drive/v3/", f"127.0.0.1:{proxy.port}", "HTTPS_PROXY")
        assert lacking(home.examined()["network"].detail, *facts, authority.file, "SSL_CERT_FILE") == []

    def test_drive_is_ill(self, home):
        home.google.faults.add(Injected.UNAVAILABLE, "drive.about.get")
        assert lacking(home.fault().detail, "Drive", "503") == []

    def test_an_api_that_is_switched_off(self, home):
        home.google.faults.add(Injected.API_DISABLED, "gmail.users.getProfile")
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, "accessNotConfigured"), lacking(fault.fix, "API")) == (
            "mail",
            [],
            [],
        )

    def test_an_account_without_a_mailbox(self, home):
        home.google.faults.add(Injected.NO_MAILBOX, "gmail.users.getProfile")
        fault = home.fault()
        assert (fault.name, lacking(fault.fix, "mailbox")) == ("mail", [])

    @pytest.mark.parametrize(("seconds", "side"), [(90, "ahead"), (-90, "behind")])
    def test_a_clock_that_is_off(self, home, seconds, side):
        home.ahead = timedelta(seconds=seconds)
        fault = home.fault()
        assert (fault.name, lacking(fault.detail, side)) == ("clock", [])
        assert lacking(fault.fix, "`sudo timedatectl set-ntp true`") == []

    def test_a_minute_is_borne(self, home):
        home.ahead = timedelta(seconds=50)
        assert home.examined()["clock"].state is State.OK


class TestTheService:
    def test_one_that_runs_and_is_well_and_one_that_is_not(self, home):
        now = datetime.now(UTC)
        health = Health(os.getpid(), "1", str(home.config), now, 30, "run", {}, next_poll=now)
        with FileLock(home.folder / "syft-notify.lock"):
            fault = home.fault()
            assert (fault.name, lacking(fault.detail, "syft-notify.status.json")) == ("service", [])
            health.write(home.folder / "syft-notify.status.json")
            service = home.examined()["service"]
            assert (service.state, lacking(service.detail, os.getpid())) == (State.OK, [])
            health.problems = ["Drive answered 503."]
            health.write(home.folder / "syft-notify.status.json")
            fault = home.fault()
        assert (fault.name, lacking(fault.detail, os.getpid(), "Drive answered 503")) == ("service", [])
        assert lacking(fault.fix, "`syft-notify logs --errors`") == []
