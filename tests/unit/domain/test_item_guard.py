"""Items from outside, of which one never stops the others, and of which few are named."""

from __future__ import annotations

import pytest

from syft_notify.domain.errors import TransientFault
from syft_notify.domain.item_guard import ItemGuard, few
from tests.facts import lacking


def test_what_one_item_raises_is_named_and_the_next_one_has_its_turn() -> None:
    done, failed = [], list[str]()
    for item in ("1", "one", "2"):
        with ItemGuard(f"the item {item}", failed):
            done.append(int(item))
    assert done == [1, 2]
    assert failed == ["the item one: internal error (ValueError)"]


@pytest.mark.parametrize(
    "error", [TransientFault("Drive answered 503"), KeyboardInterrupt(), ModuleNotFoundError("an upgrade goes on")]
)
def test_our_own_errors_missing_modules_and_the_end_of_the_process_pass(error: BaseException) -> None:
    with pytest.raises(type(error)), ItemGuard("an item", []):
        raise error


def test_a_few_are_named_and_the_rest_is_counted() -> None:
    assert few(range(3)) == ("0", "1", "2")
    assert few(range(10), str)[-1] == "9"
    last, rest = few(range(5000))[9:]
    assert (last, lacking(rest, "4,990")) == ("9", [])
