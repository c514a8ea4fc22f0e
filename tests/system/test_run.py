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

from syft_notify.sandbox import Injected
from tests.facts import lacking
from tests.records import is_sending
from tests.stories.site import DO, Site, requested, submitted
from tests.system.program import environment, started, syft_notify, wait_until
from tests.worlds import python_job

DS = "ds@example.org"


def run(site: Site, *options: str, stdout: IO[str] | None = None):
    return syft_notify("run", "-c", site.config_file, *options, home=site.home, stdout=stdout)


def peer_with_job(site: Site) -> None:
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("sales"))


class TestOnce:
    def test_it_says_what_it_saw_and_sent_and_ends_with_0(self, site):
        peer_with_job(site)
        ended = run(site, "--once")
        assert (ended.returncode, ended.stderr) == (0, "")
        event, *mails, summary = ended.stdout.splitlines()
        assert re.match(r"\d\d:\d\d:\d\d ", event)
        assert lacking(event, "sales", DS) == []
        assert [lacking(line, "sent", person, "sales") for person, line in zip((DO, DS), mails, strict=True)] == [
            [],
            [],
        ]
        assert lacking(summary, "1 new event", "2 mails") == []
        assert site.new_mails() == sorted(submitted("sales"))
        assert lacking(run(site, "--once").stdout, "0 new events", "0 mails") == []
        assert site.new_mails() == []

    def test_a_dry_run_tells_what_it_would_send_and_touches_nothing(self, site):
        peer_with_job(site)
        assert site.config_file.exists()
        before = sorted(site.home.rglob("*"))
        ended = run(site, "--once", "--dry-run")
        assert ended.returncode == 0
        *mails, summary = ended.stdout.splitlines()[-3:]
        assert [lacking(line, person, "sales") for person, line in zip((DO, DS), mails, strict=True)] == [[], []]
        assert lacking(summary, "1 new event") == []
        assert sorted(site.home.rglob("*")) == before
        assert site.new_mails() == []
        assert run(site, "--once").returncode == 0
        assert site.new_mails() == sorted(submitted("sales"))

    def test_only_jobs_or_only_peers(self, site):
        peer_with_job(site)
        site.ask("new@example.org")
        assert run(site, "--once", "--peers-only").returncode == 0
        assert site.new_mails() == sorted(requested("new@example.org"))
        assert run(site, "--once", "--jobs-only").returncode == 0
        assert site.new_mails() == sorted(submitted("sales"))

    def test_a_muted_kind_is_not_mailed_and_with_verbose_says_so(self, site):
        site.settings["notify_on_new_job"] = False
        peer_with_job(site)
        ended = run(site, "--once", "--verbose")
        assert ended.returncode == 0
        assert [line for line in ended.stdout.splitlines() if not lacking(line, DO, "muted")]
        assert site.new_mails() == []

    def test_a_look_that_fails_ends_with_1_and_the_other_monitor_goes_on(self, site):
        peer_with_job(site)
        site.accept("other@example.org")
        (file,) = site.google.drive.find("SYFT_peers.json", DO)
        site.google.drive.write(file, b"{broken")
        ended = run(site, "--once")
        assert ended.returncode == 1
        assert lacking(ended.stdout, "peers", "SYFT_peers.json") == []
        assert sorted(submitted("sales")) == site.new_mails()

    def test_a_mail_that_waits_ends_with_1_and_goes_out_later(self, site):
        peer_with_job(site)
        site.google.faults.add(Injected.UNAVAILABLE, "gmail.messages.send", times=None)
        ended = run(site, "--once")
        assert ended.returncode == 1
        assert [line for line in ended.stdout.splitlines() if not lacking(line, DO, "again")]
        assert site.new_mails() == []

    def test_a_dead_token_ends_with_78_and_names_the_file(self, site):
        site.google.tokens.revoke_person(DO)
        site.google.tokens.expire_access(DO)
        ended = run(site, "--once")
        assert ended.returncode == 78
        assert str(site.home / "token_do.json") in ended.stdout + ended.stderr

    def test_a_revoked_consent_ends_with_78_though_the_access_token_lives(self, site):
        assert run(site, "--once").returncode == 0
        for name in ("token_do.json", "gmail_token.json"):
            (site.home / name).write_text(site.google.token_file(DO))
        site.google.faults.add(Injected.INVALID_GRANT, "oauth.token", times=None)
        ended = run(site, "--once")
        assert ended.returncode == 78
        assert "gmail_token.json" in ended.stdout + ended.stderr
        assert "token_do.json" in ended.stdout + ended.stderr

    def test_a_rejected_mail_is_given_up_and_the_others_go(self, site):
        peer_with_job(site)
        site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=1)
        ended = run(site, "--once")
        assert ended.returncode == 1
        assert "given up" in ended.stdout
        assert len(site.new_mails()) == 1
        assert run(site, "--once").returncode == 0


class TestMistakes:
    """Each answers with one line that says what to do, and changes nothing."""

    def mistaken(self, site: Site, *options: str) -> tuple[int, str]:
        ended = run(site, *options, "--once")
        assert ended.stdout == ""
        assert "Traceback" not in ended.stderr
        (line,) = ended.stderr.splitlines()
        return ended.returncode, line

    def test_a_missing_config(self, site):
        ended = syft_notify("run", "--once", home=site.home)
        assert ended.returncode == 78
        assert ended.stderr.count("\n") == 1
        missing = site.home / ".syft-creds" / "daemon.yaml"
        assert lacking(ended.stderr, missing, "`syft-notify init`", "--config") == []

    def test_a_path_that_begins_at_no_home(self, site):
        ended = syft_notify("run", "--once", "-c", "~nobody-of-this-name/daemon.yaml", home=site.home)
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert lacking(ended.stderr, "home directory", "--config") == []

    def test_a_path_from_a_folder_that_is_gone(self, site):
        def leave() -> None:
            gone = site.home / "gone"
            gone.mkdir()
            os.chdir(gone)
            gone.rmdir()

        ended = syft_notify("run", "--once", "-c", "daemon.yaml", home=site.home, preexec_fn=leave)
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: ")
        assert lacking(ended.stderr, "--config") == []

    def test_several_problems_are_told_in_a_line_each(self, site):
        site.settings |= {"interval": 0, "intervall": 5}
        ended = run(site, "--once")
        assert ended.returncode == 78
        assert len(ended.stderr.splitlines()) == 2
        assert all(line.startswith("Error: ") for line in ended.stderr.splitlines())

    @pytest.mark.parametrize("name", ["token_do.json", "gmail_token.json"])
    def test_a_missing_token_file(self, site, name):
        (site.home / name).unlink()
        code, line = self.mistaken(site)
        assert code == 78
        assert lacking(line, "Error", "token", site.home / name, "missing") == []

    @pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"installed": {}}'])
    def test_a_token_file_that_is_none(self, site, content):
        (site.home / "token_do.json").write_text(content)
        code, line = self.mistaken(site)
        assert code == 78
        assert str(site.home / "token_do.json") in line

    def test_a_state_file_that_cannot_be_trusted(self, site):
        state = site.home / "notification_state.json"
        state.write_text("{half")
        ended = run(site, "--once")
        assert ended.returncode == 1
        assert lacking(ended.stdout, state, "JSON", "aside") == []
        assert [aside.read_text() for aside in site.home.glob("*.damaged-*")] == ["{half"]
        assert run(site, "--once").returncode == 0

    def test_nothing_left_to_watch(self, site):
        site.settings |= {"monitor_jobs": False}
        code, line = self.mistaken(site, "--jobs-only")
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
    def test_usage(self, site, arguments, facts):
        ended = syft_notify(*arguments, home=site.home)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert lacking(ended.stderr, *facts) == []


class TestTheWrongAccount:
    def test_nothing_of_it_is_told_until_the_right_token_is_there(self, site):
        right = (site.home / "token_do.json").read_text()
        site.ask("ds@example.org")
        (site.home / "token_do.json").write_text(site.google.token_file("ds@example.org"))
        ended = run(site, "--once")
        assert ended.returncode == 78
        assert lacking(ended.stdout, "ds@example.org", "do_email", "do@example.org") == []
        (site.home / "token_do.json").write_text(right)
        assert run(site, "--once").returncode == 0
        assert len(site.new_mails()) == 2


class TestLoop:
    def test_it_watches_until_ctrl_c_and_ends_within_two_seconds(self, site):
        site.ask(DS)
        site.accept(DS)
        process = started("run", "-c", site.config_file, "--interval", "1", home=site.home)
        try:
            assert site.google.requests.wait_for(1, "drive.changes.list")
            site.submit(python_job("sales"))
            site.google.wait_for_mail(DS, 1)
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
    def test_the_mail_in_hand_is_finished_recorded_and_not_sent_again(self, site, number):
        peer_with_job(site)
        site.google.faults.slow(2, "gmail.messages.send")
        process = started("run", "-c", site.config_file, home=site.home)
        wait_until(lambda: is_sending(site.home))
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert (process.returncode, output.count("sent to")) == (0, 1)
        assert len(site.new_mails()) == 1
        site.google.faults.clear()
        assert run(site, "--once").returncode == 0
        assert len(site.new_mails()) == 1

    def test_a_stalled_drive_does_not_hold_up_the_end(self, site):
        stall = site.google.faults.add(Injected.STALL, "drive.*", times=None, seconds=30)
        process = started("run", "-c", site.config_file, home=site.home)
        wait_until(lambda: stall.hits)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert time.monotonic() - begun < 3

    def test_a_problem_that_repeats_is_told_once_and_the_loop_goes_on(self, site):
        site.google.faults.add(Injected.INSUFFICIENT_PERMISSIONS, "drive.files.list", times=None)
        process = started("run", "-c", site.config_file, "--interval", "1", "--peers-only", home=site.home)
        assert site.google.requests.wait_for(3, "drive.batch")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert output.count("insufficientPermissions") == 1

    def test_it_says_when_a_problem_is_over(self, site):
        site.google.faults.add(Injected.INSUFFICIENT_PERMISSIONS, "drive.files.list")
        process = started("run", "-c", site.config_file, "--interval", "1", "--peers-only", home=site.home)
        assert site.google.requests.wait_for(1, "drive.changes.list")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert [line[10:].partition(":")[0] for line in output.splitlines()[2:-1]] == ["peers", "over"]


class TestOutputs:
    """Whatever becomes of the words, the mails go."""

    def test_a_full_disk_stops_no_mail(self, site):
        site.ask("new@example.org")
        with open("/dev/full", "w") as full:
            ended = run(site, "--once", stdout=full)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert lacking(ended.stderr, "output", "No space left on device") == []
        assert site.new_mails() == sorted(requested("new@example.org"))

    def test_a_reader_that_went_away_ends_the_watch_after_the_poll(self, site):
        site.ask("new@example.org")
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as gone:
            ended = run(site, "--interval", "60", stdout=gone)
        assert (ended.returncode, ended.stderr) == (1, "")
        assert site.new_mails() == sorted(requested("new@example.org"))

    def test_no_outputs_at_all(self, site):
        site.ask("new@example.org")
        shell = ["sh", "-c", '"$@" >&- 2>&- <&-', "sh", sys.executable, "-m", "syft_notify"]
        command = [*shell, "run", "-c", str(site.config_file), "--once"]
        assert subprocess.run(command, env=environment(site.home), timeout=30, check=False).returncode == 0
        assert site.new_mails() == sorted(requested("new@example.org"))
