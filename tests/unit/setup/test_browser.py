"""Whether a page would come up before the person's eyes."""

from __future__ import annotations

import pytest

from syft_notify.setup.browser import can_open, open_page


@pytest.mark.parametrize(
    ("platform", "environ", "opens"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
    ],
)
def test_a_display_or_a_named_browser_is_needed(monkeypatch, platform, environ, opens):
    monkeypatch.setattr("sys.platform", platform)
    assert can_open(environ) is opens


def test_a_browser_that_does_not_come_back_holds_nobody_up(monkeypatch):
    import threading

    opened, closed = threading.Event(), threading.Event()

    def browse(address: str) -> bool:
        opened.set()
        return closed.wait(10)

    monkeypatch.setattr("webbrowser.open", browse)
    open_page("http://127.0.0.1/")
    assert opened.wait(10)
    closed.set()
