"""The daemon as an admin uses it: real processes, real signals, a Google that can fail."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from syft_notify import __version__
from syft_notify.config.file_lock import is_held
from syft_notify.engine.health import read_health
from syft_notify.sandbox import Injected
from tests.facts import lacking
from tests.records import is_sending
from tests.stories.site import Site, granted, requested, submitted
from tests.system.program import environment, started, syft_notify, wait_until
from tests.worlds import python_job

DS = "ds@example.org"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(site: Site) -> Iterator[Command]:
    """`command("start", …)` with the site's config; what still runs at the end is ended."""
    site.settings["interval"] = 1
    config = site.config_file

    def called(name: str, *options: object, **how: object) -> subprocess.CompletedProcess[str]:
        return syft_notify(name, "-c", config, *options, home=site.home, **how)

    yield called
    for process in processes(site):
        process.kill()
    wait_until(lambda: not is_held(site.home / "syft-notify.lock"))


def processes(site: Site) -> list[psutil.Process]:
    """The processes that work in the site's home."""
    return [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(site.home)]


def pid_of(started: subprocess.CompletedProcess[str]) -> int:
    assert (started.returncode, started.stderr) == (0, "")
    (number,) = re.findall(r"^✅ .*\(PID (\d+)\)$", started.stdout, re.MULTILINE)
    return int(number)


def report(command: Command) -> dict[str, object]:
    return json.loads(command("status", "--json").stdout)


def health(site: Site) -> dict[str, object]:
    """What the service wrote after its last poll."""
    return read_health(site.home / "syft-notify.status.json")


def test_where_the_locale_knows_no_symbols_the_start_is_told_without(site, command):
    ended = command("start", env={**environment(site.home), "LANG": "C"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    assert "(PID " in ended.stdout
    assert command("stop").returncode == 0


def nothing_is_left(site: Site) -> bool:
    return not processes(site) and not (site.home / "syft-notify.pid").exists()


class TestStart:
    def test_it_outlives_its_terminal(self, site, command):
        """Each time the terminal closes, a job is mailed, and the stop leaves nothing."""
        site.ask(DS)
        site.accept(DS)
        for number in range(3):
            in_a_terminal_that_closes(site, "start", "--interval", "60")
            job = f"job {number}"
            site.submit(python_job(job))
            command_pid = int((site.home / "syft-notify.pid").read_text())
            os.kill(command_pid, signal.SIGUSR1)
            wait_until(lambda job=job: any(job in line for _, _, line in site.new_mails()))
            assert command("stop").stdout == f"Stopped (PID {command_pid}).\n"
            assert nothing_is_left(site)

    def test_it_is_ready_when_start_returns_and_says_who_it_is(self, site, command):
        site.ask(DS)
        pid = pid_of(command("start"))
        assert int((site.home / "syft-notify.pid").read_text()) == pid
        process = psutil.Process(pid)
        assert process.cwd() == str(site.home)
        assert os.getsid(pid) != os.getsid(0)
        wait_until(lambda: len(site.arrived()) == 2)
        assert site.new_mails() == sorted(requested(DS))
        modes = {path.name: path.stat().st_mode & 0o777 for path in site.home.glob("[!.]*notif*")}
        assert set(modes.values()) == {0o600}, modes

    def test_ten_at_the_same_instant_are_one(self, site, command):
        config = site.config_file
        racing = [started("start", "-c", config, home=site.home) for _ in range(10)]
        outputs = [process.communicate(timeout=60)[0] for process in racing]
        winners = [output for output in outputs if output.startswith("✅")]
        refusals = [output for output in outputs if output.startswith("Error: ") and "(PID " in output]
        assert (len(winners), len(refusals)) == (1, 9), outputs
        assert sorted(process.returncode for process in racing) == [0] + [1] * 9
        assert len(processes(site)) == 1

    def test_after_a_kill_it_needs_no_hand(self, site, command):
        pid = pid_of(command("start"))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_held(site.home / "syft-notify.lock"))  # a zombie's threads may hold it still
        assert command("status").returncode == 3
        assert (site.home / "syft-notify.pid").exists()
        assert pid_of(command("start")) != pid

    def test_a_pid_file_of_a_stranger_is_replaced_and_the_stranger_left_alone(self, site, command):
        with subprocess.Popen(["sleep", "60"]) as stranger:
            (site.home / "syft-notify.pid").write_text(f"{stranger.pid}\n")
            signature = {"pid": stranger.pid, "since_boot": 1.0, "command": ["sleep", "60"]}
            (site.home / "syft-notify.lock").touch(mode=0o600)
            (site.home / "syft-notify.lock").write_text(json.dumps(signature))
            assert command("status").returncode == 3
            assert lacking(command("stop").stdout, "not running", stranger.pid) == [str(stranger.pid)]
            assert pid_of(command("start")) != stranger.pid
            command("stop")
            assert stranger.poll() is None
            stranger.kill()

    def test_it_needs_no_standard_streams_and_keeps_none_open(self, site, command):
        shell = ["sh", "-c", '"$@" >&- 2>&- <&-', "sh", sys.executable, "-m", "syft_notify"]
        start = [*shell, "start", "-c", str(site.config_file)]
        assert subprocess.run(start, env=environment(site.home), timeout=30, check=False).returncode == 0
        assert command("status").returncode == 0
        assert pid_of(command("restart"))  # its pipes end with it, or this would wait for the daemon

    @pytest.mark.parametrize("word", ["start", "stop", "restart"])
    def test_an_output_that_takes_no_words_does_not_change_what_was_done(self, site, command, word):
        """The exit code tells of the daemon; that nobody could read of it is said where errors go."""
        if word != "start":
            pid_of(command("start"))
        with open("/dev/full", "w") as full:
            ended = command(word, stdout=full)
        assert (ended.returncode, ended.stderr.count("\n")) == (0, 1)
        assert lacking(ended.stderr, "output", "No space left on device") == []
        assert command("status").returncode == (3 if word == "stop" else 0)

    def test_a_reader_that_went_away_is_no_reason_to_fail(self, site, command):
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as gone:
            ended = command("start", stdout=gone)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert command("status").returncode == 0

    def test_a_restart_that_had_to_kill_starts_again_though_it_can_say_neither(self, site, command):
        site.ask(DS)
        site.google.faults.slow(30, "gmail.messages.send")
        first = pid_of(command("start"))
        wait_until(lambda: is_sending(site.home))
        with open("/dev/full", "w") as full:
            ended = command("restart", "--timeout", "0.1", stdout=full)
        assert (ended.returncode, ended.stderr.count("\n")) == (0, 1)
        assert report(command)["pid"] != first

    def test_outputs_that_are_both_full_are_no_reason_to_fail(self, site, command):
        script = '"$@" > /dev/full 2>&1'
        start = ["sh", "-c", script, "sh", sys.executable, "-m", "syft_notify", "start", "-c", str(site.config_file)]
        buffered = {**environment(site.home), "PYTHONUNBUFFERED": ""}  # what was not taken is tried again at exit
        assert subprocess.run(start, env=buffered, timeout=30, check=False).returncode == 0
        assert command("status").returncode == 0

    def test_a_lock_file_that_somebody_removed_comes_back(self, site, command):
        pid = pid_of(command("start"))
        for name in ("syft-notify.lock", "notification_state.lock"):
            (site.home / name).unlink()
        wait_until(lambda: is_held(site.home / "syft-notify.lock"))
        wait_until((site.home / "notification_state.lock").exists)  # it is held during a poll only
        assert f"(PID {pid})" in command("start").stderr
        assert command("stop").stdout == f"Stopped (PID {pid}).\n"

    def test_one_that_another_took_over_from_ends(self, site, command):
        former = pid_of(command("start", "--interval", "3600"))
        wait_until(lambda: health(site).get("last_poll"))
        (site.home / "syft-notify.lock").unlink()
        pid = pid_of(command("start"))
        os.kill(former, signal.SIGUSR1)
        wait_until(lambda: [process.pid for process in processes(site)] == [pid])
        assert lacking(command("logs", "--errors").stdout, f"PID {pid}", site.home) == []

    def test_a_folder_that_is_moved_is_not_made_anew_and_nothing_is_told_twice(self, site, command):
        tokens = site.home.with_name("tokens")
        tokens.mkdir()
        for key, name in (("drive_token_path", "token_do.json"), ("gmail_token_path", "gmail_token.json")):
            (site.home / name).rename(tokens / name)
            site.settings[key] = str(tokens / name)
        creds = site.home.with_name("creds")
        creds.mkdir()
        config = site.config_file.rename(creds / "daemon.yaml")
        site.ask(DS)
        assert syft_notify("start", "-c", config, home=site.home).returncode == 0
        try:
            wait_until(lambda: len(site.arrived()) == 2)
            moved = creds.rename(creds.with_name("moved"))
            wait_until(lambda: "No such file" in (moved / "syft-notify.error.log").read_text())
            assert not creds.exists()
            moved.rename(creds)
            site.ask("new@example.org")
            wait_until(lambda: len(site.arrived()) == 4)
            assert sorted(site.new_mails()) == sorted(requested(DS) + requested("new@example.org"))
        finally:
            assert syft_notify("stop", "-c", config, home=site.home).stdout.startswith("Stopped")

    @pytest.mark.parametrize(("user", "name"), [(65534, "nobody"), (54321, "54321")])
    def test_root_leaves_no_files_that_shut_the_owner_out(self, site, command, user, name):
        if os.geteuid() != 0:
            pytest.skip("only root can be in anybody's way")
        os.chown(site.home / "daemon.yaml", user, user)
        ended = command("start")
        assert ended.returncode == 1
        assert lacking(ended.stderr, name, "root") == []
        assert not list(site.home.glob("syft-notify.*"))

    @pytest.mark.parametrize(("called", "code"), [("status", 1), ("logs", 1), ("stop", 1)])
    def test_another_user_is_told_in_a_sentence(self, site, command, called, code):
        if os.geteuid() != 0:
            pytest.skip("only root can be somebody else")
        pid_of(command("start"))
        stranger = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if subprocess.run([*stranger, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
            pytest.skip("this Python is closed to others")
        program = [*stranger, sys.executable, "-m", "syft_notify", called, "-c", str(site.home / "daemon.yaml")]
        ended = subprocess.run(program, capture_output=True, text=True, check=False, env=environment(site.home))
        assert ended.returncode == code
        assert "SYFT_NOTIFY_TRACEBACK" not in ended.stderr  # no internal error
        assert ended.stderr.count("\n") == 1
        assert lacking(ended.stderr, "Error", "Permission denied") == []

    def test_two_configs_do_not_meet(self, site, command, tmp_path):
        other = tmp_path / "other"
        other.mkdir()
        for name in ("token_do.json", "gmail_token.json"):
            shutil.copy(site.home / name, other)
        (other / "daemon.yaml").write_text(site.config_file.read_text())
        first = pid_of(command("start"))
        second = syft_notify("start", "-c", other / "daemon.yaml", home=site.home)
        try:
            assert pid_of(second) != first
        finally:
            syft_notify("stop", "-c", other / "daemon.yaml", home=site.home)
        assert report(command)["pid"] == first

    def test_run_and_start_do_meet(self, site, command):
        pid = pid_of(command("start"))
        refused = command("run")
        assert refused.returncode == 1
        assert refused.stderr.startswith("Error: ")
        assert lacking(refused.stderr, f"PID {pid}", site.home) == []
        command("stop")
        running = started("run", "-c", site.config_file, home=site.home)
        wait_until(lambda: health(site).get("pid") == running.pid)
        assert f"(PID {running.pid})" in command("start").stderr
        assert command("stop").stdout == f"Stopped (PID {running.pid}).\n"
        assert running.wait(10) == 0
        running.communicate()


class TestAStartThatCannotBe:
    """One line says why, the exit code says whose turn it is, and nothing is left."""

    def fails(self, site: Site, command: Command, code: int, *facts: object, **how: object) -> None:
        begun = time.monotonic()
        ended = command("start", **how)
        assert time.monotonic() - begun < 30
        assert (ended.returncode, ended.stdout) == (code, "")
        assert ended.stderr.startswith("Error: ")
        assert ended.stderr.count("\n") == 1
        assert lacking(ended.stderr, *facts) == []
        assert nothing_is_left(site)
        assert command("status").returncode == 3

    def test_broken_config(self, site, command):
        (site.home / "daemon.yaml").write_text("interval: [")
        self.fails(site, command, 78, site.home / "daemon.yaml", "YAML")

    @pytest.mark.parametrize("name", ["syft-notify.json", "daemon.yaml", "state.db"])
    def test_state_with_the_name_of_another_file(self, site, command, name):
        site.settings["state_path"] = name
        before = site.config_file.read_bytes()
        self.fails(site, command, 78, "state_path", site.home / name)
        assert site.config_file.read_bytes() == before

    def test_missing_token(self, site, command):
        (site.home / "gmail_token.json").unlink()
        self.fails(site, command, 78, "gmail_token.json is missing")

    def test_dead_refresh_token(self, site, command):
        for name in ("token_do.json", "gmail_token.json"):
            document = json.loads((site.home / name).read_text())
            (site.home / name).write_text(json.dumps({**document, "expiry": "2020-01-01T00:00:00Z"}))
        site.google.tokens.revoke_person(site.do)
        self.fails(site, command, 78, "invalid_grant", "--renew")
        assert "invalid_grant" in (site.home / "syft-notify.error.log").read_text()

    def test_login_that_a_workspace_ended(self, site, command):
        document = json.loads((site.home / "gmail_token.json").read_text())
        (site.home / "gmail_token.json").write_text(json.dumps({**document, "expiry": "2020-01-01T00:00:00Z"}))
        site.google.faults.add(Injected.INVALID_RAPT, "oauth.token", times=None)
        self.fails(site, command, 78, "gmail_token.json for Gmail (invalid_rapt")

    def test_token_of_another_account(self, site, command):
        (site.home / "token_do.json").write_text(site.google.token_file(DS))
        ended = command("start")
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "token_do.json", DS, "do_email", "do@example.org") == []
        assert nothing_is_left(site)

    def test_closed_port(self, site, command):
        site.google.stop()
        self.fails(site, command, 1, "Drive", "Connection refused")
        site.google.start()

    def test_full_disk(self, site, command):
        def no_byte_more() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        full = {"preexec_fn": no_byte_more, "env": uncovered(site)}  # coverage would want to write too
        self.fails(site, command, 1, "File too large", **full)

    def test_folder_that_may_not_be_written(self, site, command):
        if os.geteuid() == 0:
            mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && shift 0 && exec "$@"'
            shell = ["unshare", "-m", "sh", "-c", mount, str(site.home)]
            self.fails(site, command, 1, "Read-only file system", prefix=shell)
        else:
            site.home.chmod(0o500)
            self.fails(site, command, 1, "Permission denied")
            site.home.chmod(0o700)

    def test_state_of_another_owner(self, site, command, tmp_path):
        site.settings["state_path"] = str(tmp_path / "shared_state.json")
        config = site.config_file
        pid_of(command("start"))
        wait_until(lambda: (tmp_path / "shared_state.json").exists())
        other = tmp_path / "other"
        other.mkdir()
        for name in ("token_do.json", "gmail_token.json"):
            shutil.copy(site.home / name, other / name)
        (other / "daemon.yaml").write_text(config.read_text().replace("do@example.org", "x@example.org", 1))
        ended = syft_notify("start", "-c", other / "daemon.yaml", home=site.home)
        assert (ended.returncode, ended.stdout) == (78, "")
        assert lacking(ended.stderr, "do@example.org", "state_path") == []

    def test_not_ready_in_time(self, site, command):
        site.google.faults.add(Injected.STALL, "drive.about.get", times=None, seconds=60)
        code = (
            "import sys\nfrom syft_notify.daemon import daemonize\n"
            "daemonize.start.__defaults__ = (1.0,)\n"
            "from syft_notify.cli import main\nmain()\n"
        )
        command_line = [sys.executable, "-c", code, "start", "-c", str(site.config_file)]
        ended = subprocess.run(
            command_line, capture_output=True, text=True, timeout=60, check=False, env=environment(site.home)
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: ")
        assert lacking(ended.stderr, "1 s", "`syft-notify logs`") == []
        wait_until(lambda: nothing_is_left(site))


class TestStop:
    def test_the_mail_in_hand_is_finished_and_goes_once(self, site, command):
        site.ask(DS)
        site.google.faults.slow(3, "gmail.messages.send")
        pid_of(command("start"))
        wait_until(lambda: is_sending(site.home))
        begun = time.monotonic()
        assert command("stop").returncode == 0
        assert time.monotonic() - begun < 5
        assert len(site.arrived()) == 1
        site.google.faults.clear()
        pid_of(command("start"))
        wait_until(lambda: len(site.arrived()) == 2)
        command("stop")
        assert site.new_mails() == sorted(requested(DS))

    def test_one_that_was_stopped_by_a_signal_ends_in_order(self, site, command):
        pid = pid_of(command("start"))
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        assert command("stop").stdout == f"Stopped (PID {pid}).\n"
        assert time.monotonic() - begun < 5
        assert nothing_is_left(site)

    def test_a_long_wait_is_said(self, site, command):
        site.ask(DS)
        site.google.faults.slow(4, "gmail.messages.send")
        pid = pid_of(command("start"))
        wait_until(lambda: is_sending(site.home))
        stopped = command("stop")
        assert (stopped.returncode, stopped.stdout) == (0, f"Stopped (PID {pid}).\n")
        assert stopped.stderr.startswith("Warning: ")
        assert lacking(stopped.stderr, f"PID {pid}", "10 s") == []

    def test_a_mail_that_takes_too_long_is_said(self, site, command):
        site.ask(DS)
        site.google.faults.slow(30, "gmail.messages.send")
        pid = pid_of(command("start"))
        time.sleep(1)
        assert lacking(command("stop", "--timeout", "nan").stderr, "nan", "seconds") == []
        stopped = command("stop", "--timeout", "1")
        assert stopped.returncode == 0
        killed, last = stopped.stdout.splitlines()
        assert lacking(killed, "1 s", "killed") == []
        assert lacking(last, "Stopped", f"PID {pid}") == []
        assert nothing_is_left(site)

    def test_a_stalled_look_is_not_waited_for(self, site, command):
        pid_of(command("start"))
        site.google.faults.add(Injected.STALL, "drive.*", times=None, seconds=60)
        time.sleep(1.5)
        begun = time.monotonic()
        assert command("stop").returncode == 0
        assert time.monotonic() - begun < 4

    def test_what_does_not_run_is_stopped(self, site, command):
        stopped = command("stop")
        assert (stopped.returncode, lacking(stopped.stdout, "not running")) == (0, [])


class TestRestart:
    def test_it_keeps_the_options_unless_given_anew(self, site, command):
        first = pid_of(command("start", "--interval", "77", "--peers-only"))
        second = pid_of(command("restart"))
        assert second != first
        assert report(command)["interval_seconds"] == 77
        pid_of(command("restart", "--interval", "88"))
        wait_until(lambda: health(site)["interval_seconds"] == 88)
        options = json.loads((site.home / "syft-notify.status.json").read_text())["options"]
        assert options == {"interval": 88, "jobs": False, "peers": True}

    def test_what_a_terminal_runs_is_left_to_it(self, site, command):
        running = started("run", "-c", site.config_file, home=site.home)
        wait_until(lambda: health(site).get("last_poll"))
        ended = command("restart")
        assert ended.returncode == 1
        assert lacking(ended.stderr, "`syft-notify run`", "`syft-notify stop`", "`syft-notify start`") == []
        assert running.poll() is None
        running.terminate()
        running.communicate(timeout=20)

    def test_it_starts_what_did_not_run(self, site, command):
        pid_of(command("restart"))

    def test_a_broken_config_stops_nothing(self, site, command):
        pid = pid_of(command("start"))
        (site.home / "daemon.yaml").write_text("nonsense")
        assert command("restart").returncode == 78
        assert report(command)["pid"] == pid


# Each is wrong in the last line of a config that is good without it.
BROKEN_LINES = (
    "interval: 1:30",
    "email_format: !!bool maybe",
    "state_path: {{ state }}",
    "drive_token_path: ~nobody_here/t.json",
    "? [a]",
    f"daily_cap: {'1:' * 3_000}1",
    "interval: " + "[" * 3_000,
    '"\\UFFFFFFFF": x',
    "x: \0",
)


class TestSignals:
    def test_hup_reads_the_config_again_and_a_broken_one_changes_nothing(self, site, command):
        pid = pid_of(command("start"))
        site.settings["interval"] = 55
        os.kill(pid, signal.SIGHUP if site.config_file else 0)
        wait_until(lambda: health(site)["interval_seconds"] == 55)
        (site.home / "daemon.yaml").write_text("interval: 0\n")
        os.kill(pid, signal.SIGHUP)
        wait_until(lambda: health(site)["problems"])
        assert report(command)["interval_seconds"] == 55
        assert report(command)["pid"] == pid
        assert lacking(command("status").stdout, "config", site.home / "daemon.yaml") == []
        assert lacking((site.home / "syft-notify.error.log").read_text(), site.home / "daemon.yaml") == []
        assert [text.count("\n") for text in health(site)["problems"]] == [0]
        os.kill(pid, signal.SIGHUP if site.config_file else 0)
        wait_until(lambda: not health(site)["problems"])
        assert command("status").returncode == 0

    def test_hup_survives_whatever_is_in_the_config(self, site, command):
        pid = pid_of(command("start"))
        good = site.config_file.read_text()
        facts = (site.home / "daemon.yaml", f"line {good.count(chr(10)) + 1}")
        for line in BROKEN_LINES:
            (site.home / "daemon.yaml").write_text(f"{good}{line}\n")
            os.kill(pid, signal.SIGHUP)
            wait_until(lambda: any(not lacking(text, *facts) for text in health(site)["problems"]))
            assert command("run", "--once").returncode == 78
            (site.home / "daemon.yaml").write_text(good)
            os.kill(pid, signal.SIGHUP)
            wait_until(lambda: not health(site)["problems"])
        assert report(command)["pid"] == pid

    def test_hup_moves_the_state(self, site, command, tmp_path):
        pid = pid_of(command("start"))
        site.settings["state_path"] = str(tmp_path / "elsewhere.json")
        os.kill(pid, signal.SIGHUP if site.config_file else 0)
        wait_until(lambda: (tmp_path / "elsewhere.json").exists())
        assert report(command)["pid"] == pid

    def test_usr1_polls_at_once(self, site, command):
        pid = pid_of(command("start", "--interval", "3600"))
        wait_until(lambda: health(site).get("last_poll"))
        site.ask(DS)
        site.accept(DS)
        site.submit(python_job("sales"))
        os.kill(pid, signal.SIGUSR1)
        expected = sorted(submitted("sales") + granted(DS))
        wait_until(lambda: len(site.arrived()) >= len(expected))
        assert site.new_mails() == expected


class TestStatus:
    def test_it_tells_how_it_runs(self, site, command):
        site.ask(DS)
        pid = pid_of(command("start"))
        wait_until(lambda: health(site).get("sent") == 2)
        ended = command("status", "--json")
        told = json.loads(ended.stdout)
        assert ended.returncode == 0
        assert told["running"] is True
        assert (told["pid"], told["config"]) == (pid, str(site.home / "daemon.yaml"))
        assert (told["pending"], told["failed"], told["problems"]) == (0, 0, [])
        assert told["tokens"] == {"drive": "", "gmail": ""}
        assert told["memory_bytes"] > 1_000_000
        assert told["uptime_seconds"] < 60
        assert told["last_poll"] < told["next_poll"]
        assert told["last_good_poll"] == told["last_poll"]
        assert len(told["log"]) <= 5
        words = command("status").stdout
        assert lacking(words, f"PID {pid}", "2 sent", "0 waiting", "0 given up") == []

    def test_it_fails_when_the_service_does(self, site, command):
        pid_of(command("start"))
        site.google.faults.add(Injected.INSUFFICIENT_PERMISSIONS, "drive.*", times=None)
        wait_until(lambda: any(health(site)["tokens"].values()))
        assert command("status").returncode == 1
        told = report(command)
        assert lacking(told["tokens"]["drive"], "scope") == []

    def test_a_token_that_dies_is_loud_though_there_is_no_mail(self, site, command):
        document = json.loads((site.home / "gmail_token.json").read_text())
        pid_of(command("start"))
        site.google.faults.add(Injected.INVALID_GRANT, "oauth.token", times=None)
        (site.home / "new.json").write_text(json.dumps({**document, "expiry": "2020-01-01T00:00:00Z"}))
        (site.home / "new.json").replace(site.home / "gmail_token.json")
        wait_until(lambda: any(health(site)["tokens"].values()))
        assert command("status").returncode == 1
        assert lacking(report(command)["tokens"]["gmail"], "invalid_grant") == []

    @pytest.mark.parametrize("name", ["drive", "gmail"])
    def test_a_consent_that_is_revoked_shows_while_the_access_token_lives(self, site, command, name):
        pid_of(command("start"))
        wait_until(lambda: health(site).get("polls", 0) >= 3)
        assert site.google.requests.count("oauth.token") == 2
        assert re.search(rf"{name} .*\d\d:\d\d", command("status").stdout)
        assert set(report(command)["tokens_good_as_of"]) == {"drive", "gmail"}
        site.google.faults.add(Injected.INVALID_GRANT, "oauth.token", times=None)
        token = site.home / {"drive": "token_do.json", "gmail": "gmail_token.json"}[name]
        eleven_minutes_ago = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
        old = {**json.loads(token.read_text()), "syft_notify_renewed_at": eleven_minutes_ago}
        (site.home / "new.json").write_text(json.dumps(old))
        (site.home / "new.json").replace(token)
        wait_until(lambda: health(site)["tokens"][name])
        ended = command("status")
        assert ended.returncode == 1
        assert lacking(ended.stdout, "invalid_grant") == []

    def test_it_says_that_nothing_runs(self, site, command):
        ended = command("status")
        assert ended.returncode == 3
        assert lacking(ended.stdout, "not running", site.home / "daemon.yaml") == []
        assert report(command)["running"] is False

    @pytest.mark.parametrize("content", ["", "null", "[]", '{"pid": 1, "tokens": 7}', "{" * 100_000])
    def test_without_a_report_that_can_be_read_nobody_says_that_all_is_well(self, site, command, content):
        pid_of(command("start", "--interval", "3600"))
        wait_until(lambda: health(site).get("last_poll"))
        (site.home / "syft-notify.status.json").write_text(content)
        ended = command("status")
        assert ended.returncode == 1
        assert len(report(command)["problems"]) == 1

    def test_a_report_that_cannot_be_written_is_a_problem_said_once(self, site, command):
        pid_of(command("start"))
        wait_until(lambda: health(site).get("last_poll"))
        report_file = site.home / "syft-notify.status.json"
        report_file.unlink()
        report_file.mkdir()
        wait_until(lambda: "syft-notify.status.json is a folder" in command("logs", "--errors").stdout)
        assert command("status").returncode == 1
        for _ in range(2):
            os.kill(int((site.home / "syft-notify.pid").read_text()), signal.SIGUSR1)
        assert command("logs", "--errors").stdout.count("status.json is a folder") == 1

    def test_a_start_that_lasts_is_not_well_yet(self, site, command):
        site.google.faults.add(Injected.STALL, "drive.about.get", times=None, seconds=60)
        with started("start", "-c", site.home / "daemon.yaml", home=site.home) as starting:
            wait_until(lambda: processes(site)[1:] and is_held(site.home / "syft-notify.lock"))
            assert command("status").returncode == 1
            starting.send_signal(signal.SIGINT)
            starting.communicate(timeout=20)

    def test_it_fails_for_as_long_as_mails_cannot_go_out(self, site, command):
        site.google.faults.add(Injected.UNAVAILABLE, "gmail.*", times=None)
        site.ask(DS)
        pid_of(command("start"))
        wait_until(lambda: health(site).get("undelivered") == 2)
        polls = health(site)["polls"]
        wait_until(lambda: health(site)["polls"] >= polls + 2)
        ended = command("status")
        assert ended.returncode == 1
        assert lacking(ended.stdout, "2 mails") == []
        assert not health(site)["last_good_poll"]

    @pytest.mark.parametrize(
        ("action", "mails"), [(["retry"], 2), (["drop", "--yes"], 0)], ids=lambda value: value if value else ""
    )
    def test_mails_that_were_given_up_are_a_problem_until_retried_or_dropped(self, site, command, action, mails):
        rule = site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=None)
        site.ask(DS)
        pid = pid_of(command("start"))
        wait_until(lambda: health(site).get("failed") == 2)
        polls = health(site)["polls"]
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: health(site)["polls"] > polls)
        ended = command("status")
        assert ended.returncode == 1
        assert lacking(ended.stdout, "2 mails given up", "`syft-notify outbox`") == []
        (problem,) = report(command)["problems"]
        assert lacking(problem, "`syft-notify outbox retry`", "`syft-notify outbox drop`") == []
        site.google.faults.remove(rule)
        ids = [item["id"] for item in json.loads(command("outbox", "--json").stdout)]
        assert command("outbox", *action, *ids).returncode == 0
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: command("status").returncode == 0)
        assert len(site.new_mails()) == mails

    @pytest.mark.parametrize("name", ["token_do.json", "gmail_token.json"])
    def test_a_corrupted_token_file_is_a_problem_until_it_is_good_again(self, site, command, name):
        pid_of(command("start"))
        wait_until(lambda: health(site).get("last_poll"))
        token = site.home / name
        good = token.read_text()
        token.write_text(good[:100])
        for _ in range(3):
            polls = health(site)["polls"]
            os.kill(health(site)["pid"], signal.SIGUSR1)
            wait_until(lambda polls=polls: health(site)["polls"] > polls)
        ended = command("status")
        assert ended.returncode == 1
        assert lacking(ended.stdout, name, "JSON") == []
        site.ask(DS)
        token.write_text(good)
        os.kill(health(site)["pid"], signal.SIGUSR1)
        wait_until(lambda: command("status").returncode == 0)
        wait_until(lambda: len(site.arrived()) == 2)
        assert site.new_mails() == requested(DS)

    @pytest.mark.parametrize(("hours", "says"), [(-1, "No poll"), (24, "set back")])
    def test_a_loop_that_hangs_is_said_whatever_the_clock_does(self, site, command, hours, says):
        pid = pid_of(command("start", "--interval", "3600"))
        wait_until(lambda: health(site).get("last_poll"))
        os.kill(pid, signal.SIGSTOP)
        moved = health(site)
        moved["next_poll"] = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        (site.home / "syft-notify.status.json").write_text(json.dumps(moved))
        ended = command("status")
        assert (ended.returncode, says in ended.stdout) == (1, True)
        os.kill(pid, signal.SIGCONT)

    def test_things_that_are_no_files_are_left_alone(self, site, command):
        os.mkfifo(site.home / "syft-notify.log")
        os.mkfifo(site.home / "syft-notify.status.json")
        (site.home / "syft-notify.pid").mkdir()
        assert command("status").returncode == 3
        assert lacking(command("logs").stderr, "Error", site.home / "syft-notify.log") == []
        assert lacking(command("stop").stdout, "not running") == []
        (site.home / "syft-notify.log").unlink()
        assert "syft-notify.pid" in command("start").stderr

    def test_a_config_below_a_file_or_with_too_long_a_name_does_not_run(self, site, command):
        for config in (site.home / "syft-notify.pid" / "daemon.yaml", f"/{'x' * 300}.yaml"):
            (site.home / "syft-notify.pid").touch()
            ended = command("status", "--config", config)
            assert (ended.returncode, ended.stderr) == (3, "")
            assert lacking(ended.stdout, "not running", config) == []


class TestLogs:
    def test_they_show_the_end_and_the_errors(self, site, command):
        missing = command("logs").stderr
        assert lacking(missing, site.home / "syft-notify.log", "`syft-notify start`", "systemd") == []
        site.ask(DS)
        pid_of(command("start"))
        wait_until(lambda: len(site.arrived()) == 2)
        command("stop")
        lines = command("logs", "-n", "3").stdout.splitlines()
        assert len(lines) == 3
        assert lacking(lines[-1], "INFO", "syft-notify stops", "2 mails") == []
        assert lacking(lines[-2] + lines[-3], "sent", "peer_requested", DS) == []
        assert command("logs", "--errors").stdout == ""

    def test_they_follow_through_a_restart_until_ctrl_c(self, site, command):
        pid_of(command("start"))
        following = started("logs", "-c", site.config_file, "-n", "0", "--follow", home=site.home)
        time.sleep(1)
        pid_of(command("restart"))
        time.sleep(1)
        following.send_signal(signal.SIGINT)
        output, _ = following.communicate(timeout=10)
        assert following.returncode == 0
        told = [line.rpartition(" - ")[2] for line in output.splitlines()]
        assert lacking(told[0], "syft-notify stops", "0 mails") == []
        assert lacking(told[1], "starts", __version__, site.config_file) == []

    def test_following_ends_when_nobody_reads_on(self, site, command):
        pid_of(command("start", "--interval", "3600"))
        shell = f"'{sys.executable}' -m syft_notify logs -c '{site.config_file}' --follow | head -n 1"
        subprocess.run(shell, shell=True, check=True, timeout=20, env=environment(site.home), capture_output=True)  # noqa: S602

    def test_following_misses_no_line_while_files_are_put_aside(self, site, command):
        config = site.config_file
        files = [site.home / "syft-notify.log", site.home / "syft-notify.error.log"]
        files[0].touch()
        following = started("logs", "-c", config, "-n", "0", "--follow", home=site.home)
        time.sleep(1)
        code = (
            "import logging, sys, time; from pathlib import Path; from syft_notify.daemon.logging import LogFiles\n"
            "with LogFiles(Path(sys.argv[1]), Path(sys.argv[2]), largest=3000) as files:\n"
            "    files.configure('INFO', 'text')\n"
            "    for number in range(1000):\n"
            "        level = logging.WARNING if number % 10 == 0 else logging.INFO\n"
            "        logging.getLogger('syft_notify').log(level, 'line %d', number)\n"
            "        if number % 20 == 0: time.sleep(0.03)\n"
        )
        subprocess.run([sys.executable, "-c", code, *map(str, files)], check=True, timeout=60)
        time.sleep(1)
        following.send_signal(signal.SIGINT)
        output, _ = following.communicate(timeout=10)
        assert [int(line.rpartition(" ")[2]) for line in output.splitlines()] == list(range(1000))
        assert sorted(path.name for path in site.home.glob("syft-notify.log*")) == [
            "syft-notify.log",
            *(f"syft-notify.log.{number}" for number in range(1, 8)),
        ]
        errors = "".join(path.read_text() for path in site.home.glob("syft-notify.error.log*"))
        assert sorted(int(line.rpartition(" ")[2]) for line in errors.splitlines()) == list(range(0, 1000, 10))


def uncovered(site: Site) -> dict[str, str]:
    """The environment without what measures coverage."""
    return {name: value for name, value in environment(site.home).items() if not name.startswith("COV")}


def in_a_terminal_that_closes(site: Site, *arguments: str) -> None:
    """Run the command in a session of its own on a terminal, and close the terminal when it has ended."""
    arguments = (arguments[0], "-c", str(site.config_file), *arguments[1:])
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(
            "/bin/sh",
            ["sh", "-c", '"$@"; echo "exit $?"; read wait', "sh", sys.executable, "-m", "syft_notify", *arguments],
            uncovered(site),
        )
    output = b""
    while b"exit " not in output:
        output += os.read(terminal, 4096)
    assert b"exit 0" in output, output
    os.close(terminal)  # the kernel sends SIGHUP to the session
    os.waitpid(pid, 0)
