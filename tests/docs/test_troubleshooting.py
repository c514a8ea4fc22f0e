"""Whoever searches docs/troubleshooting.md for what the program said finds it, and finds nothing that it never says."""

from __future__ import annotations

import pytest

from syft_notify.doctor.check_context import CheckContext
from syft_notify.doctor.order import checks
from syft_notify.testing import FakeClock
from tests.docs.markdown import TROUBLESHOOTING, code_in
from tests.docs.messages import Message, errors, holds, sentences

# Parts whose errors no user of the program sees in these words.
ELSEWHERE = ("sandbox/", "testing.py", "demo/actions.py")

# What needs no entry: the answer to something that was just typed, which itself says all there is to do.
SAYS_IT_ALL = (
    "is neither yes nor no",
    "That is no path",
    "is a file",
    "Then … is not taken",
    "… in … …",  # an address in the file of an OAuth client: the rest is that of an endpoint in the config
    # Faults that make syft-notify look again, or at everything, in the same poll: nobody reads them.
    "Drive has too many changes",
    "… is larger than … bytes",
)


def quotes() -> list[str]:
    """What the tables quote, in their first column."""
    return [code for row in TROUBLESHOOTING.rows("it says") for code in code_in(row[0])]


def unexplained(said: list[Message]) -> list[Message]:
    known = [*quotes(), *SAYS_IT_ALL]
    return [message for message in said if message.speaks and not any(map(message.holds, known))]


@pytest.fixture(scope="module")
def said() -> list[Message]:
    return [message for message in errors() if not message.place.startswith(ELSEWHERE)]


def test_every_error_is_explained(said):
    assert len(said) > 120
    assert unexplained(said) == []


def test_an_error_that_is_not_would_be_found():
    assert unexplained([Message("x.py", "… has gone for lunch", "Wait")]) != []


def test_every_message_that_is_quoted_is_one_that_the_program_says(said):
    texts = [*sentences(), *(text for message in said for text in (message.title, message.hint))]
    assert len(quotes()) > 100
    assert [quote for quote in quotes() if not any(holds(text, quote) for text in texts)] == []


def test_what_needs_no_entry_is_said_and_has_none(said):
    assert [listed for listed in SAYS_IT_ALL if not any(message.holds(listed) for message in said)] == []
    assert set(SAYS_IT_ALL) & set(quotes()) == set()


def test_all_checks_of_doctor_are_told_in_their_order(tmp_path):
    context = CheckContext(tmp_path / "daemon.yaml", {}, tmp_path, FakeClock())
    named = [code for row in TROUBLESHOOTING.table("`doctor` checks") for code in code_in(row[0])]
    assert named == [check.name for check in checks(context)]
