"""The table below a cell, as HTML and in a browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syft_notify.engine.health import Health
from syft_notify.engine.status import Status, summary
from tests.chromium import chromium, screenshot
from tests.contrast import AA, contrast

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSTILE = "</td><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"


def status(*, running: bool = True, **changes: Any) -> Status:
    health = Health(
        pid=1,
        version="0",
        config="",
        started_at=NOW,
        interval_seconds=30,
        started_by="notebook",
        options={},
        polls=3,
        sent=4,
        last_poll=NOW,
        last_good_poll=NOW,
        next_poll=NOW + timedelta(seconds=30),
        tokens={"drive": "", "gmail": ""},
    )
    for name, value in changes.items():
        setattr(health, name, value)
    return Status("do@example.org", running, summary(health.as_json(), NOW))


BAD = status(
    problems=[f"jobs: {HOSTILE}", "peers: one\x1b[2Jtwo\nthree"],
    warnings=["The Drive token ends on 2026-11-30 at the latest. Run `syft-notify init --renew drive`."],
    tokens={"drive": "", "gmail": f"{HOSTILE}. Run `syft-notify init --renew gmail`."},
    last_good_poll=None,
    pending=2,
    undelivered=2,
)


def test_the_table_has_a_row_for_each_of_the_text():
    html = BAD._repr_html_()
    assert html.count("<tr") == len(BAD.rows) == len(repr(BAD).splitlines()) - 1
    assert BAD.state in html


def test_nothing_from_outside_becomes_html_or_moves_the_cursor():
    assert set(re.findall(r"<(\w+)", BAD._repr_html_())) == {
        "div",
        "p",
        "strong",
        "span",
        "table",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert "peers: one\N{REPLACEMENT CHARACTER}[2Jtwo three" in repr(BAD)


def rgb(colour: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


@pytest.mark.parametrize(("theme", "paper", "ink"), [("light", "#ffffff", "#212121"), ("dark", "#111111", "#e0e0e0")])
def test_it_can_be_read_in_the_light_and_in_the_dark(theme, paper, ink):
    tables = "".join(each._repr_html_() for each in (status(), BAD, status(running=False)))
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.set_content(f'<body style="background: {paper}; color: {ink}; font: 14px sans-serif">{tables}</body>')
        screenshot(page, f"notebook-status-{theme}")
        assert page.title() == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= 900
        seen = page.evaluate(
            "[...document.querySelectorAll('th, td, span')].map(e => [getComputedStyle(e).color, "
            "getComputedStyle(e).backgroundColor])"
        )
        behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert len(seen) > 20
    for colour, own in seen:
        under = behind if own == "rgba(0, 0, 0, 0)" else own
        assert contrast(rgb(colour), rgb(under)) >= AA
