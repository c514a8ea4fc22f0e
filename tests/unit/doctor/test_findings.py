"""Checks that build on each other."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from syft_notify.doctor.findings import Check, Finding, NothingToCheck, State, examine
from syft_notify.domain.errors import TransientFault, UserError
from tests.facts import lacking


def good(context: str) -> str:
    return f"{context} is well"


def bad(context: str) -> str:
    raise UserError(f"{context} is ill.", "Rest.")


def test_a_check_is_good_failed_or_has_nothing_to_look_at():
    def absent(context: str) -> str:
        raise NothingToCheck(f"{context} has none")

    assert list(examine("it", [Check("a", good), Check("b", bad), Check("c", absent)])) == [
        Finding("a", State.OK, "it is well"),
        Finding("b", State.FAILED, "it is ill", "Rest"),
        Finding("c", State.SKIPPED, "it has none"),
    ]


def test_what_needs_something_bad_is_skipped_and_the_first_cause_is_named():
    def never(context: str) -> str:
        raise AssertionError("it must not be looked at")

    found = list(examine("it", [Check("a", bad), Check("b", never, ("a",)), Check("c", never, ("b",))]))
    assert [(each.name, each.state, lacking(each.detail, "a")) for each in found[1:]] == [
        ("b", State.SKIPPED, []),
        ("c", State.SKIPPED, []),
    ]


def test_a_fault_without_a_fix_passes_by_itself():
    def passing(context: str) -> str:
        raise TransientFault("Drive answered 503")

    (found,) = examine("it", [Check("a", passing)])
    assert lacking(found.fix, "again") == []


def test_what_the_disk_refuses_to_show_is_a_finding_too():
    def refused(context: str) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(Path("/their/token.json")))

    (found,) = examine("it", [Check("a", refused)])
    assert lacking(found.detail, "/their/token.json", "Permission denied") == []
    assert lacking(found.fix, "`ls -ld /their/token.json`") == []
