"""When a person is warned of a token that may die of age."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from syft_notify.google_api.token_life import warning

GIVEN = datetime(2026, 11, 1, 9, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("days", "warned"), [(0, False), (4.9, False), (5, True), (6.9, True), (7, False), (400, False), (-1, False)]
)
def test_the_warning_comes_on_the_fifth_day_and_ends_when_the_token_outlives_the_seventh(days, warned):
    assert bool(warning("token_do.json", GIVEN, GIVEN + timedelta(days=days))) is warned


def test_it_says_which_token_when_it_dies_and_what_to_do():
    text = warning("token_do.json", GIVEN, GIVEN + timedelta(days=5))
    assert text.startswith("token_do.json is in use since 2026-11-01.")
    assert "dies on 2026-11-08" in text
    assert "publish the app and give consent again" in text
