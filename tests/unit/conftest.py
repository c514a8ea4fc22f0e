"""A local Google behind TLS and proxies, as if it were outside; a place that the tests' user may be shut out of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from syft_notify.sandbox import Sandbox
from syft_notify.store.database import Database
from tests.tls import Authority, HttpProxy, Listener, TlsFront

HOST = "google.invalid"
VARIABLES = [
    *("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS"),
]


@pytest.fixture(autouse=True)
def closed_databases() -> Iterator[None]:
    """A test may leave a store as a process that dies does; Python 3.13 and newer warn of a connection left open."""
    opened: list[Database] = []
    begin = Database.__init__

    def noted(self: Database, *arguments: Any) -> None:
        begin(self, *arguments)
        opened.append(self)

    with pytest.MonkeyPatch.context() as patches:  # its own: the test's must be undone before other fixtures end
        patches.setattr(Database, "__init__", noted)
        yield
    for database in opened:
        database.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def tls(sandbox: Sandbox, authority: Authority, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """The local Google behind TLS; nothing of the environment is set."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    front = TlsFront(authority.context(HOST), urlsplit(sandbox.drive_endpoint).port)
    stack.callback(front.close)
    return front


@pytest.fixture
def proxied(
    tls: Listener, authority: Authority, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """`proxied(HttpProxy, ...)` is such a proxy, set and trusted by the environment, before the local Google."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))

    def made(kind: type[Any] = HttpProxy, *options: str) -> Any:
        proxy = kind(tls.port, *options)
        stack.callback(proxy.close)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        return proxy

    return made


@pytest.fixture
def strangers_root() -> Iterator[Path]:
    """A folder of somebody else, not made yet; root, who may read everything, becomes nobody for the test."""
    before = os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - nobody must be able to enter what is below
        yield Path(folder) / "SyftBox"
    os.umask(before)
