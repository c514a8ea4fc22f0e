"""The blocks of code are good code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from syft_notify.config.paths import ServiceFiles
from syft_notify.config.settings import load_config
from syft_notify.store.view import parse
from tests.docs.markdown import CONTRIBUTING, DAEMON, DOCUMENTS, LOGGING, README, STATE, SYSTEMD, code_in


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_block_is_marked_with_a_language_that_contributing_explains(document):
    explained = {code for row in CONTRIBUTING.table("language") for code in code_in(row[0])}
    assert {block.language for block in document.blocks()} <= explained | {""}
    assert document in (README, DAEMON, STATE, SYSTEMD) or document.blocks("sh") == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_python_block_compiles(document):
    for block in document.blocks("python"):
        compile(block.code, document.name, "exec")


def test_every_config_that_is_shown_is_accepted(tmp_path: Path):
    shown = [block for document in DOCUMENTS if document != LOGGING for block in document.blocks("yaml")]
    assert shown
    for block in shown:
        (tmp_path / "daemon.yaml").write_text(block.code)
        assert load_config(tmp_path / "daemon.yaml", {}, tmp_path).do_email == "you@example.org"


def test_what_other_programs_are_told_follows_our_log():
    blocks = LOGGING.blocks("yaml", "json", "conf", "rsyslog")
    assert len(blocks) == 7
    for block in blocks:
        assert re.findall(r"/[\w/.-]*syft-notify\.log", block.code)[0] == str(
            ServiceFiles(Path("/home/alice/.syft-creds")).log
        )
        if block.language in ("yaml", "json"):
            assert isinstance({"yaml": yaml.safe_load, "json": json.loads}[block.language](block.code), dict)


def test_the_view_that_is_shown_is_one():
    (block,) = STATE.blocks("json")
    assert parse(block.code.encode()).peers == ("ds@example.org",)


def test_the_first_screen_says_what_it_is_and_the_two_commands():
    screen = README.text.splitlines()[:30]
    assert screen[0] == "# syft-notify"
    assert [line for line in screen if line.startswith("$ ")] == ["$ make demo", "$ make test"]
