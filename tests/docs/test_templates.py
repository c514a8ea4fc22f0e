"""What docs/events.md says of templates of one's own is true."""

from __future__ import annotations

from pathlib import Path

from syft_notify.domain.model import Role
from syft_notify.mail.compose import Composer
from syft_notify.mail.context import contents
from tests.docs.markdown import EVENTS, code_in
from tests.golden.cases import CASES, ZONE

EXAMPLES = ("job_failed_do.headline.j2", "job_failed_do.txt.j2")


def test_the_examples_do_what_is_said(tmp_path: Path) -> None:
    for name, block in zip(EXAMPLES, EVENTS.blocks("jinja"), strict=True):
        assert f"`{name}`" in EVENTS.text or f"templates/{name}`" in EVENTS.text
        (tmp_path / name).write_text(block.code)
    case, ours = CASES["job_failed_do"], CASES["job_failed_do"].compose()
    mail = Composer(ZONE, own=tmp_path).compose(case.notification, None, ours.thread, case.now)
    assert mail.headline == "sales_analysis of first_last@example.org failed with 1"
    assert "\nCall the helpdesk before you run it again.\n" in mail.text
    assert mail.html == ours.html.replace(ours.headline, mail.headline)


def test_the_table_names_all_that_a_template_sees_and_nothing_else() -> None:
    rows = EVENTS.table("name")
    named = {name for row in rows for name in code_in(row[0])}
    seen = {name for c in CASES.values() for name in contents(c.notification, c.preview, c.now, ZONE)}
    assert named == seen | {"headline"}


def test_what_is_said_to_be_the_owners_alone_is() -> None:
    (row,) = [row for row in EVENTS.table("name") if "in the owner's mails alone" in row[1]]
    for case in CASES.values():
        if case.role is Role.DS:
            assert not set(code_in(row[0])) & contents(case.notification, case.preview, case.now, ZONE).keys()
