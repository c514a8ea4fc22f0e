"""The commands that look into the store and change it, beside a daemon or alone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

import pytest

from syft_notify.sandbox import Injected
from tests.facts import lacking
from tests.stories.site import DO, Site, requested, submitted
from tests.system.dialogue import Dialogue
from tests.system.program import syft_notify
from tests.worlds import python_job

DS = "ds@example.org"
Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(site: Site) -> Call:
    """`call("outbox", "retry")` with the site's config."""

    def called(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return syft_notify(name, *arguments, "-c", site.config_file, home=site.home)

    return called


@pytest.fixture
def refused(site: Site) -> Site:
    """A site where Gmail refused the two mails about a peer."""
    site.google.faults.add(Injected.BAD_REQUEST, "gmail.messages.send", times=None)
    site.ask(DS)
    assert site.poll() == []
    site.google.faults.clear()
    return site


class TestOutbox:
    def test_it_lists_what_was_given_up_and_why(self, refused, call):
        listed = call("outbox")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert [line for line in listed.stdout.splitlines() if not lacking(line, "dead", DO, DS, "1")]
        document = json.loads(call("outbox", "--json").stdout)
        assert [(entry["state"], entry["to"]) for entry in document] == [("dead", DO), ("dead", DS)]
        assert listed.stdout.startswith(document[0]["id"][:8])

    def test_what_is_tried_again_goes_out(self, refused, call):
        assert lacking(call("outbox", "retry").stdout, "2 notifications") == []
        assert refused.poll() == sorted(requested())
        assert json.loads(call("outbox", "--json").stdout) == []

    def test_one_alone_can_be_tried_again_or_dropped(self, refused, call):
        first, second = (entry["id"] for entry in json.loads(call("outbox", "--json").stdout))
        assert call("outbox", "retry", first[:6]).returncode == 0
        assert call("outbox", "drop", second, "--yes").returncode == 0
        assert [told[0] for told in refused.poll()] == [DO]
        assert json.loads(call("outbox", "--json").stdout) == []

    @pytest.mark.parametrize("arguments", [("drop",), ("sell",), ("retry", "zzz"), ("drop", "")])
    def test_a_wrong_word_changes_nothing(self, refused, call, arguments):
        ended = call("outbox", *arguments)
        assert ended.returncode in (1, 2)
        assert ended.stderr.startswith("Error: ") or "Error: " in ended.stderr
        assert "Traceback" not in ended.stderr
        assert len(json.loads(call("outbox", "--json").stdout)) == 2


class TestHistory:
    def test_it_tells_what_went_to_whom(self, site, call):
        nothing = call("history")
        assert (nothing.returncode, DS in nothing.stdout) == (0, False)
        assert json.loads(call("history", "--json").stdout) == []
        site.ask(DS)
        site.poll()
        lines = call("history").stdout.splitlines()
        facts = ((DO, f"peer_new_{DS}_to_do"), (DS, f"peer_new_{DS}_to_ds"))
        assert [lacking(line, *each) for line, each in zip(lines, facts, strict=True)] == [[], []]
        assert call("history", "-n", "1").stdout.splitlines() == lines[1:]
        assert [entry["to"] for entry in json.loads(call("history", "--json").stdout)] == [DO, DS]


class TestOnATerminal:
    @pytest.mark.parametrize("columns", [40, 80, 120])
    @pytest.mark.parametrize("command", ["history", "outbox"])
    def test_a_table_fits_and_wraps_at_words(self, refused, command, columns):
        if command == "history":
            refused.google.faults.clear()
            syft_notify("outbox", "retry", "-c", refused.config_file, home=refused.home)
            refused.poll()
        terminal = Dialogue(
            command, "-c", str(refused.config_file), home=refused.home, environ={"TERM": "xterm"}, columns=columns
        )
        with terminal as shown:
            assert shown.ended()[0] == 0
        text = re.sub(r"\x1b\[[\d;]*m", "", shown.seen)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= columns
        assert columns < 80 or lacking(" ".join(text.split()), "What", "peer", "requested") == []


class TestReset:
    def test_open_requests_are_told_again(self, site, call):
        site.ask(DS)
        site.poll()
        assert call("reset", "--peers", "--yes").returncode == 0
        assert site.poll() == sorted(requested())
        assert site.poll() == []

    def test_one_job_is_told_again_and_no_other(self, site, call):
        site.ask(DS)
        site.accept(DS)
        site.poll()
        site.submit(python_job("sales"))
        site.submit(python_job("other"))
        site.poll()
        assert call("reset", "--job", "sales", "--yes").returncode == 0
        assert site.poll() == sorted(submitted("sales"))
        assert site.poll() == []

    def test_all_jobs_means_those_that_wait(self, site, call):
        site.ask(DS)
        site.accept(DS)
        site.poll()
        settled = site.submit(python_job("settled"))
        site.sync()
        site.generation.approve(site.root, settled, site.tick())
        site.generation.finish(site.root, settled, 0, "", site.tick())
        site.submit(python_job("waiting"))
        site.poll()
        assert call("reset", "--jobs", "--yes").returncode == 0
        assert site.poll() == sorted(submitted("waiting"))
        assert site.poll() == []

    def test_without_a_yes_nothing_is_forgotten(self, site, call):
        site.ask(DS)
        site.poll()
        asked = call("reset", "--peers")
        assert asked.returncode == 1
        assert "Traceback" not in asked.stderr
        assert site.poll() == []

    @pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--job", "unheard of", "--yes"), 1)])
    def test_what_cannot_be_forgotten_is_said(self, site, call, arguments, code):
        ended = call("reset", *arguments)
        assert (ended.returncode, "Error: " in ended.stderr) == (code, True)
