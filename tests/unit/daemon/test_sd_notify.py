"""What systemd hears, on a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from syft_notify.daemon.sd_notify import SystemdNotifier


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The name of a socket as systemd gives it, and the socket."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@syft-notify-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(5)
        yield name, listener


def test_each_message_is_one_datagram(systemd):
    name, listener = systemd
    notifier = SystemdNotifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())})
    notifier.ready()
    notifier.status("3 mails sent")
    notifier.beat()
    notifier.reloading()
    notifier.stopping()
    heard = [listener.recv(1024).decode() for _ in range(5)]
    assert heard[:3] == ["READY=1", "STATUS=3 mails sent", "WATCHDOG=1"]
    assert heard[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[4] == "STOPPING=1"
    assert notifier.beat_seconds == 1.5


@pytest.mark.parametrize(
    "environ", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}]
)
def test_a_watchdog_that_is_not_ours_is_not_fed(systemd, environ):
    name, listener = systemd
    notifier = SystemdNotifier({"NOTIFY_SOCKET": name, **environ})
    assert notifier.beat_seconds is None
    if environ.get("WATCHDOG_PID"):
        notifier.beat()
        notifier.ready()
        assert listener.recv(1024) == b"READY=1"


def test_a_status_that_names_a_path_in_other_bytes_than_utf_8_arrives(systemd):
    name, listener = systemd
    SystemdNotifier({"NOTIFY_SOCKET": name}).status(os.fsdecode(b"/home/Ren\xe9 is not there"))
    assert listener.recv(1024) == b"STATUS=/home/Ren? is not there"


def test_a_status_in_lines_is_one_message(systemd):
    name, listener = systemd
    SystemdNotifier({"NOTIFY_SOCKET": name}).status("jobs: one\nMAINPID=1\n\ntwo")
    assert listener.recv(1024) == b"STATUS=jobs: one MAINPID=1 two"


def test_without_systemd_nothing_happens(tmp_path):
    SystemdNotifier({}).ready()
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
