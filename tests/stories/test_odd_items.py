"""One odd file, entry, message or folder hides nobody: the others are told as if it were not there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from syft_notify.config.settings import load_config
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.engine.app import open_app
from tests import titles
from tests.facts import lacking
from tests.stories.site import DO, Site, decided, requested, submitted
from tests.worlds import python_job

DS, OTHER = "ds@example.org", "other@example.org"


@pytest.mark.parametrize("seconds", [10**10, -(10**9)])
def test_a_job_that_touches_its_files_silences_nobody(site: Site, seconds: int) -> None:
    for ds in (DS, OTHER):
        site.ask(ds)
        site.accept(ds)
    site.poll()
    job = site.submit(python_job("odd"), DS)
    site.submit(python_job("sales"), OTHER)
    site.sync()
    for folder, _, names in os.walk(site.root):
        for name in (".", *names):
            if "/odd" in folder:
                os.utime(os.path.join(folder, name), (seconds, seconds))
    assert site.poll() == sorted(submitted("odd") + submitted("sales", OTHER))
    site.generation.approve(site.root, job, site.tick())
    state = next(site.root.rglob("odd/state.yaml"))
    os.utime(state, (seconds, seconds))
    assert site.poll() == decided("approved", "odd")
    assert site.report is not None
    assert site.report.problems == ()


DRIVE_SAYS = {
    "no time": {"createdTime": None},
    "the first year": {"createdTime": "0001-01-01T00:00:00.000Z"},
    "a year of five digits": {"createdTime": "99999-01-01T00:00:00.000Z"},
    "no owners": {"owners": None},
    "an empty list of owners": {"owners": []},
    "a size in words": {"size": "many"},
    "no name": {"name": None},
    "a number as the name": {"name": 7},
    "a huge name": {"name": "msgv2_" + "9" * 30_000},
    "half a character as the owner": {"owners": [{"emailAddress": "x\ud800@example.org", "permissionId": "\ud800"}]},
    "half a character in the name": {"name": "msgv2_1_\ud800"},
    "nothing": {"createdTime": None, "modifiedTime": None, "owners": None, "version": None, "mimeType": None},
}


@pytest.mark.parametrize("said", DRIVE_SAYS.values(), ids=DRIVE_SAYS)
def test_one_odd_entry_on_drive_hides_nobody(site: Site, said: dict[str, Any]) -> None:
    """The same is said of a stranger's folder, and of a message beside others."""
    site.google.drive.describe(site.ask("odd@example.org"), **said)
    inbox = site.ask(DS)
    site.ask(OTHER)
    site.accept(DS)
    site.google.drive.describe(site.google.drive.file(DS, "msgv2_1_odd.tar.gz", b"odd", inbox), **said)
    site.submit(python_job("sales"))
    news = site.poll()
    assert set(news) >= {*requested(OTHER), *submitted("sales")}
    assert site.report is not None
    assert site.report.problems == ()
    assert site.poll() == []


def test_an_entry_that_cannot_be_understood_is_named_once(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    inbox = site.ask(DS)
    site.accept(DS)
    odd = site.google.drive.file(DS, "msgv2_1_odd.tar.gz", b"odd", inbox)
    site.google.drive.describe(odd, size="many")
    site.google.drive.describe(site.ask(OTHER), name=7)
    with open_app(load_config(site.config_file, {}, site.home)) as app:
        reporter = LogReporter()
        for _ in range(3):
            app.poll(reporter)
            reporter.end()
    named = [record.message for record in caplog.records if "was skipped" in record.message]
    assert len(named) == len(set(named)) == 2


@pytest.mark.parametrize("kind", ["folder", "shortcut", "document"])
def test_what_is_no_file_is_no_message(site: Site, kind: str) -> None:
    inbox = site.ask(DS)
    site.accept(DS)
    drive, name = site.google.drive, "msgv2_1764000000.5_x.tar.gz"
    if kind == "folder":
        drive.folder(DS, name, inbox)
    else:
        drive.file(DS, name, b"", inbox, mime_type=f"application/vnd.google-apps.{kind}")
    site.submit(python_job("sales"))
    assert site.poll() == sorted(submitted("sales"))
    assert site.report is not None
    assert site.report.problems == ()


def test_a_folder_of_the_name_of_the_peers_file_is_not_read(site: Site) -> None:
    site.ask(DS)
    (home,) = site.google.drive.find("SyftBox", DO)
    site.google.drive.folder(DO, "SYFT_peers.json", home)
    assert site.poll() == sorted(requested())
    assert site.report is not None
    assert site.report.problems == ()


def test_a_peer_with_very_many_folders_costs_no_more_than_twenty(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.ask(OTHER)
    share, ids = {DO: "writer"}, []
    for number in range(200):
        name = f"syft_datasite#0.{number}.0#{DO}#inbox#{DS}"
        ids.append(site.google.drive.folder(DS, name, share=share))
        site.google.drive.describe(ids[-1], createdTime=f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00.000Z")
    for ds in (DS, OTHER):
        site.accept(ds)
    for number, inbox in ((179, ids[179]), (180, ids[180]), (199, ids[199])):
        job = replace(python_job(f"in {number}"), ds=DS, do=DO, submitted_at=site.tick())
        site.google.drive.file(DS, *site.generation.message(job, DS, DO, site.now), inbox)
    site.submit(python_job("sales"), OTHER)
    site.google.requests.clear()
    with open_app(load_config(site.config_file, {}, site.home)) as app:
        reporter = LogReporter()
        for _ in range(2):
            app.poll(reporter)
            reporter.end()
    assert site.google.requests.count("drive.files.list") < 60
    headlines = {mail.text.lstrip().splitlines()[0] for mail in site.google.mailbox(DO).received}
    assert headlines == {titles.new_job(job, DS) for job in ("in 180", "in 199")} | {titles.new_job("sales", OTHER)}
    lines = [record.message for record in caplog.records if "newest" in record.message]
    assert [lacking(line, "peers", DS, "200", "20") for line in lines] == [[]]


def test_many_job_folders_without_a_config_are_a_few_lines_once(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.ask(DS)
    site.accept(DS)
    inbox = site.generation.write_received(site.root, replace(python_job("sales"), ds=DS, do=DO)).parent
    for number in range(1000):
        (inbox / f"empty{number:04}").mkdir()
    with open_app(load_config(site.config_file, {}, site.home)) as app:
        reporter = LogReporter()
        for number in range(4):
            app.poll(reporter)
            reporter.end()
            (inbox / f"empty{number:04}/notes.txt").touch()
    lines = [record.message for record in caplog.records if record.name.endswith("log_reporter")]
    assert len([line for line in lines if line.endswith("config.yaml")]) == 10
    assert [lacking(line, "jobs", "990") for line in lines if "config.yaml" not in line and "jobs: " in line] == [[]]
