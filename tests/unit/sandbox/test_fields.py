"""The `fields` parameter: what comes back, and what is refused."""

from __future__ import annotations

import pytest

from syft_notify.sandbox.fields import parse
from syft_notify.sandbox.refusals import Refusal

DOCUMENT = {
    "kind": "list",
    "files": [
        {"id": "1", "name": "a", "owners": [{"emailAddress": "do@example.org", "me": True}]},
        {"id": "2", "name": "b"},
    ],
}
KNOWN = {"kind": None, "nextPageToken": None, "files": {"id": None, "name": None, "owners": {"emailAddress": None}}}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("*", DOCUMENT),
        ("kind", {"kind": "list"}),
        ("kind,nextPageToken", {"kind": "list"}),
        ("files", {"files": DOCUMENT["files"]}),
        ("files(*)", {"files": DOCUMENT["files"]}),
        ("files(id)", {"files": [{"id": "1"}, {"id": "2"}]}),
        ("files/id", {"files": [{"id": "1"}, {"id": "2"}]}),
        ("files/id,files/name", {"files": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}),
        (" files( id , name ) ", {"files": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}),
        (
            "files(id, owners(emailAddress)),kind",
            {"kind": "list", "files": [{"id": "1", "owners": [{"emailAddress": "do@example.org"}]}, {"id": "2"}]},
        ),
        ("files/owners/emailAddress", {"files": [{"owners": [{"emailAddress": "do@example.org"}]}, {}]}),
    ],
)
def test_only_what_was_asked_for_comes_back(mask: str, expected: object) -> None:
    assert parse(mask).applied(DOCUMENT) == expected


@pytest.mark.parametrize(
    "mask", ["", ",", "files(", "files()", "files(id", "files)id", "id,,name", "files/", "id;name", "(id)"]
)
def test_a_broken_mask_is_refused(mask: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(mask)
    assert (refused.value.status, refused.value.reason, refused.value.location) == (400, "invalidParameter", "fields")


@pytest.mark.parametrize(
    ("mask", "unknown"), [("nonsense", "nonsense"), ("files(id,nonsense)", "nonsense"), ("id", "id")]
)
def test_a_name_that_the_answer_never_has_is_refused(mask: str, unknown: str) -> None:
    with pytest.raises(Refusal, match=f"Invalid field selection {unknown}"):
        parse(mask).check(KNOWN)
