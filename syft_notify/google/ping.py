"""Asks Drive without a token whether it is there: any answer will do, and it tells what time Google has."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from syft_notify.domain.errors import TransientFault
from syft_notify.domain.ports import Clock
from syft_notify.google.errors import translated
from syft_notify.google.http import TOKENS, Bounds, Http

GOOGLE_DRIVE = "https://www.googleapis.com/drive/v3/"
_SERVICE = "Drive"


@dataclass(frozen=True)
class PingResult:
    """`ahead` is how much our clock is ahead of the service's, None where it did not say."""

    ahead: timedelta | None


@dataclass(frozen=True)
class _NoToken:
    name: str = "no token"
    service: str = _SERVICE
    fix: str = ""


def ping_drive(endpoint: str | None, timeout: float, clock: Clock) -> PingResult:
    """Drive's answer within `timeout` seconds; that it refuses us is one. Raises a passing `Fault`."""
    url = f"{endpoint or GOOGLE_DRIVE}about"
    with closing(Http(timeout, Bounds(TOKENS.size, timeout))) as http, translated(_SERVICE, _NoToken()):
        before = clock()
        response, _ = http.request(url)
        now = before + (clock() - before) / 2
    if response.status >= 500:
        raise TransientFault(f"{_SERVICE} answered {response.status}")
    there = _moment(response.get("date", ""))
    return PingResult(None if there is None else now - there)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
