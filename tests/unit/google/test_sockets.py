"""The way to Google: through proxies as users set them, over TLS that somebody vouches for."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.channels.gmail import GmailChannel
from syft_notify.domain.errors import Fault, TransientFault
from syft_notify.google.auth import DRIVE_SCOPES, GMAIL_SCOPES, TokenFile
from syft_notify.google.consent import ask_consent
from syft_notify.google.drive import DriveFiles
from syft_notify.google.http import TOKENS, Http
from syft_notify.google.oauth_client import read_client
from syft_notify.google.sockets import NeverConnected
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE_READONLY
from tests.facts import lacking
from tests.tls import Authority, HttpProxy, SocksProxy
from tests.unit.channels.test_gmail import message
from tests.unit.conftest import HOST
from tests.unit.google.conftest import DO
from tests.unit.google.servers import serving
from tests.unit.google.test_consent import Somebody, browser

LOGIN, IN_A_URL = "us er:p@:%/#", "us%20er:p%40%3A%25%2F%23"


@pytest.fixture
def token(sandbox: Sandbox, tmp_path: Path) -> TokenFile:
    """One that must be refreshed first."""
    path = tmp_path / "token_do.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file(DO, expiry=datetime(2020, 1, 1, tzinfo=UTC)))
    return TokenFile(path, "Drive", DRIVE_SCOPES, f"https://{HOST}/token")


@pytest.fixture
def account(token: TokenFile, stack: ExitStack) -> Callable[[], str]:
    """Asks Drive at the outside address whose it is."""
    drive = DriveFiles(token, f"https://{HOST}/drive/v3/", timeout=5, sleep=lambda seconds: None)
    stack.callback(drive.close)
    return drive.account


def fault(ask: Callable[[], object], *secrets: str) -> str:
    """The words of its fault; neither they nor the traceback hold a secret."""
    with pytest.raises(Fault) as raised:
        ask()
    assert isinstance(raised.value, TransientFault)
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value.__cause__)
    assert not [secret for secret in secrets if secret in shown]
    return str(raised.value)


class TestProxies:
    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("HTTPS_PROXY", "http://{login}@{host}"),
            ("https_proxy", "http://{login}@{host}/"),
            ("HTTPS_PROXY", "{login}@{host}"),
            ("ALL_PROXY", "http://{login}@{host}"),
            ("all_proxy", "{login}@{host}"),
        ],
    )
    def test_a_proxy_that_wants_a_login_gets_it(self, proxied, account, monkeypatch, variable, value):
        proxy = proxied(HttpProxy, LOGIN)
        monkeypatch.delenv("HTTPS_PROXY")
        monkeypatch.setenv(variable, value.format(login=IN_A_URL, host=f"127.0.0.1:{proxy.port}"))
        assert [account(), account()] == [DO, DO]
        assert len(proxy.asked) == 2  # one for the token, one that stays
        assert set(proxy.asked) == {f"CONNECT {HOST}:443 HTTP/1.1"}

    @pytest.mark.parametrize("scheme", ["socks5h", "socks5", "socks"])
    @pytest.mark.parametrize("login", ["", LOGIN])
    def test_so_does_one_that_speaks_socks(self, proxied, account, monkeypatch, scheme, login):
        proxy = proxied(SocksProxy, login)
        shown = f"{IN_A_URL}@" if login else ""
        monkeypatch.delenv("HTTPS_PROXY")
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://{shown}127.0.0.1:{proxy.port}")
        assert account() == DO
        assert set(proxy.asked) == {f"{HOST}:443"}

    @pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
    @pytest.mark.parametrize("given", ["me:wrong%21@", ""])
    def test_a_missing_or_wrong_login_is_named_and_not_shown(self, proxied, account, monkeypatch, kind, given):
        proxy = proxied(kind, LOGIN)
        scheme = "http" if kind is HttpProxy else "socks5h"
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://{given}127.0.0.1:{proxy.port}")
        wants = "accept" if given else "wants"
        says = fault(account, "wrong", "d3Jvbmch", "bWU6")
        assert lacking(says, f"127.0.0.1:{proxy.port}", "HTTPS_PROXY", wants, "password", "USER:PASSWORD@") == []

    @pytest.mark.parametrize("challenge", ["Negotiate\r\nProxy-Authenticate: NTLM", 'negotiate, NTLM realm="basic"'])
    def test_a_login_of_another_kind_is_named(self, proxied, account, challenge):
        proxied(HttpProxy, LOGIN, "407 Authenticate", challenge)
        assert lacking(fault(account), "HTTPS_PROXY", "negotiate") == []

    def test_of_several_kinds_the_one_that_we_know_is_asked_for(self, proxied, account):
        proxied(HttpProxy, LOGIN, "407 Authenticate", 'NTLM, Basic realm="x"')
        assert lacking(fault(account), "HTTPS_PROXY", "wants", "password") == []

    def test_another_refusal_is_named_by_its_number(self, proxied, account, monkeypatch):
        proxy = proxied(HttpProxy, LOGIN, "403 Forbidden")
        assert lacking(fault(account), f"127.0.0.1:{proxy.port}", "HTTPS_PROXY", "403") == []

    @pytest.mark.parametrize("scheme", ["http", "socks5h"])
    def test_one_that_is_not_there_is_named(self, tls, account, monkeypatch, scheme):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:secret@127.0.0.1:{port}")
        assert lacking(fault(account, "secret"), f"127.0.0.1:{port}", "HTTPS_PROXY", "Connection refused") == []

    def test_a_variable_that_is_no_address_is_named_and_not_shown(self, tls, account, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "http://me:sec#ret@proxy:1")
        says = fault(account, "sec#", "ret@")
        assert lacking(says, "HTTPS_PROXY", "address") == []

    def test_one_that_drips_its_answer_ends_in_time(self, tls, monkeypatch, token, stack):
        proxy = stack.enter_context(serving(lambda request: iter(lambda: b"H", b""), pause=0.02))
        monkeypatch.setattr("syft_notify.google.http.TOKENS", replace(TOKENS, seconds=0.3))
        monkeypatch.setattr("syft_notify.google.auth.TOKENS", replace(TOKENS, seconds=0.3))
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        assert lacking(fault(token.credentials), "HTTPS_PROXY", "timeout") == []

    def test_no_proxy_is_asked_for_a_host_that_is_excepted(self, proxied, account, monkeypatch):
        proxy = proxied()
        monkeypatch.setenv("NO_PROXY", f"a.example , {HOST}")
        assert lacking(fault(account), "Drive", "HTTPS_PROXY") == ["HTTPS_PROXY"]
        assert proxy.asked == []

    def test_this_machine_is_asked_directly(self, proxied, sandbox, token_path, monkeypatch, stack):
        proxy = proxied()
        for name in ("https_proxy", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"127.0.0.1:{proxy.port}")
        drive = DriveFiles(TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri), sandbox.drive_endpoint)
        stack.callback(drive.close)
        assert drive.account() == DO
        assert proxy.asked == []


def test_an_address_of_a_kind_that_this_machine_lacks_hides_no_other(sandbox, token_path, stack, monkeypatch):
    known = socket.getaddrinfo

    def with_another(*args, **kwargs):
        return [(socket.AF_APPLETALK, socket.SOCK_STREAM, 0, "", ("::1", 1)), *known(*args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", with_another)
    drive = DriveFiles(TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri), sandbox.drive_endpoint)
    stack.callback(drive.close)
    assert drive.account() == DO


class TestEverythingGoesThatWay:
    @pytest.fixture(autouse=True)
    def proxy(self, proxied, monkeypatch) -> HttpProxy:
        proxy = proxied(HttpProxy, LOGIN)
        monkeypatch.setenv("HTTPS_PROXY", f"{IN_A_URL}@127.0.0.1:{proxy.port}")
        return proxy

    def test_a_mail_once(self, sandbox, token_path, stack, proxy):
        token = TokenFile(token_path, "Gmail", GMAIL_SCOPES, f"https://{HOST}/token")
        gmail = GmailChannel(token, f"https://{HOST}/", timeout=5)
        stack.callback(gmail.close)
        gmail.send(message())
        assert len(sandbox.mailbox("ds@example.org").received) == 1
        assert len(proxy.asked) == 1

    def test_listings_and_downloads(self, sandbox, token_path, stack, proxy):
        folder = sandbox.drive.folder(DO, "syft_x")
        sandbox.drive.file(DO, "message", b"content", folder)
        token = TokenFile(token_path, "Drive", DRIVE_SCOPES, f"https://{HOST}/token")
        drive = DriveFiles(token, f"https://{HOST}/drive/v3/", timeout=5)
        stack.callback(drive.close)
        (file,) = drive.children([folder])[folder].files
        assert [content for _, content in drive.downloads([file], 100)] == [b"content"]
        assert proxy.asked

    def test_the_exchange_of_a_consent(self, sandbox, tmp_path, proxy):
        path = tmp_path / "credentials.json"
        path.write_text(sandbox.client_file())
        client = replace(read_client(path), token_uri=f"https://{HOST}/token")
        now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        consent = ask_consent(client, [DRIVE_READONLY], Somebody(browser()), lambda: now, account=DO)
        assert consent.document["refresh_token"]
        assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]


class TestCertificates:
    @pytest.fixture
    def direct(self, tls, token_path, stack) -> Callable[[], str]:
        """Asks Drive at an address of this machine that speaks TLS."""
        token = TokenFile(token_path, "Drive", DRIVE_SCOPES)
        drive = DriveFiles(token, f"https://127.0.0.1:{tls.port}/drive/v3/", timeout=5, sleep=lambda seconds: None)
        stack.callback(drive.close)
        return drive.account

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS"])
    def test_an_authority_of_the_user_is_trusted(self, direct, authority, monkeypatch, variable):
        monkeypatch.setenv(variable, str(authority.file))
        assert direct() == DO

    def test_an_unknown_one_is_named_with_the_variable_to_set(self, direct):
        says = fault(direct)
        assert lacking(says, "Drive", "certificate", "SSL_CERT_FILE") == []

    def test_another_one_of_the_user_is_named(self, direct, tmp_path, monkeypatch):
        (tmp_path / "other").mkdir()
        other = Authority(tmp_path / "other").file
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
        assert lacking(fault(direct), other, "REQUESTS_CA_BUNDLE") == []

    def test_a_file_that_is_corrected_is_noticed_at_the_next_request(self, tls, authority, tmp_path, monkeypatch):
        (tmp_path / "other").mkdir()
        file = Authority(tmp_path / "other").file
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with closing(Http(5.0)) as asking:
            with pytest.raises(NeverConnected, match="not trusted"):
                asking.request(f"https://127.0.0.1:{tls.port}/drive/v3/about")
            file.write_bytes(authority.file.read_bytes())
            assert asking.request(f"https://127.0.0.1:{tls.port}/drive/v3/about")[0].status == 401

    def test_a_proxy_on_the_way_is_named(self, proxied, account, monkeypatch):
        proxy = proxied()
        monkeypatch.delenv("SSL_CERT_FILE")
        assert lacking(fault(account), f"127.0.0.1:{proxy.port}", "HTTPS_PROXY") == []

    @pytest.mark.parametrize("content", [None, b"no certificate"])
    def test_a_file_that_is_none_is_named(self, direct, tmp_path, monkeypatch, content):
        path = tmp_path / "ca.pem"
        if content:
            path.write_bytes(content)
        monkeypatch.setenv("CURL_CA_BUNDLE", str(path))
        assert lacking(fault(direct), "CURL_CA_BUNDLE", path) == []

    def test_a_certificate_of_another_host_is_not_accepted(self, proxied, token_path, monkeypatch, stack):
        proxied()
        token = TokenFile(token_path, "Drive", DRIVE_SCOPES)
        drive = DriveFiles(token, "https://other.invalid/drive/v3/", timeout=5, sleep=lambda seconds: None)
        stack.callback(drive.close)
        assert "Hostname mismatch" in fault(drive.account)
