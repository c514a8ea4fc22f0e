"""Proxies of the environment: used for the world outside, and never for this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.errors import TransientFault
from syft_notify.google_api.auth import DRIVE_SCOPES, TokenFile
from syft_notify.google_api.drive import DriveFiles
from syft_notify.sandbox import Sandbox

DO = "do@example.org"


class Proxy:
    """Notes what it is asked for, and gives nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with caller:
                self.asked.append(caller.recv(1000).split(b"\r\n")[0].decode())
                caller.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    proxy = Proxy()
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    yield proxy
    proxy.close()


@pytest.fixture
def token(sandbox: Sandbox, tmp_path: Path) -> TokenFile:
    path = tmp_path / "token_do.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file(DO, expiry=datetime(2020, 1, 1, tzinfo=UTC)))
    return TokenFile(path, "Drive", DRIVE_SCOPES, sandbox.token_uri)


def test_the_world_outside_is_asked_through_the_proxy(proxy, token):
    drive = DriveFiles(token, "https://drive.example.org/drive/v3/", sleep=lambda seconds: None)
    with pytest.raises(TransientFault):
        drive.account()
    assert set(proxy.asked) == {"CONNECT drive.example.org:443 HTTP/1.1"}
    drive.close()


def test_this_machine_is_asked_directly(proxy, token, sandbox):
    drive = DriveFiles(token, sandbox.drive_endpoint)
    assert drive.account() == DO
    assert proxy.asked == []
    drive.close()
