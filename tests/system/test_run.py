"""`syft-notify run` from a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from typing import IO

import pytest

from syft_notify.sandbox import Trouble
from tests.facts import lacking
from tests.stories.site import DO, Village, requested, submitted
from tests.system.program import environment, started, syft_notify, wait_until
from tests.worlds import python_job

DS = "ds@example.org"


def run(village: Village, *options: str, stdout: IO[str] | None = None):
    return syft_notify("run", "-c", village.config_file, *options, home=village.home, stdout=stdout)


def peer_with_job(village: Village) -> None:
    village.ask(DS)
    village.accept(DS)
    village.submit(python_job("sales"))


class TestOnce:
    def test_it_says_what_it_saw_and_sent_and_ends_with_0(self, village):
        peer_with_job(village)
        ended = run(village, "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
        event, *mails, summary = ended.stdout.splitlines()
        assert re.match(r"\d\d:\d\d:\d\d ", event)
        assert lacking(event, "sales", DS) == []
        assert [lacking(line, "sent", person, "sales") for person, line in zip((DO, DS), mails, strict=True)] == [
            [],
            [],
        ]
        assert lacking(summary, "1 new event", "2 mails") == []
        assert village.new_mails() == sorted(submitted("sales"))
        assert lacking(run(village, "--once").stdout, "0 new events", "0 mails") == []
        assert village.new_mails() == []

    def test_a_dry_run_tells_what_it_would_send_and_touches_nothing(self, village):
        peer_with_job(village)
        assert village.config_file.exists()
        before = sorted(village.home.rglob("*"))
        ended = run(village, "--once", "--dry-run")
        assert ended.returncode == 0
        *mails, summary = ended.stdout.splitlines()[-3:]
        assert [lacking(line, person, "sales") for person, line in zip((DO, DS), mails, strict=True)] == [[], []]
        assert lacking(summary, "1 new event") == []
        assert sorted(village.home.rglob("*")) == before
        assert village.new_mails() == []
        assert run(village, "--once").returncode == 0
        assert village.new_mails() == sorted(submitted("sales"))

    def test_only_jobs_or_only_peers(self, village):
        peer_with_job(village)
        village.ask("new@example.org")
        assert run(village, "--once", "--peers-only").returncode == 0
        assert village.new_mails() == sorted(requested("new@example.org"))
        assert run(village, "--once", "--jobs-only").returncode == 0
        assert village.new_mails() == sorted(submitted("sales"))

    def test_a_muted_kind_is_not_mailed_and_with_verbose_says_so(self, village):
        village.settings["notify_on_new_job"] = False
        peer_with_job(village)
        ended = run(village, "--once", "--verbose")
        assert ended.returncode == 0
        assert [line for line in ended.stdout.splitlines() if not lacking(line, DO, "muted")]
        assert village.new_mails() == []

    def test_a_look_that_fails_ends_with_1_and_the_other_monitor_goes_on(self, village):
        peer_with_job(village)
        village.accept("other@example.org")
        (file,) = village.google.drive.find("SYFT_peers.json", DO)
        village.google.drive.write(file, b"{broken")
        ended = run(village, "--once")
        assert ended.returncode == 1
        assert lacking(ended.stdout, "peers", "SYFT_peers.json") == []
        assert sorted(submitted("sales")) == village.new_mails()

    def test_a_mail_that_waits_ends_with_1_and_goes_out_later(self, village):
        peer_with_job(village)
        village.google.faults.add(Trouble.UNAVAILABLE, "gmail.messages.send", times=None)
        ended = run(village, "--once")
        assert ended.returncode == 1
        assert [line for line in ended.stdout.splitlines() if not lacking(line, DO, "again")]
        assert village.new_mails() == []

    def test_a_dead_token_ends_with_78_and_names_the_file(self, village):
        village.google.tokens.revoke_person(DO)
        village.google.tokens.expire_access(DO)
        ended = run(village, "--once")
        assert ended.returncode == 78
        assert str(village.home / "token_do.json") in ended.stdout + ended.stderr

    def test_a_revoked_consent_ends_with_78_though_the_access_token_lives(self, village):
        assert run(village, "--once").returncode == 0
        for name in ("token_do.json", "gmail_token.json"):
            (village.home / name).write_text(village.google.token_file(DO))
        village.google.faults.add(Trouble.INVALID_GRANT, "oauth.token", times=None)
        ended = run(village, "--once")
        assert ended.returncode == 78
        assert "gmail_token.json" in ended.stdout + ended.stderr
        assert "token_do.json" in ended.stdout + ended.stderr

    def test_a_rejected_mail_is_given_up_and_the_others_go(self, village):
        peer_with_job(village)
        village.google.faults.add(Trouble.BAD_REQUEST, "gmail.messages.send", times=1)
        ended = run(village, "--once")
        assert ended.returncode == 1
        assert "given up" in ended.stdout
        assert len(village.new_mails()) == 1
        assert run(village, "--once").returncode == 0


class TestMistakes:
    """Each answers with one line that says what to do, and changes nothing."""

    def mistaken(self, village: Village, *options: str) -> tuple[int, str]:
        ended = run(village, *options, "--once")
        assert ended.stdout == ""
        assert "Traceback" not in ended.stderr
        (line,) = ended.stderr.splitlines()
        return ended.returncode, line

    def test_a_missing_config(self, village):
        ended = syft_notify("run", "--once", home=village.home)
        assert ended.returncode == 78
        assert ended.stderr.count("\n") == 1
        missing = village.home / ".syft-creds" / "daemon.yaml"
        assert lacking(ended.stderr, missing, "`syft-notify init`", "--config") == []

    def test_a_path_that_begins_at_no_home(self, village):
        ended = syft_notify("run", "--once", "-c", "~nobody-of-this-name/daemon.yaml", home=village.home)
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert lacking(ended.stderr, "home directory", "--config") == []

    def test_a_path_from_a_folder_that_is_gone(self, village):
        def leave() -> None:
            gone = village.home / "gone"
            gone.mkdir()
            os.chdir(gone)
            gone.rmdir()

        ended = syft_notify("run", "--once", "-c", "daemon.yaml", home=village.home, preexec_fn=leave)
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: ")
        assert lacking(ended.stderr, "--config") == []

    def test_several_problems_are_told_in_a_line_each(self, village):
        village.settings |= {"interval": 0, "intervall": 5}
        ended = run(village, "--once")
        assert ended.returncode == 78
        assert len(ended.stderr.splitlines()) == 2
        assert all(line.startswith("Error: ") for line in ended.stderr.splitlines())

    @pytest.mark.parametrize("name", ["token_do.json", "gmail_token.json"])
    def test_a_missing_token_file(self, village, name):
        (village.home / name).unlink()
        code, line = self.mistaken(village)
        assert code == 78
        assert lacking(line, "Error", "token", village.home / name, "missing") == []

    @pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"installed": {}}'])
    def test_a_token_file_that_is_none(self, village, content):
        (village.home / "token_do.json").write_text(content)
        code, line = self.mistaken(village)
        assert code == 78
        assert str(village.home / "token_do.json") in line

    def test_a_state_file_that_cannot_be_trusted(self, village):
        state = village.home / "notification_state.json"
        state.write_text("{half")
        ended = run(village, "--once")
        assert ended.returncode == 1
        assert lacking(ended.stdout, state, "JSON", "aside") == []
        assert [aside.read_text() for aside in village.home.glob("*.spoilt-*")] == ["{half"]
        assert run(village, "--once").returncode == 0

    def test_nothing_left_to_watch(self, village):
        village.settings |= {"monitor_jobs": False}
        code, line = self.mistaken(village, "--jobs-only")
        assert (code, lacking(line, "monitor_jobs")) == (78, [])

    @pytest.mark.parametrize(
        ("arguments", "facts"),
        [
            (["run", "--interval", "0"], ["0", "1", "86400"]),
            (["run", "--interval", "nan"], ["nan", "1", "86400"]),
            (["run", "--interval", "soon"], ["--interval", "'soon'"]),
            (["run", "--jobs-only", "--peers-only"], ["--jobs-only", "--peers-only"]),
            (["run", "--onec"], ["--onec", "--once"]),
            (["rum"], ["rum", "run"]),
            (["frobnicate"], ["'frobnicate'"]),
        ],
    )
    def test_usage(self, village, arguments, facts):
        ended = syft_notify(*arguments, home=village.home)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert lacking(ended.stderr, *facts) == []


class TestTheWrongAccount:
    def test_nothing_of_it_is_told_until_the_right_token_is_there(self, village):
        right = (village.home / "token_do.json").read_text()
        village.ask("ds@example.org")
        (village.home / "token_do.json").write_text(village.google.token_file("ds@example.org"))
        ended = run(village, "--once")
        assert ended.returncode == 78
        assert lacking(ended.stdout, "ds@example.org", "do_email", "do@example.org") == []
        (village.home / "token_do.json").write_text(right)
        assert run(village, "--once").returncode == 0
        assert len(village.new_mails()) == 2


class TestLoop:
    def test_it_watches_until_ctrl_c_and_ends_within_two_seconds(self, village):
        village.ask(DS)
        village.accept(DS)
        process = started("run", "-c", village.config_file, "--interval", "1", home=village.home)
        try:
            assert village.google.requests.wait_for(1, "drive.changes.list")
            village.submit(python_job("sales"))
            village.google.wait_for_mail(DS, 1)
        finally:
            process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        output, _ = process.communicate(timeout=20)
        assert time.monotonic() - begun < 2
        assert process.returncode == 0
        assert lacking(output.splitlines()[0], "jobs", "peers", DO, "1 s") == []
        assert output.count("new job: sales") == 3
        assert lacking(output.splitlines()[-1], "Stopped", "2 mails") == []
        assert "Traceback" not in output

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_mail_in_hand_is_finished_recorded_and_not_sent_again(self, village, number):
        peer_with_job(village)
        village.google.faults.slow(2, "gmail.messages.send")
        process = started("run", "-c", village.config_file, home=village.home)
        wait_until((village.home / "notification_state.attempts").exists)
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert (process.returncode, output.count("sent to")) == (0, 1)
        assert len(village.new_mails()) == 1
        village.google.faults.clear()
        assert run(village, "--once").returncode == 0
        assert len(village.new_mails()) == 1

    def test_a_stalled_drive_does_not_hold_up_the_end(self, village):
        stall = village.google.faults.add(Trouble.STALL, "drive.*", times=None, seconds=30)
        process = started("run", "-c", village.config_file, home=village.home)
        wait_until(lambda: stall.hits)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert time.monotonic() - begun < 3

    def test_a_trouble_that_repeats_is_told_once_and_the_loop_goes_on(self, village):
        village.google.faults.add(Trouble.INSUFFICIENT_PERMISSIONS, "drive.files.list", times=None)
        process = started("run", "-c", village.config_file, "--interval", "1", "--peers-only", home=village.home)
        assert village.google.requests.wait_for(3, "drive.batch")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert output.count("insufficientPermissions") == 1

    def test_it_says_when_a_trouble_is_over(self, village):
        village.google.faults.add(Trouble.INSUFFICIENT_PERMISSIONS, "drive.files.list")
        process = started("run", "-c", village.config_file, "--interval", "1", "--peers-only", home=village.home)
        assert village.google.requests.wait_for(1, "drive.changes.list")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert [line[10:].partition(":")[0] for line in output.splitlines()[2:-1]] == ["peers", "over"]


class TestOutputs:
    """Whatever becomes of the words, the mails go."""

    def test_a_full_disk_stops_no_mail(self, village):
        village.ask("new@example.org")
        with open("/dev/full", "w") as full:
            ended = run(village, "--once", stdout=full)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert lacking(ended.stderr, "output", "No space left on device") == []
        assert village.new_mails() == sorted(requested("new@example.org"))

    def test_a_reader_that_went_away_ends_the_watch_after_the_poll(self, village):
        village.ask("new@example.org")
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as gone:
            ended = run(village, "--interval", "60", stdout=gone)
        assert (ended.returncode, ended.stderr) == (1, "")
        assert village.new_mails() == sorted(requested("new@example.org"))

    def test_no_outputs_at_all(self, village):
        village.ask("new@example.org")
        shell = ["sh", "-c", '"$@" >&- 2>&- <&-', "sh", sys.executable, "-m", "syft_notify"]
        command = [*shell, "run", "-c", str(village.config_file), "--once"]
        assert subprocess.run(command, env=environment(village.home), timeout=30, check=False).returncode == 0
        assert village.new_mails() == sorted(requested("new@example.org"))
