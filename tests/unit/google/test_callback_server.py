"""The page where the browser lands: what counts as an answer, and what a browser does besides."""

from __future__ import annotations

import select
import socket

import pytest
import requests

from syft_notify.domain.errors import UserError
from syft_notify.google.callback_server import CallbackServer


def somebody_landed(callback_server: CallbackServer) -> bool:
    return bool(select.select([callback_server], [], [], 0)[0])


def test_an_answer_is_handed_over_with_its_whole_address():
    with CallbackServer() as callback_server:
        assert not somebody_landed(callback_server)
        page = requests.get(f"{callback_server.address}?state=s&code=c", timeout=10)
        assert "syft-notify" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert callback_server.answer() == f"http://127.0.0.1:{callback_server.port}/?state=s&code=c"
        assert not somebody_landed(callback_server)


def test_what_a_browser_asks_besides_is_no_answer():
    with CallbackServer() as callback_server:
        for path in ("favicon.ico", "", "?", "?state=s"):
            assert requests.get(f"{callback_server.address}{path}", timeout=10).status_code == 404
        assert requests.post(f"{callback_server.address}?code=c", timeout=10).status_code == 501
        assert not somebody_landed(callback_server)


def test_a_connection_that_says_nothing_holds_nobody_up():
    with CallbackServer() as callback_server, socket.create_connection(("127.0.0.1", callback_server.port)):
        requests.get(f"{callback_server.address}?error=access_denied", timeout=10)
        assert callback_server.answer().endswith("?error=access_denied")


def test_the_port_is_given_back_and_can_be_taken_again():
    with CallbackServer() as callback_server:
        port = callback_server.port
        with pytest.raises(UserError, match=f"{port}.*Address already in use") as error:
            CallbackServer(port)
    assert "another" in error.value.hint
    with CallbackServer(port) as callback_server:
        assert callback_server.port == port
