"""Which words are found in an answer, however odd it is, and what they mean."""

from __future__ import annotations

import json

import pytest

from syft_notify.google.reasons import Meaning, Refusal, canonical, refusal_in


def read(error: object) -> Refusal:
    return refusal_in(json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("error", "words", "meaning"),
    [
        ({"errors": [{"reason": "notFound"}], "status": "NOT_FOUND"}, ("notFound",), Meaning.MISSING),
        ({"status": "NOT_FOUND"}, ("NOT_FOUND",), Meaning.MISSING),
        ({"details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}, ("RATE_LIMIT_EXCEEDED",), Meaning.LIMIT),
        (
            {"errors": [{"reason": "forbidden"}], "details": [{"reason": "SERVICE_DISABLED"}]},
            ("forbidden", "SERVICE_DISABLED"),
            Meaning.SETUP,
        ),
        ({"errors": [{"reason": "badRequest"}], "status": "UNAUTHENTICATED"}, ("badRequest",), Meaning.CONSENT),
        ({"errors": [{"reason": "surprise"}]}, ("surprise",), Meaning.UNKNOWN),
        ("invalid_grant", ("invalid_grant",), Meaning.CONSENT),
    ],
)
def test_reasons_are_read_wherever_google_puts_them(error, words, meaning):
    refusal = read(error)
    assert (refusal.words, refusal.meaning) == (words, meaning)
    assert refusal_in(canonical(json.dumps({"error": error}).encode())) == refusal


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 200_000,
        b'{"error": ' * 50_000,
        b'{"error": {"errors": ' + b"[" * 50_000,
        b'{"error": {"errors": 7, "details": {"reason": "x"}, "status": ["NOT_FOUND"]}}',
        b'{"error": {"errors": [7, {"reason": {"reason": "badRequest"}}, {"reason": "<b>x</b>"}]}}',
        b'{"error": {"code": ' + b"9" * 5000 + b"}}",
        b'{"error": {"errors": [{"reason": "badRequest"}], "padding": "' + b"x" * 1_000_000 + b'"}}',
    ],
)
def test_a_body_that_names_no_reason_decides_nothing(body):
    refusal = refusal_in(body)
    assert refusal_in(canonical(body)) == refusal
    assert (refusal.words, refusal.meaning) == ((), Meaning.UNKNOWN)
