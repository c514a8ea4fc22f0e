"""Who may talk to the page: this machine's browser, and of its pages only ours. All pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

HOSTS = frozenset({"127.0.0.1", "localhost"})
TOKEN_HEADER = "X-Demo-Token"  # noqa: S105 - a header's name
# Mails are styled by attributes, which the page itself may not be. The frame must not run, send or fetch anything.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine: one that does not is a name of somebody else that leads here."""
    try:
        return urlsplit(f"//{host}").hostname in HOSTS
    except ValueError:
        return False


def may_act(host: str, headers: Mapping[str, str], token: str) -> bool:
    """Whether a request that changes something comes from our page."""
    origin = headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return False
    return hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), token.encode())
