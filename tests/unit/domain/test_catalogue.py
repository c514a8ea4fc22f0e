"""Every row of the catalogue has all that belongs to it, wherever that lies."""

from __future__ import annotations

from pathlib import Path

import pytest

import syft_notify
from syft_notify.config.settings import Config
from syft_notify.domain.catalogue import CATALOGUE, Accent, Entry, Row
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role
from tests.contrast import AA, contrast
from tests.golden.cases import MAILS

ROOT = Path(syft_notify.__file__).parents[1]
TEMPLATES = ROOT / "syft_notify" / "mail" / "templates"
EVENTS = (ROOT / "docs" / "events.md").read_text().splitlines()
ROWS = [(kind, entry, row) for kind, entry in CATALOGUE.items() for row in entry.rows]

each_row = pytest.mark.parametrize(("kind", "entry", "row"), ROWS, ids=[row.template for _, _, row in ROWS])


def test_every_kind_is_in_it_and_somebody_is_told_of_each():
    assert set(CATALOGUE) == set(Kind)
    assert all(entry.rows for entry in CATALOGUE.values())


def test_no_two_rows_share_what_tells_them_apart():
    for kind, entry in CATALOGUE.items():
        assert len({row.role for row in entry.rows}) == len(entry.rows), kind
    assert len({row.type for _, _, row in ROWS}) == len(ROWS)
    assert len({row.template for _, _, row in ROWS}) == len(ROWS)
    assert len({entry.switch for entry in CATALOGUE.values()}) == len(CATALOGUE)


@each_row
def test_a_row_has_its_templates_and_no_template_is_without_one(kind: Kind, entry: Entry, row: Row):
    assert {name for name in row.templates if (TEMPLATES / name).is_file()} == set(row.templates)
    of_kinds = {path.name.partition(".")[0] for path in TEMPLATES.glob("*_d[os].*")} - {"test_do"}
    assert of_kinds == {row.template for _, _, row in ROWS}


@each_row
def test_a_row_has_a_golden_mail(kind: Kind, entry: Entry, row: Row):
    assert row.template in MAILS


@each_row
def test_a_row_has_a_line_in_the_docs(kind: Kind, entry: Entry, row: Row):
    cells = [kind.value, row.role.value.upper(), f": `{row.type}`", entry.switch]
    assert [line for line in EVENTS if line.startswith("|") and all(cell in line for cell in cells)], cells


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_the_switch_of_an_entry_is_a_key_whose_meaning_names_who_is_told(entry: Entry):
    field = Config.model_fields[entry.switch]
    assert field.default is True
    roles = " and ".join(role.value.upper() for role in Role if role in {row.role for row in entry.rows})
    assert (field.description or "").endswith(f"(to {roles})")


@pytest.mark.parametrize("accent", [entry.accent for entry in CATALOGUE.values()], ids=lambda accent: accent.word)
def test_its_colours_can_be_read_on_the_light_and_on_the_dark_card(accent: Accent):
    assert contrast(_rgb(accent.light), _rgb("#ffffff")) >= AA
    assert contrast(_rgb(accent.dark), _rgb("#181d24")) >= AA


def _rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
