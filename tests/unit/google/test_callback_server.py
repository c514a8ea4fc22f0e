"""The page where the browser lands: what counts as an answer, and what a browser does besides."""

from __future__ import annotations

import select
import socket

import pytest
import requests

from syft_notify.domain.errors import UserError
from syft_notify.google.callback_server import Landing


def somebody_landed(landing: Landing) -> bool:
    return bool(select.select([landing], [], [], 0)[0])


def test_an_answer_is_handed_over_with_its_whole_address():
    with Landing() as landing:
        assert not somebody_landed(landing)
        page = requests.get(f"{landing.address}?state=s&code=c", timeout=10)
        assert "syft-notify" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert landing.answer() == f"http://127.0.0.1:{landing.port}/?state=s&code=c"
        assert not somebody_landed(landing)


def test_what_a_browser_asks_besides_is_no_answer():
    with Landing() as landing:
        for path in ("favicon.ico", "", "?", "?state=s"):
            assert requests.get(f"{landing.address}{path}", timeout=10).status_code == 404
        assert requests.post(f"{landing.address}?code=c", timeout=10).status_code == 501
        assert not somebody_landed(landing)


def test_a_connection_that_says_nothing_holds_nobody_up():
    with Landing() as landing, socket.create_connection(("127.0.0.1", landing.port)):
        requests.get(f"{landing.address}?error=access_denied", timeout=10)
        assert landing.answer().endswith("?error=access_denied")


def test_the_port_is_given_back_and_can_be_taken_again():
    with Landing() as landing:
        port = landing.port
        with pytest.raises(UserError, match=f"{port}.*Address already in use") as error:
            Landing(port)
    assert "another" in error.value.hint
    with Landing(port) as landing:
        assert landing.port == port
