"""`syft-notify doctor`, `test-email` and `peer-granted` as processes, and how they look where."""

from __future__ import annotations

import json
import subprocess

import pytest

from syft_notify.sandbox import Injected
from tests.facts import lacking
from tests.folders import contents
from tests.stories.site import Site
from tests.system.dialogue import Dialogue
from tests.system.program import environment, syft_notify

DO, DS = "do@example.org", "ds@example.org"


def doctor(site: Site, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(site.home), **environ}
    return syft_notify("doctor", "-c", site.config_file, *options, home=site.home, env=env)


def secrets(site: Site) -> list[str]:
    token = json.loads((site.home / "gmail_token.json").read_text())
    return [token["refresh_token"], token["client_secret"], token["token"]]


@pytest.fixture
def well(site: Site) -> Site:
    site.home.chmod(0o700)
    return site


@pytest.fixture
def ill(well: Site) -> Site:
    (well.home / "gmail_token.json").chmod(0o644)
    well.google.tokens.revoke_person(DO)
    return well


def test_where_all_is_well_it_ends_with_0_and_leaves_no_trace(well):
    assert well.config_file.exists()
    before = contents(well.home)
    ended = doctor(well)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert [line[0] for line in lines[:-2]] == ["✓"] * 15 + ["-"]
    assert contents(well.home) == before
    assert well.google.mailbox(DO).sent == []


def test_each_fault_stands_above_its_fix(ill):
    ended = doctor(ill)
    assert (ended.returncode, ended.stderr) == (1, "")
    lines = [line.strip() for line in ended.stdout.splitlines()]
    fixes = [(line.split("  ")[0], lines[at + 1]) for at, line in enumerate(lines) if line.startswith("✗")]
    place = f"-c {ill.config_file}`"
    assert fixes == [
        ("✗ secrets", f"→ `chmod 600 {ill.home / 'gmail_token.json'}`"),
        ("✗ Drive consent", f"→ Run `syft-notify init --renew drive {place}"),
        ("✗ mail", f"→ Run `syft-notify init --renew gmail {place}"),
    ]
    assert lacking(lines[-1], "3", "secrets", "Drive consent", "mail") == []
    assert [secret for secret in secrets(ill) if secret in ended.stdout] == []


def test_json_is_one_document(ill):
    ended = doctor(ill, "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    document = json.loads(ended.stdout)
    assert (document["healthy"], document["config"]) == (False, str(ill.config_file))
    checks = {check["name"]: check for check in document["checks"]}
    assert len(checks) == 16
    assert checks["config"]["fix"] is None
    assert checks["Drive account"]["state"] == "skipped"
    assert "--renew gmail" in checks["mail"]["fix"]
    assert [secret for secret in secrets(ill) if secret in ended.stdout] == []


@pytest.mark.parametrize("environ", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LANG": "en_US.ISO-8859-1"}], ids=str)
def test_without_utf_8_it_speaks_in_letters(ill, environ):
    ended = doctor(ill, **environ)
    assert ended.stdout.isascii()
    assert {line.split(" ")[0] for line in ended.stdout.splitlines()[:-2]} == {"ok", "FAIL", "skip", ""}
    assert "Fix: `chmod 600" in ended.stdout


class TestOnATerminal:
    def shown(self, site: Site, **environ: str) -> str:
        options = ("doctor", "-c", str(site.config_file))
        with Dialogue(*options, home=site.home, environ={"TERM": "xterm", **environ}) as terminal:
            code, text = terminal.ended()
        assert code == 1
        return text

    def test_good_is_green_and_bad_is_red(self, ill):
        text = self.shown(ill)
        assert "\x1b[32m✓\x1b[0m config" in text
        assert "\x1b[31m✗\x1b[0m secrets" in text

    @pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
    def test_not_where_nobody_wants_it(self, ill, environ):
        assert "\x1b" not in self.shown(ill, **environ)

    def test_nothing_moves_on_a_dumb_terminal(self, well):
        options = ("run", "--once", "-c", str(well.config_file))
        with Dialogue(*options, home=well.home) as terminal:
            code, text = terminal.ended()
        assert (code, len(text.splitlines())) == (0, 1)
        assert "\x1b" not in text


class TestTestEmail:
    def test_it_says_what_went_to_whom(self, well):
        for options, to in (([], DO), (["--to", "Else@example.org"], "else@example.org")):
            ended = syft_notify("test-email", "-c", well.config_file, *options, home=well.home)
            assert (ended.returncode, ended.stderr) == (0, "")
            (mail,) = well.google.mailbox(to).received
            assert lacking(ended.stdout.splitlines()[0], mail.subject, to, "Gmail") == []

    def test_what_is_no_address_is_wrong_usage(self, well):
        ended = syft_notify("test-email", "--to", "me", "-c", well.config_file, home=well.home)
        assert (ended.returncode, lacking(ended.stderr, "--to", "'me'")) == (2, [])

    def test_a_dead_token_is_78_and_a_passing_fault_1(self, well):
        well.google.faults.add(Injected.UNAVAILABLE, "gmail.messages.send")
        ended = syft_notify("test-email", "-c", well.config_file, home=well.home)
        assert (ended.returncode, lacking(ended.stderr, "Error", "Gmail", "503", "backendError")) == (1, [])
        well.google.tokens.revoke_person(DO)
        for name in ("token_do.json", "gmail_token.json"):
            path = well.home / name
            path.write_text(json.dumps({**json.loads(path.read_text()), "expiry": "2020-01-01T00:00:00Z"}))
        ended = syft_notify("test-email", "-c", well.config_file, home=well.home)
        assert (ended.returncode, lacking(ended.stderr, "`syft-notify init --renew gmail")) == (78, [])


class TestPeerGranted:
    def test_the_scientist_is_told_once(self, well):
        for count in (1, 2):
            ended = syft_notify("peer-granted", DS.upper(), "-c", well.config_file, home=well.home)
            assert (ended.returncode, ended.stderr) == (0, "")
            assert lacking(ended.stdout, DS, "sent" if count == 1 else "before") == []
        assert len(well.google.mailbox(DS).received) == 1

    def test_what_did_not_go_out_waits_and_is_said(self, well):
        well.google.faults.add(Injected.UNAVAILABLE, "gmail.messages.send")
        ended = syft_notify("peer-granted", DS, "-c", well.config_file, home=well.home)
        assert (ended.returncode, lacking(ended.stdout, DS, "again")) == (1, [])

    def test_dead_tokens_are_78(self, well):
        well.google.faults.add(Injected.API_DISABLED, "gmail.messages.send")
        ended = syft_notify("peer-granted", DS, "-c", well.config_file, home=well.home)
        assert (ended.returncode, lacking(ended.stderr, "accessNotConfigured", "API")) == (78, [])
