"""The mails as a browser draws them: nothing leaves the screen, all can be read, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import PROGRAM, chromium
from tests.contrast import AA, contrast
from tests.golden.cases import MAILS
from tests.system.tools import needs

WIDTHS = (320, 360, 800)
SCHEMES = ("light", "dark")

# What an app that drops the style element leaves of the mails, beside the mails themselves.
WHOLE = {name: write().html for name, write in MAILS.items()}
BARE = {
    f"{name} without its style": re.sub(r"<style>.*?</style>", "", html, flags=re.S) for name, html in WHOLE.items()
}

# Every colour of text, with the colour behind it: that of the nearest element that has one.
PAIRS = """() => {
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const holder = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !holder.getClientRects().length) continue;
    let behind = holder;
    while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    found.add(getComputedStyle(holder).color + ' on ' + getComputedStyle(behind).backgroundColor);
  }
  return [...found];
}"""
# Elements that stick out of the window, and those that hide a part of themselves or would have to be scrolled.
OUTSIDE = """() => [...document.querySelectorAll('body, body *')].filter(
  e => e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5
    || (e.clientWidth && e.scrollWidth > e.clientWidth + 1)
).map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs(PROGRAM, package="chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def test_no_mail_is_wider_than_the_screen(page):
    for name, html in (WHOLE | BARE).items():
        page.set_content(html)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 600})
            assert page.evaluate(OUTSIDE) == [], f"{name} at {width} px"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_can_be_told_from_what_is_behind_it(page, scheme):
    page.emulate_media(color_scheme=scheme)
    pairs = set()
    for html in (WHOLE | (BARE if scheme == "light" else {})).values():
        page.set_content(html)
        pairs |= set(page.evaluate(PAIRS))
    assert len(pairs) > 10
    assert {pair: ratio for pair in pairs if (ratio := _ratio(pair)) < AA} == {}


def _ratio(pair: str) -> float:
    numbers = [int(number) for number in re.findall(r"\d+", pair)]
    assert len(numbers) == 6, f"{pair}: a colour is see-through"
    return contrast(numbers[:3], numbers[3:])


def test_the_dark_page_is_dark_everywhere(page):
    page.emulate_media(color_scheme="dark")
    for name, html in WHOLE.items():
        page.set_content(html)
        behind = {pair.rpartition(" on ")[2] for pair in page.evaluate(PAIRS)}
        badges = {page.locator(".badge").evaluate("e => getComputedStyle(e).backgroundColor")}
        bright = {colour for colour in behind - badges if max(map(int, re.findall(r"\d+", colour))) > 0x50}
        assert bright == set(), name


def test_nothing_is_fetched_and_nothing_runs(page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a mail opened a dialog: {dialog.message}"))
    for html in WHOLE.values():
        page.set_content(html, wait_until="load")
    assert asked == []
