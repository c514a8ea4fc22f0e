"""Reading JSON bit by bit: the same as reading it whole, wherever the file is cut into pieces."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.store.large_json import JsonReader, NoObjectError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Slow(io.StringIO):
    """A file that never gives more than a few characters at once."""

    def __init__(self, text: str, most: int) -> None:
        super().__init__(text, newline="")
        self._most = most

    def read(self, size: int | None = -1) -> str:
        return super().read(self._most)


def read(text: str, most: int = 3) -> dict[str, object]:
    reader = JsonReader(Slow(text, most))
    found = {key: reader.value() for key in reader.members()}
    reader.end()
    return found


@given(document=st.dictionaries(st.text(), VALUES), indent=st.sampled_from([None, 2]), most=st.integers(1, 50))
def test_an_object_is_read_as_it_was_written(document, indent, most):
    assert read(json.dumps(document, indent=indent), most) == document
    assert read(json.dumps(document, indent=indent, ensure_ascii=False), most) == document


def test_an_object_in_an_object_is_gone_through_in_place():
    reader = JsonReader(Slow('{"a": {"b": 12, "c": 345}, "d": {}, "e": 6}', 2))
    found = [(key, dict(inside(reader)) if key != "e" else reader.value()) for key in reader.members()]
    reader.end()
    assert found == [("a", {"b": 12, "c": 345}), ("d", {}), ("e", 6)]


def inside(reader):
    for key in reader.members():
        yield key, reader.value()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"a"',
        '{"a":',
        '{"a": 1',
        '{"a": 1,',
        '{"a": 1,}',
        '{"a": 1 "b": 2}',
        '{"a" 1}',
        "{1: 2}",
        "{} {}",
    ],
)
def test_what_is_cut_off_or_no_json_is_refused(text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the kind is what matters
        read(text)
    assert not isinstance(caught.value, NoObjectError)


@pytest.mark.parametrize("text", ["[]", "5", '"text"', "null"])
def test_json_that_is_no_object_is_told_apart(text):
    with pytest.raises(NoObjectError):
        read(text)


def test_nesting_without_end_is_refused():
    with pytest.raises(RecursionError):
        read('{"a": ' + "[" * 200_000, 1_000_000)
