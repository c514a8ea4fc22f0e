"""The search language of `q`: what is found, and what is refused."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.sandbox.query import name_contains, parse
from syft_notify.sandbox.refusals import Refusal

ME = "do@example.org"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PAGE = "text/html"


@dataclass
class Found:
    """A file as the search sees it, without any Drive."""

    name: str = "report.html"
    mime_type: str = PAGE
    parents: Collection[str] = ("folder1",)
    flags: Collection[str] = ()
    at: datetime | None = NOON
    owners: Collection[str] = (ME,)
    writers: Collection[str] = (ME, "writer@example.org")
    properties: dict[str, str] = field(default_factory=lambda: {"colour": "it's red"})

    def flag(self, name: str) -> bool:
        return name in self.flags

    def time(self, name: str) -> datetime | None:
        return self.at

    def people(self, name: str) -> Collection[str]:
        return self.owners if name == "owners" else self.writers

    def property_of(self, name: str, key: str) -> str | None:
        return self.properties.get(key) if name == "properties" else None

    def text(self) -> str:
        return f"{self.name} quarterly numbers"


def holds(q: str, found: Found | None = None) -> bool:
    return parse(q, ME, "my-root").holds(found or Found())


@pytest.mark.parametrize(
    "q",
    [
        "",
        "  ",
        "name = 'report.html'",
        "name = 'REPORT.html'",
        'name = "report.html"',
        "name='report.html'and mimeType='text/html'",
        "name != 'other'",
        "not name = 'other'",
        "not not name = 'report.html'",
        "mimeType contains 'text/'",
        "trashed=false",
        "trashed = falseand name = 'report.html'",
        "not trashed",
        "trashed != true",
        "'me' in owners",
        "'DO@Example.org' in owners",
        "'writer@example.org' in writers",
        "'folder1' in parents",
        "not 'root' in parents",
        "modifiedTime > '2026-01-02T11:59:59'",
        "modifiedTime = '2026-01-02T13:00:00+01:00'",
        "createdTime <= '2026-01-02T12:00:00Z' and createdTime >= '2026-01-02T12:00:00Z'",
        "createdTime < '2027-01-01'",
        "fullText contains 'quarter'",
        r"properties has { key='colour' and value='it\'s red' }",
        "properties has {value=\"it's red\" and key='colour'}",
        "not appProperties has { key='colour' and value='it' }",
        "name = 'other' or (name = 'report.html' and (trashed = false))",
        "name = 'other' and name = 'other' or name = 'report.html'",
    ],
)
def test_the_file_is_found(q: str) -> None:
    assert holds(q)


@pytest.mark.parametrize(
    "q",
    [
        "name = 'report'",
        "mimeType = 'text/HTML'",
        "trashed",
        "starred = true",
        "sharedWithMe and name contains 'report'",
        "not 'me' in owners",
        "'writer@example.org' in owners",
        "'root' in parents",
        "modifiedTime > '2026-01-02T12:00:00'",
        "name = 'other' or name = 'report.html' and name = 'other'",
        "not (name = 'report.html' or name = 'other')",
        "properties has { key='colour' and value='blue' }",
    ],
)
def test_the_file_is_not_found(q: str) -> None:
    assert not holds(q)


@pytest.mark.parametrize(
    "q",
    [
        "name",
        "name =",
        "name = report",
        "name = 'report",
        "name < 'report'",
        "name contains",
        "size > 3",
        "trashed = 'false'",
        "trashed > true",
        "'x' in nowhere",
        "'x' has parents",
        "'x' in 'parents'",
        "(name = 'a'",
        "name = 'a')",
        "name = 'a' name = 'b'",
        "and name = 'a'",
        "not",
        "name = 'a' and",
        "modifiedTime > 'yesterday'",
        "modifiedTime contains '2026'",
        "owners = 'me'",
        "properties has { key='a' }",
        "properties has { key='a' and key='b' }",
        "properties = 'a'",
        "= 'a'",
        "name = 'it's'",
        "#",
    ],
)
def test_a_wrong_query_is_refused_with_its_place(q: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(q, ME, "my-root")
    assert (refused.value.status, refused.value.location) == (400, "q")


@given(st.text(min_size=1))
def test_any_name_can_be_asked_for_once_escaped(name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    assert holds(f"name = '{escaped}'", Found(name=name))
    assert not holds(f"name = '{escaped}'", Found(name=f"{name}x"))


@given(st.text(alphabet="'\\\"()= andortrue{}<>!x", max_size=30))
def test_no_query_breaks_the_parser(q: str) -> None:
    with suppress(Refusal):
        assert holds(q) in (True, False)


FOLDER = "syft_datasite#0.10.0#do@example.org#inbox#ds2@example.org"


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("syft_datasite#", True),
        ("#do@example.org#inbox#ds2@example.org", True),
        ("#do@example.org#inbox#ds@example.org", True),  # another peer whose address begins alike
        ("DATASITE", True),
        ("site", False),
        ("#outbox#", False),
        ("#", True),
        ("%", False),
    ],
)
def test_contains_compares_beginnings_of_words_and_so_finds_other_peers(needle: str, found: bool) -> None:
    assert name_contains(FOLDER, needle) is found


def test_a_folder_that_every_match_must_be_in_is_known_beforehand() -> None:
    assert parse("'a' in parents and trashed = false", ME, "r").parent == "a"
    assert parse("(not trashed) and ('a' in parents)", ME, "r").parent == "a"
    assert parse("'a' in parents or trashed = false", ME, "r").parent == ""
    assert parse("not 'a' in parents", ME, "r").parent == ""
    assert parse("'a' in parents or 'root' in parents", ME, "r").folders == ("a", "r")
