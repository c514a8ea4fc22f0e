"""What makes text from outside safe to read."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.domain.text import literal, plain, plain_lines

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("sales_analysis", "sales_analysis", id="a plain name stays"),
        pytest.param("Übersicht 売上 ✓", "Übersicht 売上 ✓", id="letters of all scripts stay"),
        pytest.param("a\r\nBcc: b@x.org", "a Bcc: b@x.org", id="line breaks become one blank"),
        pytest.param("a\u2028b\u2029c\u0085d", "a b c d", id="so do the line breaks of Unicode"),
        pytest.param("\t a \xa0 b\u3000 ", "a b", id="white space of every kind is one blank"),
        pytest.param("\u202egnp.exe", "�gnp.exe", id="nothing turns the direction of writing"),
        pytest.param("sa\u200bles", "sa�les", id="what has no width is shown"),
        pytest.param("sa\u3164les", "sa�les", id="a letter that is drawn as nothing is shown"),
        pytest.param("\x1b[2Jx\x00", "�[2Jx�", id="no escape sequence reaches a terminal"),
        pytest.param("\ud800", "�", id="half a character cannot be encoded, so it goes"),
        pytest.param("", "", id="nothing stays nothing"),
    ],
)
def test_one_line_holds_only_what_can_be_seen(text: str, seen: str) -> None:
    assert plain(text) == seen


@given(ANY_TEXT, st.integers(2, 50))
def test_one_line_is_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    line = plain(text, limit)

    assert len(line) <= limit
    assert line.isprintable()
    assert plain(line, limit) == line
    line.encode()


def test_a_cut_line_says_so() -> None:
    assert plain("n" * 10_000, 5) == "nnnn…"
    assert plain("n" * 5, 5) == "nnnnn"
    assert plain(" " * 10_000 + "n", 5) == "…"


def test_lines_keep_their_breaks_and_tabs_and_nothing_else_unseen() -> None:
    assert plain_lines("if x:\r\n\ty\rz\n\x1b[1m\u202e") == "if x:\n\ty\nz\n�[1m�"


@given(ANY_TEXT)
def test_a_literal_is_the_text_for_python_and_visible_for_a_person(text: str) -> None:
    written = literal(text)

    assert ast.literal_eval(written) == text
    assert written.isprintable()
