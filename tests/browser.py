"""A person at a browser, without the browser: opens the local Google's page, ticks, allows, and lands."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import requests

_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
_BOX = re.compile(r'<input type="checkbox" name="granted" value="([^"]*)" checked>')


def answered(address: str, account: str, *, deny: bool = False, untick: str = "") -> str:
    """Where Google sends the browser after the person answered the page at `address`; nobody goes there yet.

    All boxes are ticked but those whose scope ends with `untick`.
    """
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    form = [(html.unescape(name), html.unescape(value)) for name, value in _FIELD.findall(page.text)]
    form += [("account", account), ("decision", "deny" if deny else "allow")]
    boxes = map(html.unescape, _BOX.findall(page.text))
    form += [("granted", box) for box in boxes if not untick or not box.endswith(untick)]
    form_action = urlsplit(address)._replace(query="").geturl()
    reply = requests.post(form_action, data=form, allow_redirects=False, timeout=10)
    assert reply.status_code == 302, reply.text
    return reply.headers["Location"]


def visited(address: str) -> requests.Response:
    """The page that a browser shows at this address."""
    return requests.get(address, timeout=10)
