"""The index of events: the same answers as a look at all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syft_notify.domain.model import Decision
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.store.event_index import EventIndex
from syft_notify.store.state_file import EventRecord
from tests.unit.makers import DS, MINUTE, NOW

PLAIN = EventRecord(NOW, Decision.SEND, DS)
NAMELESS = replace(PLAIN, unidentified_since=NOW)


@pytest.fixture
def events():
    return {"b:2": PLAIN, "message:y": NAMELESS, "a": PLAIN, "b:1": PLAIN, "b": PLAIN, "bb": PLAIN}


@pytest.mark.parametrize(
    ("beginning", "keys"),
    [("b:", ["b:1", "b:2"]), ("b", ["b", "b:1", "b:2", "bb"]), ("c", []), ("z", []), ("a", ["a"])],
)
def test_it_finds_the_keys_that_begin_so(events, beginning, keys):
    assert list(EventIndex(events).beginning_with(beginning)) == keys


def test_what_comes_later_is_found_once(events):
    index = EventIndex(events)
    for _ in range(2):
        events["b:0"] = PLAIN
        index.add("b:0")
    assert list(index.beginning_with("b:")) == ["b:0", "b:1", "b:2"]


def test_it_names_what_waits_for_its_name_in_the_order_of_admission(events):
    index = EventIndex(events)
    events["message:x"] = replace(NAMELESS, unidentified_since=NOW + MINUTE)
    index.add("message:x")
    index.add("message:x")
    assert index.unidentified() == [
        UnidentifiedRecord("message:y", DS, NOW),
        UnidentifiedRecord("message:x", DS, NOW + MINUTE),
    ]


def test_what_was_completed_waits_no_more(events):
    index = EventIndex(events)
    events["message:y"] = replace(NAMELESS, unidentified_since=None)
    assert index.unidentified() == []
