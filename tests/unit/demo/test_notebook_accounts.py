"""The two accounts of a notebook. The notebooks themselves are played in tests/docs."""

from __future__ import annotations

import os
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from googleapiclient import discovery

from syft_notify import NotificationMonitor
from syft_notify.demo.notebook_accounts import RealAccounts, ReceivedMail, ReceivedMails, SandboxAccounts
from syft_notify.domain.errors import UserError
from syft_notify.domain.kinds import Kind
from syft_notify.sandbox.client_redirect import lead_clients_to
from tests.unit.makers import job_event, peer_event
from tests.unit.store.stores import admit, deliver, opened

DO, DS = "owner@example.org", "scientist@example.org"


@pytest.fixture
def googles_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leads clients elsewhere ends with the test; that another test imported one is none of this one's."""
    for name in ("syft.sync", "syft_client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(discovery, "build", discovery.build)


@pytest.fixture
def accounts(googles_build: None) -> Iterator[SandboxAccounts]:
    made = SandboxAccounts()
    yield made
    made.close()


class TestOnTheSandbox:
    def asks(self, accounts: SandboxAccounts) -> None:
        drive = accounts._google.drive
        box = drive.folder(DS, "SyftBox")
        drive.folder(DS, f"syft_datasite#0.10.0#{DO}#inbox#{DS}", box, share={DO: "writer"})

    def monitor(self, accounts: SandboxAccounts) -> NotificationMonitor:
        (Path.home() / f"SyftBox_{DO}").mkdir()
        path = Path(os.environ["SYFT_NOTIFY_CONFIG"])
        with path.open("a") as config:
            config.write(f"do_email: {DO}\nsyftbox_root: ~/SyftBox_{DO}\n")
        return NotificationMonitor.from_config()

    def test_the_mails_of_a_step_are_shown_and_those_before_no_more(self, accounts):
        monitor = self.monitor(accounts)
        self.asks(accounts)
        monitor.check()
        mails = accounts.expect_mails(to_do=["peer requested"], to_ds=["peer requested"])
        assert [(mail.to, mail.headline) for mail in mails] == [
            (DO, f"New peer request from {DS}"),
            (DS, f"Peer request sent to {DO}"),
        ]
        assert "approve_peer_request" in mails[0].text
        assert accounts.expect_mails() == []

    @pytest.mark.parametrize(
        ("expected", "says"),
        [
            ({"to_do": ["peer requested"]}, f"missing: none; mails too many: peer requested to {DS}"),
            ({"to_do": ["peer requested"] * 2, "to_ds": ["peer requested"]}, f"missing: peer requested to {DO}; mails"),
            ({}, "missing: none; mails too many: peer requested to"),
        ],
    )
    def test_a_mail_that_is_missing_or_too_much_is_an_error(self, accounts, expected, says):
        monitor = self.monitor(accounts)
        self.asks(accounts)
        monitor.check()
        with pytest.raises(UserError, match=says):
            accounts.expect_mails(**expected, within=0.2)

    def test_the_home_is_closed_to_others_and_ends_with_the_accounts(self, accounts, monkeypatch):
        former, home = accounts._former, Path.home()
        assert home.stat().st_mode & 0o077 == 0
        secret = [path for path in (home / ".syft-creds").iterdir() if path.stat().st_mode & 0o077]
        assert secret == []
        accounts.close()
        accounts.close()
        assert not home.exists()
        assert {name: os.environ.get(name) for name in former} == former

    def test_a_client_that_was_imported_before_is_refused_and_nothing_is_left(self, googles_build, monkeypatch):
        monkeypatch.setitem(sys.modules, "syft.sync", types.ModuleType("syft.sync"))
        home, threads = os.environ["HOME"], threading.active_count()
        with pytest.raises(UserError, match="Restart the kernel"):
            SandboxAccounts()
        assert os.environ["HOME"] == home
        assert threading.active_count() == threads

    def test_only_services_without_an_endpoint_of_their_own_are_led_elsewhere(self, googles_build):
        lead_clients_to("http://127.0.0.1:1/")
        lead_clients_to("http://127.0.0.1:2/")
        http = object()
        assert discovery.build("drive", "v3", http=http)._baseUrl == "http://127.0.0.1:2/drive/v3/"
        own = discovery.build("drive", "v3", http=http, client_options={"api_endpoint": "http://127.0.0.1:3/drive/v3/"})
        assert own._baseUrl == "http://127.0.0.1:3/drive/v3/"


class TestRealOnes:
    def test_what_went_out_is_read_from_the_history_since_the_beginning(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".syft-creds").mkdir()
        with opened(tmp_path / ".syft-creds" / "notification_state.json") as store:
            admit(store, job_event())
            assert deliver(store) == ["new", "submitted"]
            accounts = RealAccounts(DO.upper(), DS, "~/token_do.json", tmp_path / "token_ds.json")
            assert (accounts.do, accounts.do_token) == (DO, tmp_path / "token_do.json")
            assert accounts.settings == {}
            admit(store, peer_event(Kind.PEER_GRANTED, DS))
            deliver(store)
            (mail,) = accounts.expect_mails(to_ds=["peer granted"])
        assert (mail.to, mail.event, mail.headline) == (DS, "peer granted", f"peer_granted_{DS}")
        accounts.close()


def test_mails_are_a_table_in_a_notebook_and_lines_elsewhere():
    mails = ReceivedMails([ReceivedMail(DO, "job submitted", "New job: <script>", "text")])
    assert repr(mails) == f"{DO}  job submitted  New job: <script>"
    assert "New job: &lt;script&gt;" in mails._repr_html_()
    assert repr(ReceivedMails()) == "No mail."
    assert "No mail." in ReceivedMails()._repr_html_()
