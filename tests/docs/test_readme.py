"""A newcomer follows the README from the top to the bottom, on a local Google."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from syft_notify.sandbox import Sandbox
from tests.browser import answered, visited
from tests.docs.markdown import README, Block, code_in
from tests.newcomer import Newcomer
from tests.system.dialogue import Dialogue

OWNER, SCIENTIST = "you@example.org", "ds@example.org"


class Reader(Newcomer):
    """A newcomer who does what the README says."""

    def follow(self, block: Block) -> str:
        """Do what the block says; returns what was printed. Questions are answered with Enter, consent is given."""
        if block.language == "python":
            code = self.home / "block.py"
            code.write_text(block.code)
            with patch("builtins.input", lambda prompt: ""):
                runpy.run_path(str(code), {"client_do": self._client()})
            return ""
        with Dialogue(block.code, home=self.home, program=["/bin/sh", "-e", "-c"]) as shell:
            if "syft-notify init" in block.code:
                self._sets_up(shell)
            code, _ = shell.ended()
        assert code == 0, f"{block.code}\n{shell.seen}"
        return shell.seen

    def _sets_up(self, shell: Dialogue) -> None:
        for question in ("Your email address", "Your SyftBox folder", "The OAuth client's file"):
            shell.asked(question, "")
        for _ in range(2):
            assert visited(answered(shell.page(), OWNER)).status_code == 200
        shell.asked(f"Send a test mail to {OWNER}?", "")

    def _client(self) -> SimpleNamespace:
        """As much of the client that `login_do()` returns as syft-notify looks at."""
        connection = SimpleNamespace(token_path=self.folder / "token_do.json")
        router = SimpleNamespace(connections=[connection])
        return SimpleNamespace(
            email=OWNER,
            syftbox_folder=self.root,
            has_do_role=True,
            sync_engine=SimpleNamespace(_connection_router=router),
        )


@pytest.fixture
def newcomer(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SYFT_NOTIFY_CONFIG", raising=False)
    return Reader(sandbox, tmp_path / "home", OWNER)


def test_it_leads_from_nothing_to_mails(newcomer):
    drive = newcomer.google.drive
    box = drive.folder(SCIENTIST, "SyftBox")
    drive.folder(SCIENTIST, f"syft_datasite#0.10.0#{OWNER}#inbox#{SCIENTIST}", box, share={OWNER: "writer"})

    printed = "".join(newcomer.follow(block) for block in README.blocks("sh", "python"))

    assert "15 mails were sent" in printed
    assert "Nothing is wrong." in printed
    assert f"would send to {OWNER}: New peer request from {SCIENTIST}" in printed
    assert "Polled once: 1 new event, 2 mails sent." in printed
    received = {person: newcomer.google.mailbox(person).received for person in (OWNER, SCIENTIST)}
    assert [(person, mail.text.lstrip().splitlines()[0]) for person in received for mail in received[person]] == [
        (OWNER, "syft-notify can send you mail"),
        (OWNER, "syft-notify can send you mail"),
        (OWNER, f"New peer request from {SCIENTIST}"),
        (OWNER, "syft-notify can send you mail"),
        (SCIENTIST, f"Peer request sent to {OWNER}"),
        (SCIENTIST, f"Peer request accepted by {OWNER}"),
    ]
    assert_the_files_are_as_documented(newcomer)


def assert_the_files_are_as_documented(newcomer: Reader) -> None:
    rows = README.table("in `~/.syft-creds` (0700)")
    modes = {name.rstrip("/"): mode for names, mode, _ in rows for name in code_in(names)}
    found = {path.name: f"{path.stat().st_mode & 0o777:04o}" for path in newcomer.folder.iterdir()}
    assert newcomer.folder.stat().st_mode & 0o777 == 0o700
    assert found.keys() <= modes.keys()
    assert {"notification_state.json", "notification_state.lock", "token_do.json", "gmail_token.json"} <= found.keys()
    assert {name: mode for name, mode in found.items() if not modes[name].startswith((mode, "yours"))} == {}
