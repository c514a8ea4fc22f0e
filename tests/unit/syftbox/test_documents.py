"""YAML of unknown origin: what costs time or memory beyond its size is refused before it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from syft_notify.syftbox.documents import MAX_DOCUMENT_BYTES, read_mapping

# A process's own time, on the slowest machine that runs the tests; most take a tenth of it.
LONGEST_SECONDS = 0.5


def handles() -> Iterator[str]:
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (f"!{a}{b}{c}!" for a in letters for b in letters for c in letters)


def filled(piece: str, before: str = "", after: str = "") -> str:
    room = MAX_DOCUMENT_BYTES - len(before) - len(after)
    return before + (piece * (room // len(piece))) + after


# libyaml compares each %TAG line with all before it: so many of them took seconds.
TAGS = "".join(f"%TAG {handle} x\n" for handle, _ in zip(handles(), range(18_000), strict=False))
DIRECTIVES = {
    "different tags": f"{TAGS}---\na: 1\n",
    "equal tags": filled("%TAG ! x\n", after="---\na: 1\n"),
    "versions": filled("%YAML 1.1\n", after="---\na: 1\n"),
    "unknown ones": filled("%X\n", after="---\na: 1\n"),
    "after a document": filled("%TAG ! x\n", before="a: 1\n...\n", after="---\nb: 1\n"),
    "after other line ends": filled("%TAG ! x\r", after="---\ra: 1\r"),
}
SLOW = {
    "lists in lists": filled("["),
    "mappings in mappings": filled("{a: "),
    "indents": filled("- "),
    "questions": filled("? "),
    "documents": filled("---\n"),
    "anchors": "".join(f"a{number}: &a{number} x\n" for number in range(15_000)),
    "tags of values": filled("- !t x\n"),
    "keys": "".join(f"{number}: 1\n" for number in range(25_000)),
    "one key again and again": filled("a: 1\n"),
    "words": filled("x ", before="a: "),
    "lines of words": filled(" x\n", before="a:\n"),
    "escapes": filled("\\x41", before='a: "', after='"'),
    "empty lines": filled("\n", after="a: 1"),
    "comments": filled("# x\n", after="a: 1"),
    "a long tag": filled("%41", before="a: !<", after="> b"),
    "a long number": filled("9", before="a: "),
}


@pytest.mark.parametrize("document", DIRECTIVES.values(), ids=DIRECTIVES)
def test_many_directives_are_refused(document: str) -> None:
    assert len(document) <= MAX_DOCUMENT_BYTES
    with pytest.raises(ValueError, match="directives"):
        read_mapping(document)


def test_a_few_directives_and_text_that_looks_like_one_are_read() -> None:
    assert read_mapping("%YAML 1.1\n%TAG ! tag:x,2026:\n---\na: 1\n") == {"a": "1"}
    assert read_mapping("a: |\n" + " %TAG ! x\n" * 100)["a"].count("%TAG") == 100


@pytest.mark.parametrize("document", [*DIRECTIVES.values(), *SLOW.values()], ids=[*DIRECTIVES, *SLOW])
def test_no_document_within_the_limit_takes_long(document: str) -> None:
    assert len(document) <= MAX_DOCUMENT_BYTES
    began = time.process_time()
    with suppress(ValueError):
        read_mapping(document)
    assert time.process_time() - began < LONGEST_SECONDS
