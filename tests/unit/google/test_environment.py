"""Which proxy and which certificates the environment names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syft_notify.google.environment import certificates, proxy_for, way_to
from tests.facts import lacking

HOST = "www.googleapis.com"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"HTTPS_PROXY": "http://p.example:3128"}, ("HTTPS_PROXY", "http", "p.example", 3128, "", "")),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2"}, ("https_proxy", "http", "low", 1, "", "")),
        ({"ALL_PROXY": "http://all:1"}, ("ALL_PROXY", "http", "all", 1, "", "")),
        ({"all_proxy": "http://all:1", "HTTPS_PROXY": "up:2"}, ("HTTPS_PROXY", "http", "up", 2, "", "")),
        ({"HTTPS_PROXY": "127.0.0.1:3128"}, ("HTTPS_PROXY", "http", "127.0.0.1", 3128, "", "")),
        ({"HTTPS_PROXY": " p.example "}, ("HTTPS_PROXY", "http", "p.example", 80, "", "")),
        ({"HTTPS_PROXY": "https://p.example/"}, ("HTTPS_PROXY", "http", "p.example", 443, "", "")),
        ({"HTTPS_PROXY": "http://[::1]:8080"}, ("HTTPS_PROXY", "http", "::1", 8080, "", "")),
        ({"HTTPS_PROXY": "http://me:p%40%3A%25@p:1"}, ("HTTPS_PROXY", "http", "p", 1, "me", "p@:%")),
        ({"HTTPS_PROXY": "DOM%5Cme:a@b@p:1"}, ("HTTPS_PROXY", "http", "p", 1, "DOM\\me", "a@b")),
        ({"ALL_PROXY": "socks5h://p:9050"}, ("ALL_PROXY", "socks5", "p", 9050, "", "")),
        ({"ALL_PROXY": "socks5://p"}, ("ALL_PROXY", "socks5", "p", 1080, "", "")),
        ({"ALL_PROXY": "SOCKS://p"}, ("ALL_PROXY", "socks5", "p", 1080, "", "")),
        ({"ALL_PROXY": "socks4a://p"}, ("ALL_PROXY", "socks4", "p", 1080, "", "")),
    ],
)
def test_a_proxy_is_read_in_every_usual_spelling(environ, named):
    proxy = proxy_for(HOST, 443, environ)
    assert (proxy.variable, proxy.kind, proxy.host, proxy.port, proxy.user, proxy.password) == named


@pytest.mark.parametrize(
    "environ",
    [{}, {"HTTPS_PROXY": ""}, {"https_proxy": "", "HTTPS_PROXY": "http://p:1"}, {"http_proxy": "http://p:1"}],
)
def test_without_a_proxy_for_https_the_way_is_direct(environ):
    assert proxy_for(HOST, 443, environ) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_the_way_to_this_machine_is_direct(host):
    assert proxy_for(host, 443, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ""}) is None


@pytest.mark.parametrize(
    "value",
    [
        "ftp://p:1",
        "http://",
        "http://:3128",
        "http://p:port",
        "http://p:99999",
        "http://[::1",
        "http://me:se#cret@p:1",
        "http://me:12#34@p:1",
        "http://me:12/34@p:1",
        "http://me:12?34@p:1",
    ],
)
def test_what_is_no_address_is_named_and_never_shown(value):
    with pytest.raises(ValueError, match="HTTPS_PROXY") as raised:
        proxy_for(HOST, 443, {"HTTPS_PROXY": value})
    assert raised.value.__context__ is None


def test_no_password_is_in_the_words_for_a_proxy():
    proxy = proxy_for(HOST, 443, {"HTTPS_PROXY": "http://me:secret@p:1"})
    assert lacking(str(proxy), "p:1", "HTTPS_PROXY") == []
    assert "secret" not in str(proxy) + repr(proxy)


@pytest.mark.parametrize(
    ("exceptions", "host", "direct"),
    [
        ("drive.example", "drive.example", True),
        ("a.example , drive.example", "drive.example", True),
        ("a.example drive.example", "DRIVE.example", True),
        ("example", "drive.example", True),
        (".example", "drive.example", True),
        ("*.example", "drive.example", True),
        ("drive.example.", "drive.example", True),
        ("drive.example:443", "drive.example", True),
        ("drive.example:8443", "drive.example", False),
        ("ample", "drive.example", False),
        ("e.drive.example", "drive.example", False),
        ("*", "drive.example", True),
        ("a.example, *", "drive.example", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("[fd00::1]:443", "fd00::1", True),
        ("fd00::/8", "fd00::1", True),
        ("", "drive.example", False),
        (" , ", "drive.example", False),
    ],
)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_no_proxy_names_hosts_domains_and_networks(name, exceptions, host, direct):
    environ = {"HTTPS_PROXY": "http://p:1", name: exceptions}
    assert (proxy_for(host, 443, environ) is None) == direct


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS"])
def test_certificates_are_those_of_any_usual_variable(variable):
    assert certificates({variable: "/ca.pem", "HTTPS_PROXY": "x"}).path == Path("/ca.pem")
    assert certificates({variable: ""}) is None


def test_the_way_is_said_in_words():
    environ = {"ALL_PROXY": "socks5h://p", "CURL_CA_BUNDLE": "/ca.pem"}
    assert lacking(way_to(f"https://{HOST}/x", environ), "p:1080", "ALL_PROXY", "/ca.pem", "CURL_CA_BUNDLE") == []
    assert way_to(f"https://{HOST}/x", {}) == way_to("http://127.0.0.1:1/", environ) == ""


@pytest.mark.parametrize("value", ["", "/no/such/file", "/"])
def test_a_variable_at_which_httplib2_fails_is_named(tmp_path, value):
    environ = {**os.environ, "HOME": str(tmp_path), "HTTPLIB2_CA_CERTS": value}
    command = [sys.executable, "-m", "syft_notify", "run", "--once"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (78, 1)
    assert lacking(done.stderr, "Error", "HTTPLIB2_CA_CERTS", repr(value)) == []
