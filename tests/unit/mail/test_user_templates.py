"""The owner's templates beside the config: used where they are good, and no mail is lost where they are not."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Role
from syft_notify.domain.notifications import Message
from syft_notify.mail.compose import Composer
from syft_notify.mail.context import contents
from syft_notify.mail.render import OURS
from syft_notify.mail.user_templates import TEMPLATE_LIMIT, UnusableTemplateError, read_template
from tests.facts import lacking
from tests.golden.cases import CASES, ZONE, Case
from tests.unit.syftbox.boxes import Nobody

FAILED = CASES["job_failed_do"]
PART = "job_failed_do.txt.j2"


class Owner:
    """Writes templates, and gets mails that are written with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._composer = Composer(ZONE, own=folder)

    def writes(self, name: str, text: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def gets(self, case: Case = FAILED) -> Message:
        ours = case.compose()
        return self._composer.compose(case.notification, case.preview, ours.thread, case.now)


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    return Owner(tmp_path / "templates")


@pytest.mark.parametrize("name", CASES)
def test_without_templates_of_the_owner_every_mail_is_ours(owner, name):
    assert owner.gets(CASES[name]) == CASES[name].compose()
    owner.folder.mkdir()
    assert owner.gets(CASES[name]) == CASES[name].compose()


@pytest.mark.parametrize("name", CASES)
def test_a_copy_of_all_our_templates_writes_the_same_mails_within_the_limits(owner, name, caplog):
    owner.folder.mkdir()
    for template in OURS.list_templates():
        owner.writes(template, (Path(__file__).parents[3] / "syft_notify/mail/templates" / template).read_text())
    assert owner.gets(CASES[name]) == CASES[name].compose()
    assert caplog.records == []


def test_one_part_alone_can_be_the_owners(owner):
    owner.writes("job_failed_do.headline.j2", "Oh no: {{ job }}\n")
    mail, ours = owner.gets(), FAILED.compose()
    assert mail.headline == "Oh no: sales_analysis"
    assert mail.text == ours.text.replace(ours.headline, mail.headline, 1)
    assert mail.html == ours.html.replace(ours.headline, mail.headline)


def test_a_block_of_ours_can_be_the_owners(owner):
    owner.writes(PART, '{% extends "ours/job_failed_do.txt.j2" %}{% block lead %}Look at {{ job }}.{% endblock %}')
    assert "\n\nLook at sales_analysis.\n\nJob:" in owner.gets().text
    assert owner.gets().html == FAILED.compose().html


def test_what_all_mails_share_can_be_the_owners(owner):
    owner.writes("footer.j2", "Sent for <b>{{ do }}</b>.")
    assert owner.gets().text.endswith("-- \nSent for <b>data.owner@example.org</b>.\n")
    assert "Sent for &lt;b&gt;data.owner@example.org&lt;/b&gt;." in owner.gets().html


def test_an_edit_is_in_force_with_the_next_mail_and_so_is_a_removal(owner):
    owner.writes("job_failed_do.headline.j2", "One")
    assert owner.gets().headline == "One"
    owner.writes("job_failed_do.headline.j2", "Two")
    assert owner.gets().headline == "Two"
    (owner.folder / "job_failed_do.headline.j2").unlink()
    assert owner.gets() == FAILED.compose()


def test_what_comes_from_outside_is_escaped_in_the_owners_html_too(owner):
    owner.writes("job_failed_do.html.j2", "<p>{{ job }}</p>")
    hostile = replace(FAILED, facts=replace(FAILED.facts, job="<script>"))
    assert owner.gets(hostile).html == "<p>&lt;script&gt;</p>"


def test_a_headline_stays_one_line_that_can_be_seen(owner):
    owner.writes("job_failed_do.headline.j2", "a\n\u202eb" + "c" * 1000)
    assert owner.gets().headline.startswith("a \N{REPLACEMENT CHARACTER}bccc")
    assert len(owner.gets().headline) == 400


BROKEN = {
    "syntax": ("{% if %}", "Expected an expression"),
    "nesting": ("{% for a in rows %}" * 30 + "{% endfor %}" * 30, "too many statically nested blocks|SyntaxError"),
    "an unknown variable": ("{{ jbo }}", "'jbo' is undefined"),
    "an unknown filter": ("{{ job|shout }}", "No filter named 'shout'"),
    "an unknown template": ('{% extends "bsae.txt.j2" %}', "bsae.txt.j2"),
    "out of the sandbox": ("{{ ''.__class__.__mro__ }}", "unsafe"),
    "a change of what is shown": ("{{ rows.append(1) }}", "unsafe"),
    "nothing": (" \n", "nothing"),
    "an error of Python": ("{{ 1 // 0 }}", "ZeroDivisionError"),
    "a macro without end": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
    "itself": ('{% include "job_failed_do.txt.j2" %}', "RecursionError"),
    "endless output": ("{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}", "more than 1,000,000 characters"),
    "a file of ours by its path": ('{% include "../daemon.yaml" %}', "daemon.yaml"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_template_costs_no_mail_and_is_told_once(owner, caplog, fault):
    template, told = BROKEN[fault]
    owner.writes(PART, template)
    with caplog.at_level(logging.DEBUG):
        mails = [owner.gets(), owner.gets(CASES["hostile_failed_do"]), owner.gets()]
    assert mails == [FAILED.compose(), CASES["hostile_failed_do"].compose(), FAILED.compose()]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(PART)
    assert any(words in record.getMessage() for words in told.split("|")), record.getMessage()


def test_the_warning_names_the_line(owner, caplog):
    owner.writes(PART, "{{ headline }}\n{{ jbo }}\n")
    owner.gets()
    assert f"{PART}, line 2: 'jbo' is undefined" in caplog.text


def test_another_fault_is_told_too(owner, caplog):
    owner.writes(PART, "{{ jbo }}\n")
    owner.gets()
    owner.writes(PART, "{{ headline }}\n{{ sd }}\n")
    owner.gets()
    assert [record.getMessage()[-12:] for record in caplog.records] == ["is undefined", "is undefined"]


def test_a_broken_part_leaves_the_others_to_the_owner(owner):
    owner.writes(PART, "{% if %}")
    owner.writes("job_failed_do.html.j2", "<p>Mine</p>")
    assert owner.gets().text == FAILED.compose().text
    assert owner.gets().html == "<p>Mine</p>"


def test_a_warning_holds_nothing_of_the_job(owner, caplog):
    owner.writes(PART, "{{ {}[stderr] }}")
    owner.gets()
    owner.writes(PART, "\n{{ '%d'|format(stderr) }}")
    owner.gets()
    assert [record.getMessage().rpartition(" ")[2] for record in caplog.records] == ["UndefinedError", "TypeError"]
    assert "sales.csv" not in caplog.text


def test_a_scientists_template_cannot_tell_what_is_the_owners_alone():
    private = {"verified", "warning", "stderr", "files", "left_out"}
    for case in CASES.values():
        if case.role is Role.DS and not case.others:
            shown = contents(case.notification, case.preview, case.now, ZONE)
            assert not private & shown.keys()
            assert not shown.get("reason") or case.kind is Kind.JOB_REJECTED


def test_a_scientists_digest_holds_no_doubt_and_no_reason_but_that_of_a_rejection():
    case = CASES["digest_failed_do"]
    facts = tuple(replace(each, reason="private", warning="doubt") for each in case.others)
    shown = contents(replace(case, role=Role.DS, others=facts).notification, None, case.now, ZONE)
    assert {item["doubt"] for item in shown["items"]} == {""}
    notes = {item["note"] for item in shown["items"]}
    assert [lacking(note, code) for note, code in zip(sorted(notes), ("-1", "1"), strict=True)] == [[], []]
    assert "private" not in "".join(notes)


class TestFiles:
    def test_a_link_is_followed(self, tmp_path):
        (tmp_path / "elsewhere").write_text("text")
        (tmp_path / "a.j2").symlink_to("elsewhere")
        assert read_template(tmp_path, "a.j2") == "text"

    def test_a_folder_a_pipe_and_a_link_to_nowhere_are_no_templates(self, tmp_path):
        (tmp_path / "folder.j2").mkdir()
        os.mkfifo(tmp_path / "pipe.j2")
        (tmp_path / "nowhere.j2").symlink_to("nothing")
        (tmp_path / "round.j2").symlink_to("round.j2")
        (tmp_path / "endless.j2").symlink_to("/dev/zero")
        for name in ("folder.j2", "pipe.j2", "nowhere.j2", "round.j2", "endless.j2"):
            with pytest.raises(UnusableTemplateError):
                read_template(tmp_path, name)

    def test_a_huge_file_and_one_that_is_no_text_are_no_templates(self, tmp_path):
        (tmp_path / "huge.j2").write_text("x" * (TEMPLATE_LIMIT + 1))
        (tmp_path / "bytes.j2").write_bytes(b"\xff\xfe")
        with pytest.raises(UnusableTemplateError, match="larger than"):
            read_template(tmp_path, "huge.j2")
        with pytest.raises(UnusableTemplateError, match="UTF-8"):
            read_template(tmp_path, "bytes.j2")

    def test_other_names_and_other_folders_are_not_looked_at(self, tmp_path):
        (tmp_path / "token.json").write_text("secret")
        (tmp_path / "templates").mkdir()
        assert read_template(tmp_path, "token.json") is None
        assert read_template(tmp_path / "templates", "../token.json") is None

    def test_what_cannot_be_used_is_told_and_ours_is(self, owner, caplog):
        owner.folder.mkdir()
        (owner.folder / PART).symlink_to("nothing")
        assert owner.gets() == FAILED.compose()
        assert lacking(caplog.text, PART, "No such file or directory") == []

    def test_a_file_in_place_of_the_folder_is_no_folder(self, owner, caplog):
        owner.folder.write_text("")
        assert owner.gets() == FAILED.compose()
        assert caplog.records == []

    def test_a_folder_that_may_not_be_looked_into_is_no_empty_one(self, strangers_root):
        strangers_root.mkdir()
        (strangers_root / PART).touch()
        strangers_root.chmod(0)
        with Nobody(), pytest.raises(UnusableTemplateError, match="Permission denied"):
            read_template(strangers_root, PART)
