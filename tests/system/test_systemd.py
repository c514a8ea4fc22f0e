"""The units, judged by systemd's own tools, and the service inside their confinement."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syft_notify.daemon.systemd import serves, system_unit, template_unit, template_user_unit, user_unit
from syft_notify.sandbox import Injected
from tests.docs.markdown import REPOSITORY
from tests.facts import lacking
from tests.stories.site import Site, requested
from tests.system.program import environment, syft_notify, wait_until
from tests.system.tools import needs

DS = "ds@example.org"
CONFINED = Path(__file__).with_name("confined.py")


class Systemd:
    """A socket that hears what the service tells systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def listen(self, seconds: float) -> list[str]:
        """What is told in this time; all of it is kept in `heard` too."""
        told = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                told.append(self._socket.recv(4096).decode())
            except TimeoutError:
                break
        self.heard += told
        return told

    def wait_for(self, message: str, seconds: float = 15) -> None:
        """Wait until a message begins so. Raises `TimeoutError`."""
        end = time.monotonic() + seconds
        while not any(heard.startswith(message) for heard in self.heard):
            if time.monotonic() > end:
                raise TimeoutError(f"{message} was not told: {self.heard}")
            self.listen(0.1)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listener = Systemd(tmp_path / "notify")
    yield listener
    listener.close()


def served(site: Site, systemd: Systemd, *prefix: str, watchdog: float = 0) -> subprocess.Popen[str]:
    """`run` as systemd starts it, behind `prefix`."""
    told = {"NOTIFY_SOCKET": str(systemd.path)}
    if watchdog:
        told["WATCHDOG_USEC"] = str(round(watchdog * 1_000_000))
    site.settings["interval"] = 1
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "syft_notify", "run", "-c", str(site.config_file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment(site.home), **told},
    )


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    return output


class TestNotify:
    def test_systemd_hears_of_mails_that_were_given_up(self, site, systemd):
        site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=None)
        site.ask(DS)
        process = served(site, systemd)
        systemd.wait_for("STATUS=0 mails sent. 2 mails given up")
        ended(process)

    def test_systemd_hears_the_whole_life(self, site, systemd):
        site.ask(DS)
        process = served(site, systemd)
        systemd.wait_for("READY=1")
        systemd.wait_for("STATUS=2 mails sent")
        process.send_signal(signal.SIGHUP)
        systemd.wait_for("RELOADING=1\nMONOTONIC_USEC=")
        wait_until(lambda: systemd.listen(0.1) or systemd.heard.count("READY=1") == 2)
        ended(process)
        systemd.listen(0.1)
        assert systemd.heard[-1] == "STOPPING=1"
        assert systemd.heard.index("READY=1") == 0
        assert not [heard for heard in systemd.heard if "WATCHDOG" in heard]

    def test_the_watchdog_hears_a_beat_while_the_loop_turns_and_silence_when_it_hangs(self, site, systemd):
        process = served(site, systemd, watchdog=1)
        systemd.wait_for("WATCHDOG=1")
        assert systemd.listen(2).count("WATCHDOG=1") >= 4
        site.google.faults.add(Injected.STALL, "drive.*", times=None, seconds=60)
        systemd.listen(2)
        assert "WATCHDOG=1" not in systemd.listen(2)
        ended(process)

    def test_dead_credentials_and_a_bad_config_are_the_exit_code_that_is_not_restarted(self, site, systemd):
        (site.home / "gmail_token.json").write_text("{}")
        process = served(site, systemd)
        output, _ = process.communicate(timeout=20)
        assert (process.returncode, output.count("\n")) == (78, 1)
        assert systemd.listen(0.1) == []
        assert "RestartPreventExitStatus=78" in template_unit().text


class TestUnits:
    def test_those_of_the_repository_are_those_of_the_program(self):
        assert (REPOSITORY / "systemd/syft-notify.service").read_text() == template_unit().text
        assert (REPOSITORY / "systemd/syft-notify-user.service").read_text() == template_user_unit().text

    @pytest.mark.parametrize("scope", ["system", "user"])
    @pytest.mark.parametrize(
        "name", ["plain", "a  b ;", "it's", 'a"b', "a\\b", "a\\", "a$b${HOME}$$", "a%b%h%%", "é=#"]
    )
    def test_systemd_finds_nothing_wrong(self, scope, name, tmp_path):
        needs("systemd-analyze", package="systemd")
        folder = tmp_path / name
        folder.mkdir()
        program = folder / "syft-notify"
        shutil.copy("/bin/true", program)
        unit = {
            "system": system_unit("root", [str(program)], folder / f"{name}.yaml", [tmp_path, folder]),
            "user": user_unit(tmp_path, [str(program)], folder / f"{name}.yaml"),
        }[scope]
        assert serves(unit.text, folder / f"{name}.yaml")
        assert not serves(unit.text, folder / f"{name}2.yaml")
        path = tmp_path / unit.path.name
        path.write_text(unit.text)
        judged = subprocess.run(
            ["systemd-analyze", "verify", f"--{scope}", "--man=no", path],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )
        assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")

    @pytest.mark.parametrize("folder", ["/root", "/root/creds"])
    def test_systemd_lets_root_write_beside_the_config(self, folder, tmp_path):
        """A systemd of its own, in namespaces, with another home of root."""
        needs("systemd-analyze", "unshare", package="systemd util-linux")
        if os.geteuid() != 0:
            pytest.skip("only root can start a system")
        home, units = tmp_path / "root", tmp_path / "units"
        (home / "creds").mkdir(parents=True)
        (home / "program").write_text('#!/bin/sh\ntouch "$3".written /home/written; touch /root/program.ended\n')
        (home / "program").chmod(0o700)
        units.mkdir()
        unit = system_unit("root", ["/root/program"], Path(folder, "d.yaml"), [Path(folder)])
        (units / unit.path.name).write_text(unit.text)
        alone = units / f"{unit.path.name}.d/alone.conf"
        alone.parent.mkdir()
        alone.write_text("[Unit]\nDefaultDependencies=no\nWants=\n")
        (units / "probe.target").write_text(f"[Unit]\nWants={unit.path.name}\n")
        boot = (
            "mount -t proc proc /proc && mount -t tmpfs tmpfs /run && mount -t cgroup2 cgroup2 /sys/fs/cgroup && "
            'mount --bind "$0" /root && mkdir -p /run/systemd && cp -r "$1" /run/systemd/system && '
            "container=test exec /lib/systemd/systemd --system --unit=probe.target --log-target=console"
        )
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--kill-child"]
        with subprocess.Popen([*namespaces, "sh", "-c", boot, home, units]) as system:
            try:
                wait_until((home / Path(folder).relative_to("/root") / "d.yaml.written").exists)
            finally:
                system.kill()
        assert not Path("/home/written").exists()

    @pytest.mark.parametrize(
        "unit", [template_unit(), system_unit("daemon", ["/bin/true"], Path("/home/a/d.yaml"), [Path("/home/a")])]
    )
    def test_the_system_unit_is_hardened(self, tmp_path, unit):
        needs("systemd-analyze", package="systemd")
        path = tmp_path / unit.path.name
        path.write_text(unit.text)
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", path],
            capture_output=True,
            text=True,
            check=True,
        )
        score = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
        assert score
        assert float(score[1]) <= 1.5

    def test_the_service_works_inside_the_confinement(self, site, systemd):
        """The unit's system calls and memory rules, and a file system that is read-only but for its own folder."""
        needs("systemd-analyze", "unshare", package="systemd util-linux")
        site.ask(DS)
        # The interpreter writes no byte code there either.
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'
        namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        prefix = [*namespace, "sh", "-c", mount, str(site.home), sys.executable, str(CONFINED)]
        process = served(site, systemd, *prefix, str(REPOSITORY / "systemd/syft-notify.service"))
        try:
            systemd.wait_for("STATUS=2 mails sent")
        finally:
            output = ended(process)
        assert site.new_mails() == sorted(requested(DS))
        assert "Warning" not in output
        assert syft_notify("status", "-c", site.home / "daemon.yaml", home=site.home).returncode == 3

    def test_the_confinement_is_real(self):
        needs("systemd-analyze", package="systemd")
        unit = str(REPOSITORY / "systemd/syft-notify.service")
        code = "import os\ntry: os.chroot('/')\nexcept PermissionError: print('refused')"
        command = [sys.executable, str(CONFINED), unit, sys.executable, "-c", code]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "refused\n"


class TestInstall:
    def called(self, site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
        return syft_notify(arguments[0], "-c", site.config_file, *arguments[1:], home=site.home)

    def test_the_user_unit_has_the_paths_of_this_program_and_this_config(self, site):
        place = site.home / ".config/systemd/user/syft-notify.service"
        wrote = self.called(site, "install-service")
        assert (wrote.returncode, wrote.stderr) == (0, "")
        assert wrote.stdout.splitlines()[0] == f"Wrote {place}. Now:"
        (command,) = re.findall(r"^ExecStart=(.+)$", place.read_text(), re.MULTILINE)
        program = Path(sys.executable).with_name("syft-notify")
        assert command == f"{program} run --config {site.config_file}"
        assert shutil.which(command.split()[0])
        assert self.called(site, "install-service", "--print").stdout == place.read_text()
        removed = self.called(site, "uninstall-service")
        assert lacking(removed.stdout.splitlines()[0], "Removed", place) == []
        assert not place.exists()
        assert lacking(self.called(site, "uninstall-service").stdout, place, "Removed") == ["Removed"]

    def test_the_system_unit_runs_as_the_owner_of_the_config(self, site):
        shown = self.called(site, "install-service", "--system", "--print").stdout
        assert f"User={site.config_file.owner()}\n" in shown
        assert f"ReadWritePaths=-{site.home}\n" in shown

    def test_the_unit_of_another_config_is_neither_overwritten_nor_removed(self, site):
        assert self.called(site, "install-service").returncode == 0
        place = site.home / ".config/systemd/user/syft-notify.service"
        before = place.read_text()
        other = site.home / "other.yaml"
        other.write_text(site.config_file.read_text())
        for name in ("install-service", "uninstall-service"):
            ended = syft_notify(name, "-c", other, home=site.home)
            assert ended.returncode == 1
            assert lacking(ended.stderr, place, other) == []
        assert place.read_text() == before
        assert syft_notify("install-service", "-c", other, "--name", "other", home=site.home).returncode == 0
        assert str(other) in place.with_name("other.service").read_text()

    def test_a_pipe_and_a_masked_unit_are_neither_waited_for_nor_written_to(self, site):
        units = site.home / ".config/systemd/user"
        units.mkdir(parents=True)
        os.mkfifo(units / "pipe.service")
        (units / "masked.service").symlink_to(os.devnull)  # as `systemctl mask` does
        for command in ("install-service", "uninstall-service"):
            for name, kind in (("pipe", "a pipe"), ("masked", "a device")):
                ended = self.called(site, command, "--name", name)
                assert ended.returncode == 1
                assert lacking(ended.stderr, f"{name}.service", kind) == []
        assert (units / "masked.service").is_symlink()

    def test_a_link_to_the_folder_leads_to_the_same_config(self, site, tmp_path):
        link = tmp_path / "link to home"
        link.symlink_to(site.home)
        assert self.called(site, "install-service").returncode == 0
        for name in ("install-service", "uninstall-service"):
            ended = syft_notify(name, "-c", link / site.config_file.name, home=site.home)
            assert (ended.returncode, ended.stderr) == (0, "")

    def test_a_path_that_would_break_the_unit_is_refused(self, site):
        odd = site.home / "a\nb.yaml"
        odd.write_text(site.config_file.read_text())
        ended = syft_notify("install-service", "--print", "-c", odd, home=site.home)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert lacking(ended.stderr, "UTF-8") == []

    def test_systemd_restarts_what_it_started(self, site, systemd):
        process = served(site, systemd)
        systemd.wait_for("STATUS=")
        ended_command = syft_notify("restart", "-c", site.home / "daemon.yaml", home=site.home)
        assert ended_command.returncode == 1
        assert lacking(ended_command.stderr, "systemd") == []
        ended(process)

    def test_a_config_that_cannot_work_is_refused(self, site):
        site.config_file.write_text("interval: 0\n")
        ended = syft_notify("install-service", "-c", site.home / "daemon.yaml", home=site.home)
        assert ended.returncode == 78
        assert not (site.home / ".config").exists()

    def test_a_folder_that_cannot_be_written_is_said(self, site):
        (site.home / ".config").write_text("")
        wrote = self.called(site, "install-service")
        assert wrote.returncode == 1
        assert lacking(wrote.stderr, "Not a directory") == []
