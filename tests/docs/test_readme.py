"""A newcomer follows the README from the top to the bottom, on a local Google."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import Grant
from tests.docs.markdown import README, Block, code_in
from tests.system.program import environment

OWNER, SCIENTIST = "you@example.org", "ds@example.org"


class Newcomer:
    """Has a home with nothing but a download and what the SyftBox client made."""

    def __init__(self, google: Sandbox, home: Path) -> None:
        self.google = google
        self.home = home
        self.folder = home / ".syft-creds"
        self._code = home / "block.py"
        self.root = home / f"SyftBox_{OWNER}"
        (self.root / OWNER).mkdir(parents=True)
        (home / "Downloads").mkdir()
        (home / "Downloads" / "client_secret_1234.json").write_text(json.dumps({"installed": self._oauth_client()}))
        google.people.register(OWNER)

    def _oauth_client(self) -> dict[str, str]:
        tokens = self.google.tokens
        known = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
        return {**known, "auth_uri": f"{self.google.url}/auth", "token_uri": self.google.token_uri}

    def follow(self, block: Block) -> str:
        """Do what the block says; returns what was printed. Whatever asks for consent gets it."""
        if block.language == "python":
            self._code.write_text(block.code)
            runpy.run_path(str(self._code), {"client_do": self._client()})
            return ""
        shell = subprocess.Popen(
            ["/bin/sh", "-e", "-c", block.code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.home,
            env=self._environment(),
        )
        with shell:
            assert shell.stdout is not None
            printed = [self._heard(line) for line in shell.stdout]
        assert shell.returncode == 0, f"{block.code}\n{''.join(printed)}"
        self._point_the_config_to_the_local_google()
        return "".join(printed)

    def _environment(self) -> dict[str, str]:
        known = environment(self.home)
        # The local Google speaks http, which oauthlib must be told to accept.
        ours = {"OAUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONUNBUFFERED": "1"}
        return {**known, **ours, "PATH": f"{Path(sys.executable).parent}:{known['PATH']}"}

    def _heard(self, line: str) -> str:
        address = re.search(rf"{self.google.url}/auth\?\S+", line)
        if address:
            self._consent(address.group())
        return line

    def _consent(self, address: str) -> None:
        """Log in, tick everything, and let the browser go where Google sends it."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        place = asked["redirect_uri"]
        code = self.google.tokens.code(Grant(OWNER, tuple(asked["scope"].split()), place, asked["code_challenge"]))
        with urlopen(f"{place}?{urlencode({'state': asked['state'], 'code': code})}", timeout=10) as page:  # noqa: S310 - loopback
            assert page.status == 200

    def _point_the_config_to_the_local_google(self) -> None:
        config = self.folder / "daemon.yaml"
        if config.exists() and "_endpoint" not in config.read_text():
            google = self.google
            with config.open("a") as file:
                file.write(f"drive_api_endpoint: {google.drive_endpoint}\n")
                file.write(f"gmail_api_endpoint: {google.gmail_endpoint}\noauth_token_uri: {google.token_uri}\n")

    def _client(self) -> SimpleNamespace:
        """As much of the client that `login_do()` returns as the watchman looks at."""
        connection = SimpleNamespace(token_path=self.folder / "token_do.json")
        router = SimpleNamespace(connections=[connection])
        return SimpleNamespace(
            email=OWNER,
            syftbox_folder=self.root,
            has_do_role=True,
            sync_engine=SimpleNamespace(_connection_router=router),
        )


@pytest.fixture
def newcomer(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newcomer:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SYFT_NOTIFY_CONFIG", raising=False)
    return Newcomer(sandbox, tmp_path / "home")


def test_it_leads_from_nothing_to_a_watchman_that_mails(newcomer):
    drive = newcomer.google.drive
    box = drive.folder(SCIENTIST, "SyftBox")
    drive.folder(SCIENTIST, f"syft_datasite#0.10.0#{OWNER}#inbox#{SCIENTIST}", box, share={OWNER: "writer"})

    printed = "".join(newcomer.follow(block) for block in README.blocks("sh", "python"))

    assert "15 mails were sent" in printed
    assert f"would send to {OWNER}: New peer request from {SCIENTIST}" in printed
    assert "Polled once: 1 new event, 2 mails sent." in printed
    received = {person: newcomer.google.mailbox(person).received for person in (OWNER, SCIENTIST)}
    assert [(person, mail.text.lstrip().splitlines()[0]) for person in received for mail in received[person]] == [
        (OWNER, f"New peer request from {SCIENTIST}"),
        (SCIENTIST, f"Peer request sent to {OWNER}"),
        (SCIENTIST, f"Peer request accepted by {OWNER}"),
    ]
    assert_the_files_are_as_documented(newcomer)


def assert_the_files_are_as_documented(newcomer: Newcomer) -> None:
    rows = README.table("in `~/.syft-creds` (0700)")
    modes = {name.rstrip("/"): mode for names, mode, _ in rows for name in code_in(names)}
    found = {path.name: f"{path.stat().st_mode & 0o777:04o}" for path in newcomer.folder.iterdir()}
    assert newcomer.folder.stat().st_mode & 0o777 == 0o700
    assert found.keys() <= modes.keys()
    assert {"notification_state.json", "notification_state.lock", "token_do.json", "gmail_token.json"} <= found.keys()
    assert {name: mode for name, mode in found.items() if not modes[name].startswith((mode, "yours"))} == {}
