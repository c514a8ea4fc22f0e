"""What a document points to is there."""

from __future__ import annotations

import re

import pytest

from syft_notify import __version__
from tests.docs.markdown import (
    ARCHITECTURE,
    CHANGELOG,
    CONTRIBUTING,
    DOCUMENTS,
    REPOSITORY,
    Document,
    code_in,
    documents_named_in_the_program,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_to_a_file_and_a_heading(document):
    dead = []
    for link in document.links():
        name, _, anchor = link.partition("#")
        target = (document.path.parent / name).resolve() if name else document.path
        if not target.is_file() or (anchor and anchor not in Document(str(target)).anchors()):
            dead.append(link)
    assert dead == []


def test_every_picture_is_shown_somewhere():
    shown = {(document.path.parent / link).resolve() for document in DOCUMENTS for link in document.links()}
    assert {path for path in (REPOSITORY / "docs").rglob("*.png") if path not in shown} == set()


def test_links_are_written_in_the_one_way_that_is_looked_at():
    for document in DOCUMENTS:
        assert re.findall(r"^\[[^\]]+\]:|\]\[", document.prose, re.MULTILINE) == [], document


@pytest.mark.parametrize("document", [ARCHITECTURE, CONTRIBUTING], ids=lambda document: document.name)
def test_every_module_and_folder_that_is_named_exists(document):
    places = [REPOSITORY, REPOSITORY / "syft_notify", REPOSITORY / "tests"]
    named = [code for code in code_in(document.prose) if re.fullmatch(r"[\w./-]+(\.py|/)", code)]
    assert len(named) > 20
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_every_folder_of_the_program_is_in_the_table():
    named = {code.rstrip("/") for row in CONTRIBUTING.table("in `syft_notify/`") for code in code_in(row[0])}
    there = [
        path.name
        for path in (REPOSITORY / "syft_notify").iterdir()
        if not path.name.startswith(("_", "."))
        and (path.is_file() or any(path.glob("*.py")))  # one that moved leaves caches
    ]
    assert sorted(named | {"py.typed"}) == sorted(there)


def test_every_module_is_in_the_map():
    named = {code for row in ARCHITECTURE.rows("module") for code in code_in(row[0])}
    program = REPOSITORY / "syft_notify"
    modules = {path.relative_to(program).as_posix() for path in program.glob("*/**/*.py")}
    assert named == {module for module in modules if not module.rpartition("/")[2].startswith("__")}


def test_every_folder_of_the_tests_is_told():
    told = {code.rstrip("/") for row in CONTRIBUTING.table("in `tests/`") for code in code_in(row[0])}
    assert told == {path.parent.name for path in (REPOSITORY / "tests").glob("*/__init__.py")}


def test_every_document_that_a_message_of_the_program_names_exists():
    named = documents_named_in_the_program()
    assert "docs/google-setup.md" in named
    assert {name for name in named if not (REPOSITORY / name).is_file()} == set()


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in DOCUMENTS for name in re.findall(r"(?:`|\$ )make ([a-z]+)", document.text)}
    assert {"demo", "test"} <= named <= targets


def test_the_changelog_knows_this_version():
    assert re.search(
        rf"^## \[Unreleased\]\n+To become {re.escape(__version__)}\b|^## \[{re.escape(__version__)}\]",
        CHANGELOG.text,
        re.MULTILINE,
    )
