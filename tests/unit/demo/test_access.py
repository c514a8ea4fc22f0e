"""Who may talk to the demo's page."""

from __future__ import annotations

import pytest

from syft_notify.demo.access import MAIL_POLICY, PAGE_POLICY, TOKEN_HEADER, is_loopback, may_act

HOST, TOKEN = "127.0.0.1:4711", "secret"


@pytest.mark.parametrize("host", [HOST, "localhost:4711", "localhost", "LOCALHOST:80"])
def test_a_name_of_this_machine_may_look(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example.org", "evil.example.org:1", "127.0.0.1.evil.example.org", "localhost@evil.example.org", "[::"],
)
def test_a_name_of_somebody_else_that_leads_here_may_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({TOKEN_HEADER: TOKEN}, True),
        ({TOKEN_HEADER: TOKEN, "Origin": f"http://{HOST}"}, True),
        ({}, False),
        ({TOKEN_HEADER: ""}, False),
        ({TOKEN_HEADER: "guessed"}, False),
        ({TOKEN_HEADER: "ä"}, False),
        ({TOKEN_HEADER: TOKEN, "Origin": "http://evil.example.org"}, False),
        ({TOKEN_HEADER: TOKEN, "Origin": "http://127.0.0.1:1"}, False),
        ({TOKEN_HEADER: TOKEN, "Origin": "null"}, False),
    ],
)
def test_only_the_page_itself_presses_buttons(headers: dict[str, str], may: bool) -> None:
    assert may_act(HOST, headers, TOKEN) is may


def test_neither_the_page_nor_a_mail_may_run_what_stands_in_it() -> None:
    assert "unsafe" not in PAGE_POLICY
    assert "default-src 'none'" in PAGE_POLICY
    assert "script" not in MAIL_POLICY
    assert "; sandbox;" in MAIL_POLICY
