"""What the demo's page is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.demo.view import conversations, daemon, headline, opened
from syft_notify.sandbox.mailboxes import Mail

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def mail(name: str, thread: str, minutes: int, text: str = "") -> Mail:
    raw = f"From: do@example.org\nTo: ds@example.org\nSubject: about {thread}\n\n{text or name}\nmore\n"
    return Mail(name, thread, ("INBOX",), raw.encode(), NOW + timedelta(minutes=minutes))


def test_a_mail_is_known_by_the_first_line_of_its_text() -> None:
    assert headline(mail("a", "t", 0, "\n\nJob failed: x")) == "Job failed: x"


def test_a_mail_without_a_text_is_known_by_its_subject() -> None:
    assert headline(Mail("a", "t", (), b"Subject: only this\n\n", NOW)) == "only this"


def test_what_heard_something_last_comes_first_and_its_mails_in_their_order() -> None:
    found = conversations([mail("a1", "a", 0), mail("b1", "b", 1), mail("a2", "a", 2)])
    assert [(thread["subject"], [each["id"] for each in thread["mails"]]) for thread in found] == [
        ("about a", ["a1", "a2"]),
        ("about b", ["b1"]),
    ]


def test_no_mail_is_no_conversation() -> None:
    assert conversations([]) == []


def test_an_opened_mail_has_its_headers_and_its_text_and_no_html() -> None:
    document = opened(mail("a", "t", 0))
    assert document["text"] == "a\nmore\n"
    assert ["Subject", "about t"] in document["headers"]
    assert "html" not in document


@pytest.mark.parametrize(
    ("health", "state"),
    [
        ({}, "starting"),
        ({"tokens": {"drive": "", "gmail": ""}, "problems": [], "undelivered": 0}, "well"),
        ({"tokens": {"gmail": ""}, "problems": ["drive: no answer"]}, "troubled"),
        ({"tokens": {"gmail": ""}, "problems": [], "undelivered": 1}, "troubled"),
        ({"tokens": {"gmail": "Run this"}, "problems": ["gmail: Run this"]}, "blocked"),
    ],
)
def test_one_word_says_how_the_service_does(health: dict[str, object], state: str) -> None:
    assert daemon(health)["state"] == state


def test_nothing_of_the_health_report_is_shown_that_the_page_does_not_need() -> None:
    assert daemon({"pid": 1, "config": "/home", "polls": 3}) == {"state": "well", "needs_person": [], "polls": 3}
