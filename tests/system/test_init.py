"""`syft-notify init` at a real terminal, with the pages of the local Google, up to the first mail."""

from __future__ import annotations

import socket
import stat
import subprocess
from pathlib import Path

import pytest

from syft_notify.config.file_lock import FileLock
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY, GMAIL_SEND
from tests.browser import answered, visited
from tests.facts import lacking
from tests.folders import contents
from tests.newcomer import Newcomer
from tests.system.dialogue import PROGRAM, Dialogue
from tests.system.program import environment, syft_notify, wait_until

DO, DS = "do@example.org", "ds@example.org"
EMAIL, ROOT, CLIENT = "Your email address", "Your SyftBox folder", "The OAuth client's file"
TEST_MAIL, AGAIN, ANEW, PASTE = f"test mail to {DO}?", "again?", "anew?", "paste it"


class Person(Newcomer):
    """A newcomer who sits down at a terminal."""

    def has_dead_tokens(self) -> None:
        """What was there before."""
        self.has_tokens()
        self.has_settings(oauth_token_uri=self.google.token_uri)
        self.google.tokens.revoke_person(DO)

    def sits_down(self, *options: str, **environ: str) -> Dialogue:
        return Dialogue("init", *options, home=self.home, environ=environ)


@pytest.fixture
def newcomer(sandbox: Sandbox, tmp_path: Path) -> Person:
    return Person(sandbox, tmp_path / "home", DO)


def assert_set_up(newcomer: Person) -> None:
    """The files are right, and a poll mails."""
    assert newcomer.token("token_do.json")["scopes"] == [DRIVE_READONLY]
    assert newcomer.token("gmail_token.json")["scopes"] == [GMAIL_SEND]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in newcomer.folder.iterdir()}
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == {}
    assert {"credentials.json", "daemon.yaml", "token_do.json", "gmail_token.json"} <= modes.keys()
    drive = newcomer.google.drive
    box = drive.folder(DS, "SyftBox")
    drive.folder(DS, f"syft_datasite#0.10.0#{DO}#inbox#{DS}", box, share={DO: "writer"})
    ended = syft_notify("run", "--once", home=newcomer.home)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert lacking(ended.stdout.splitlines()[-1], "1 new event", "2 mails") == []


class TestAtTheTerminal:
    def test_each_answer_wrong_once_then_right_and_a_browser(self, newcomer):
        """The browser is a program that is told the address and ends at once; the person answers there."""
        opened = newcomer.home / "opened"
        browser = newcomer.home / "browser"
        browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" > {opened}.new && mv {opened}.new {opened}\n')
        browser.chmod(0o700)

        def page() -> str:
            wait_until(opened.exists)
            address = opened.read_text().strip()
            opened.unlink()
            return address

        with newcomer.sits_down(BROWSER=f"{browser} %s &") as init:
            init.asked(EMAIL, "nobody")
            assert lacking(init.asked(EMAIL, ""), "'nobody'", "email address") == []
            init.asked(ROOT, "browser")
            assert lacking(init.asked(ROOT, ""), "file", "folder") == []
            init.asked(CLIENT, "browser")
            assert lacking(init.asked(CLIENT, ""), "JSON") == []
            init.hears("Consent for Drive")
            visited(answered(page(), DO, deny=True))
            assert lacking(init.asked(AGAIN, "perhaps"), "denied") == []
            assert lacking(init.asked(AGAIN, ""), "'perhaps'") == []
            visited(answered(page(), "other@example.org"))
            init.hears("other@example.org")
            visited(answered(page(), DO))
            init.hears("Consent for Gmail")
            visited(answered(page(), DO, untick="gmail.send"))
            assert lacking(init.asked(AGAIN, "y"), "denied") == []
            visited(answered(page(), DO))
            init.asked(TEST_MAIL, "hm")
            init.asked(TEST_MAIL, "y")
            code, end = init.ended()
        assert code == 0
        assert end.splitlines()[-3].strip() == "Next:"
        assert "syft-notify run --once --dry-run" in end
        assert "Traceback" not in init.seen
        (mail,) = newcomer.google.mailbox(DO).received
        assert lacking(mail.subject, "Test", "syft-notify") == []
        assert_set_up(newcomer)

    def test_a_pasted_address_after_wrong_ones(self, newcomer):
        with newcomer.sits_down("--no-browser", "--no-test-mail") as init:
            init.asked(EMAIL, DO)
            init.asked(ROOT, str(newcomer.root))
            init.asked(CLIENT, "")
            page = init.page()
            for wrong, says in (
                ("what?", "browser ended"),
                (page, "Google's page"),
                (answered(page, DO).replace("state=", "state=x"), "another question"),
            ):
                init.types(wrong)
                init.hears(says)
            init.types(answered(page, "other@example.org"))
            init.hears("other@example.org")
            init.types(answered(init.page(), DO, deny=True))
            init.asked(AGAIN, "")
            init.types(answered(init.page(), DO))
            init.hears("Drive: you agreed")
            init.types(answered(init.page(), DO))
            assert init.ended()[0] == 0
        assert "Traceback" not in init.seen
        assert_set_up(newcomer)

    def test_without_a_browser_the_answer_may_come_through_a_tunnel_to_the_port(self, newcomer):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with newcomer.sits_down("--no-browser", "--port", str(port), "--no-test-mail", "--email", DO) as init:
            init.asked(ROOT, "")
            init.asked(CLIENT, "")
            for _ in range(2):
                page = init.page()
                init.hears(f"ssh -L {port}:127.0.0.1:{port} you@this-machine")
                landed = answered(page, DO)
                assert landed.startswith(f"http://127.0.0.1:{port}/?")
                assert "syft-notify" in visited(landed).text
            assert init.ended()[0] == 0
        assert_set_up(newcomer)

    def test_an_unticked_box_is_explained(self, newcomer):
        newcomer.is_set_up()
        (newcomer.folder / "token_do.json").write_text(newcomer.google.token_file(DO))  # it may do both
        before = newcomer.token("token_do.json")
        with newcomer.sits_down("--renew", "drive", "--no-browser") as init:
            init.asked(CLIENT, "")
            visited(answered(init.page(), DO, untick="gmail.send"))
            said = init.asked(AGAIN, "n")
            code, end = init.ended()
        assert lacking(said, "'Send email on your behalf'") == []
        assert (code, end.splitlines()[-1].startswith("Error: ")) == (1, True)
        assert newcomer.token("token_do.json") == before

    def test_an_app_in_testing_is_told_at_once(self, newcomer):
        newcomer.is_set_up()
        newcomer.google.tokens.in_testing = True
        with newcomer.sits_down("--renew", "gmail", "--no-browser", "--no-test-mail") as init:
            init.asked(CLIENT, "")
            visited(answered(init.page(), DO))
            code, said = init.ended()
        assert code == 0
        assert lacking(said, "Testing", "Publish app") == []


class TestCtrlC:
    """At every prompt: one line, exit code 1, and all is as it was."""

    STEPS = ("email", "root", "client", "drive", "again", "gmail")

    @pytest.mark.parametrize("step", STEPS)
    def test_before_the_last_answer_nothing_is_changed(self, newcomer, step):
        newcomer.has_dead_tokens()
        before = contents(newcomer.home)
        with newcomer.sits_down("--no-browser") as init:
            for prompt in (EMAIL, ROOT, CLIENT)[: self.STEPS.index(step)]:
                init.asked(prompt, "")
            if step in ("email", "root", "client"):
                init.hears({"email": EMAIL, "root": ROOT, "client": CLIENT}[step])
                init.hears(": ")
            else:
                page = init.page()
                init.hears(PASTE)
                if step == "again":
                    visited(answered(page, DO, deny=True))
                    init.hears("(y/n) [y]: ")
                if step == "gmail":
                    visited(answered(page, DO))
                    init.page()
                    init.hears(PASTE)
            init.presses("c")
            code, end = init.ended()
        assert code == 1
        assert end.splitlines()[-1].startswith("Error: Interrupted")
        assert "Traceback" not in init.seen
        assert contents(newcomer.home) == before

    def test_at_the_test_mail_all_is_set_up(self, newcomer):
        newcomer.is_set_up()
        with newcomer.sits_down() as init:
            init.asked(EMAIL, "")
            init.asked(ROOT, "")
            init.hears(TEST_MAIL)
            init.hears(": ")
            init.presses("c")
            code, end = init.ended()
        assert code == 1
        assert lacking(end.splitlines()[-1], "Error: Interrupted", "test mail") == []
        assert syft_notify("run", "--once", home=newcomer.home).returncode == 0

    def test_the_end_of_the_input_is_an_error_that_names_the_flag(self, newcomer):
        with newcomer.sits_down() as init:
            init.hears(EMAIL)
            init.hears(": ")
            init.presses("d")
            code, end = init.ended()
        assert code == 1
        assert lacking(end.splitlines()[-1], "--email") == []


class TestAConfigThatIsThere:
    def test_it_may_be_written_anew_and_the_old_one_is_kept(self, newcomer):
        newcomer.is_set_up()
        config = newcomer.folder / "daemon.yaml"
        with config.open("a") as file:
            file.write("intervall: 60\n")
        broken = config.read_text()
        with newcomer.sits_down() as init:
            said = init.asked(ANEW, "n")
            assert init.ended()[0] == 1
        assert lacking(said, "'intervall'", "interval") == []
        assert config.read_text() == broken
        with newcomer.sits_down("--no-test-mail") as init:
            init.asked(ANEW, "y")
            init.asked(EMAIL, "")
            init.asked(ROOT, "")
            assert init.ended()[0] == 0
        (aside,) = newcomer.folder.glob("daemon.yaml.old-*")
        assert aside.read_text() == broken
        assert syft_notify("run", "--once", home=newcomer.home).returncode == 0

    def test_who_runs_it_is_told_how_the_change_takes_effect(self, newcomer):
        newcomer.is_set_up()
        with FileLock(newcomer.folder / "syft-notify.lock"):
            ended = syft_notify("init", "--no-input", home=newcomer.home)
        assert ended.returncode == 0
        assert ended.stdout.splitlines()[-1] == "  syft-notify restart"


class TestScripts:
    def test_what_is_missing_is_one_line_that_names_the_flag(self, newcomer):
        newcomer.root.rename(newcomer.home / "SyftBox")
        before = contents(newcomer.home)
        for options, says in (
            ([], "--email"),
            (["--email", DO, "--syftbox-root", "SyftBox"], "--no-input"),
        ):
            ended = syft_notify("init", "--no-input", *options, home=newcomer.home)
            assert ended.returncode == 1
            (line,) = ended.stderr.splitlines()
            assert line.startswith("Error: ")
            assert lacking(line, says) == []
        assert contents(newcomer.home) == before

    def test_with_everything_there_it_asks_nothing_and_names_its_config(self, newcomer):
        newcomer.is_set_up()
        other = newcomer.home / "other" / "daemon.yaml"
        newcomer.folder.rename(other.parent)
        ended = syft_notify("init", "--no-input", "--test-mail", "-c", other, home=newcomer.home)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert f"syft-notify start -c {other}" in ended.stdout
        assert len(newcomer.google.mailbox(DO).received) == 1
        assert not newcomer.folder.exists()

    def test_answers_may_come_through_a_pipe_and_end_there(self, newcomer):
        before = contents(newcomer.home)
        ended = syft_notify("init", home=newcomer.home, prefix=["/bin/sh", "-c", f'printf "x\\n{DO}\\n" | "$@"', "sh"])
        assert ended.returncode == 1
        assert lacking(ended.stdout, "'x'", "email address") == []
        assert lacking(ended.stderr, "Error", ROOT, "--syftbox-root") == []
        assert contents(newcomer.home) == before

    def test_a_pipe_can_bring_the_pasted_address_too(self, newcomer):
        process = subprocess.Popen(
            [*PROGRAM, "init", "--no-browser", "--no-test-mail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=newcomer.home,
            env=environment(newcomer.home),
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n\n\n")
            process.stdin.flush()
            for line in process.stdout:
                if "/o/oauth2/auth?" in line:
                    process.stdin.write(answered(line.strip(), DO) + "\n")
                    process.stdin.flush()
        assert process.returncode == 0
        assert_set_up(newcomer)

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--email", "nobody"),
            ("--credentials", "nothing.json"),
            ("--syftbox-root", "Downloads/client_secret_1.json"),
            ("--port", "0"),
            ("--renew", "drive2"),
        ],
    )
    def test_usage(self, newcomer, option, value):
        ended = syft_notify("init", option, value, home=newcomer.home)
        assert ended.returncode == 2
        assert lacking(ended.stderr, option, value) == []

    def test_a_port_that_is_taken_is_said(self, newcomer):
        newcomer.is_set_up()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            with newcomer.sits_down("--renew", "gmail", "--no-browser", "--port", port) as init:
                init.asked(CLIENT, "")
                assert lacking(init.asked(AGAIN, "n"), port, "Address already in use") == []
                assert init.ended()[0] == 1
