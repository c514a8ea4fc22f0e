"""Tells systemd how the service does (sd_notify(3)): one datagram a message, nothing when systemd does not listen."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class SystemdNotifier:
    """Sends to the socket that systemd named in the environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        # Another process' watchdog is not ours to feed.
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watchdog = environ.get("WATCHDOG_USEC", "") if ours else ""

    @property
    def listens(self) -> bool:
        """Whether systemd, or something like it, wants to hear of us."""
        return bool(self._address)

    @property
    def beat_seconds(self) -> float | None:
        """How often systemd wants to hear `beat`: twice as often as it would give up; None when it does not care."""
        return int(self._watchdog) / 2_000_000 if self._watchdog.isdecimal() and int(self._watchdog) else None

    def ready(self) -> None:
        """The service runs."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; it may name a path that is not UTF-8, which systemd asks for.

        systemd takes a second line for another message (sd_notify(3)).
        """
        self._send(f"STATUS={' '.join(text.encode(errors='replace').decode().split())}")

    def beat(self) -> None:
        """The loop turns."""
        if self._watchdog:
            self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """The config is read again; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service ends."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        """One message. A systemd that does not listen is no reason to stop sending mails."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
            try:
                out.sendto(message.encode(), self._address)
            except OSError:
                return
