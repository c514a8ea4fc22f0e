"""`NotificationMonitor.setup` below a cell: `print` and `input` are all that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syft_notify import NotificationMonitor
from syft_notify.config.paths import COLAB_DRIVE, default_folder
from syft_notify.domain.errors import UserError
from syft_notify.sandbox.tokens import GMAIL_SEND
from tests.browser import answered, visited
from tests.facts import lacking
from tests.folders import contents
from tests.stories.site import DO, Site, requested
from tests.stories.test_notebook import client, settings


class Cell:
    """Answers what is asked, and knows what was printed and asked so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.answers: dict[str, str | type[BaseException]] = {}
        self.asked: list[str] = []
        self.printed = ""

    def input(self, prompt: str) -> str:
        self.asked.append(prompt)
        self.heard()
        if "address" in prompt and "browser" in prompt:
            page = re.findall(r"http://127\S+/o/oauth2/auth\?\S+", self.printed)[-1]
            return answered(page, DO)
        answer = next((answer for question, answer in self.answers.items() if question in prompt), "")
        if isinstance(answer, type):
            raise answer
        return answer

    def heard(self) -> str:
        self.printed += self._capsys.readouterr().out
        return self.printed


@pytest.fixture
def cell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cell:
    """Nobody has a browser here."""
    cell = Cell(capsys)
    monkeypatch.setattr("builtins.input", cell.input)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SYFT_NOTIFY_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    return cell


@pytest.fixture
def home(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home with a download, and the lines that lead to the local Google."""
    home = tmp_path / "fresh"
    (home / ".syft-creds").mkdir(parents=True, mode=0o700)
    (home / ".syft-creds").chmod(0o700)
    (home / "Downloads").mkdir()
    (home / "Downloads" / "client_secret_1.json").write_text(site.google.client_file())
    (home / ".syft-creds" / "daemon.yaml").write_text(
        f"drive_api_endpoint: {site.google.drive_endpoint}\ngmail_api_endpoint: {site.google.gmail_endpoint}\n"
        f"oauth_token_uri: {site.google.token_uri}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    return home


def token(home: Path, name: str) -> dict[str, Any]:
    return json.loads((home / ".syft-creds" / name).read_text())


def test_without_a_client_everything_is_asked_below_the_cell(site, home, cell):
    site.ask("ds@example.org")
    cell.answers = {"email address": DO, "SyftBox folder": str(site.root), "test mail": "n"}
    monitor = NotificationMonitor.setup()
    assert monitor.check().sent == 2
    assert site.new_mails() == sorted(requested())
    assert token(home, "gmail_token.json")["scopes"] == [GMAIL_SEND]
    assert "ssh -L" not in cell.heard()
    assert len([prompt for prompt in cell.asked if "browser" in prompt]) == 2


@pytest.mark.parametrize("release", ["0.1.93", "syft-rds-0.6.1"])
def test_with_a_client_only_the_consent_to_send_mail_is_asked_for(site, home, cell, release):
    site.ask("ds@example.org")
    monitor = NotificationMonitor.setup(client(site, release), test_mail=True)
    client_file, address = cell.asked
    assert lacking(client_file, "OAuth client", "~/Downloads/client_secret_1.json") == []
    assert lacking(address, "browser") == []
    assert monitor.check().sent == 2
    assert site.google.mailbox(DO).received[0].header("X-Syft-Event") == "test"
    assert not (home / ".syft-creds" / "token_do.json").exists()
    assert token(home, "gmail_token.json")["scopes"] == [GMAIL_SEND]


def test_a_browser_of_this_machine_is_waited_for(site, home, cell, monkeypatch):
    cell.answers = {"email address": DO, "SyftBox folder": str(site.root)}
    monkeypatch.setattr("syft_notify.setup.consents.open_page", lambda address: visited(answered(address, DO)))
    NotificationMonitor.setup(browser=True, test_mail=False)
    assert [prompt for prompt in cell.asked if "address where" in prompt] == []
    assert token(home, "token_do.json")["refresh_token"]


def test_a_second_time_it_asks_for_no_consent_and_changes_nothing(site, home, cell):
    NotificationMonitor.setup(client(site, "syft-rds-0.6.1"), test_mail=False)
    before = contents(home)
    cell.asked.clear()
    NotificationMonitor.setup(client(site, "syft-rds-0.6.1"), test_mail=False)
    assert cell.asked == []
    assert contents(home) == before
    NotificationMonitor.setup(client(site, "syft-rds-0.6.1"), test_mail=False, renew="gmail")
    assert len(cell.asked) == 1


def test_on_colab_everything_lies_on_the_mounted_drive_and_is_found_there(site, home, cell, monkeypatch, tmp_path):
    assert Path("/content/drive/MyDrive") == COLAB_DRIVE
    drive = tmp_path / "MyDrive"
    drive.mkdir()
    monkeypatch.setattr(default_folder, "__defaults__", (drive,))
    folder = drive / "syft-creds"
    folder.mkdir(mode=0o700)
    (home / ".syft-creds" / "daemon.yaml").rename(folder / "daemon.yaml")
    site.ask("ds@example.org")

    NotificationMonitor.setup(client(site, "0.1.93"), test_mail=False)

    assert {path.name for path in folder.iterdir()} >= {"daemon.yaml", "gmail_token.json"}
    assert list((home / ".syft-creds").iterdir()) == []
    google = {key: value for key, value in settings(site).items() if not key.endswith("_path")}
    assert NotificationMonitor.from_client(client(site, "0.1.93"), **google).check().sent == 2
    assert (folder / "notification_state.json").is_file()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (KeyboardInterrupt, "Interrupted"),
        (EOFError, "email address"),
        (NotImplementedError, "email address"),
    ],
)
def test_a_cell_that_is_interrupted_or_run_by_a_program_leaves_all_as_it_was(site, home, cell, answer, says):
    cell.answers = {"email address": answer}
    before = contents(home)
    with pytest.raises(UserError, match=says):
        NotificationMonitor.setup()
    assert contents(home) == before


def test_mistakes_are_named(site, home, cell):
    with pytest.raises(UserError, match="data owner"):
        NotificationMonitor.setup(SimpleNamespace(email="ds@example.org", has_do_role=False))
    with pytest.raises(UserError, match="'mail'"):
        NotificationMonitor.setup(renew="mail")
