"""When a person is warned of a token that may die of age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.google.token_life import TokenConsent
from tests.facts import lacking

GIVEN = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FIX = "Run `syft-notify init --renew drive`"


def warning(ends_at: datetime | None, now: datetime) -> str:
    return TokenConsent("token_do.json", "print", FIX, ends_at).warning(GIVEN, now)


@pytest.mark.parametrize(
    ("days", "warned"), [(0, False), (4.9, False), (5, True), (6.9, True), (7, False), (400, False), (-1, False)]
)
def test_the_warning_comes_on_the_fifth_day_and_ends_when_the_token_outlives_the_seventh(days, warned):
    assert bool(warning(None, GIVEN + days * DAY)) is warned


def test_it_says_which_token_when_it_may_die_and_what_to_do():
    text = warning(None, GIVEN + 5 * DAY)
    assert lacking(text, "token_do.json", "2026-11-01", "2026-11-08", "`syft-notify init --renew drive`") == []


@pytest.mark.parametrize(("days", "warned"), [(1, False), (2, True), (3.9, True), (4, False), (6, False)])
def test_what_google_said_of_the_end_counts_more(days, warned):
    text = warning(GIVEN + 4 * DAY, GIVEN + days * DAY)
    assert bool(text) is warned
    assert not text or lacking(text, "token_do.json", "2026-11-05") == []
