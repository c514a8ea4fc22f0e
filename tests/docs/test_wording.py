"""What a message names is asserted anywhere; its sentences stand in the golden mails and in the documents alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.markdown import REPOSITORY
from tests.docs.messages import HOLE

WORDS = 6
ALLOWED = ("golden", "docs")


def phrases(text: str) -> set[tuple[str, ...]]:
    """Plain words that follow each other, six at a time; commands, addresses and values are none."""
    words = [word.strip(".,;:!?()'\"") for word in text.split()]
    groups = (tuple(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1))
    return {group for group in groups if all(word.isalpha() for word in group)}


def texts(source: str) -> Iterator[str]:
    """Every string of a module but docstrings."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def spoken() -> set[tuple[str, ...]]:
    """What the program and its mails say."""
    program = REPOSITORY / "syft_notify"
    said = [text for path in program.rglob("*.py") for text in texts(path.read_text(encoding="utf-8"))]
    said += [re.sub(r"{.*?}+", HOLE, path.read_text(encoding="utf-8")) for path in program.rglob("*.j2")]
    return {phrase for text in said for phrase in phrases(text)}


def repeated(path: Path, said: set[tuple[str, ...]]) -> list[str]:
    found = [text for text in texts(path.read_text(encoding="utf-8")) if phrases(text) & said]
    return [f"{path.relative_to(REPOSITORY)}: {text}" for text in found]


def test_no_test_but_those_of_the_mails_and_the_documents_repeats_a_sentence_of_the_program():
    said = spoken()
    tests = REPOSITORY / "tests"
    paths = [path for path in sorted(tests.rglob("*.py")) if path.relative_to(tests).parts[0] not in ALLOWED]
    assert len(paths) > 200
    assert [line for path in paths for line in repeated(path, said)] == []


def test_a_sentence_is_found_in_a_text_of_any_form():
    phrase = ("the", "golden", "mails", "stand", "in", "it")
    for text in ("the golden mails stand in it", "'The end': the golden mails stand\nin it."):
        assert phrase in phrases(text)
    assert phrases(f"the golden mails stand in {HOLE} it") == set()
    assert phrases("syft-notify run --once --dry-run -c x") == set()
