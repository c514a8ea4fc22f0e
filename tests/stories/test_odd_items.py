"""One odd file, entry, message or folder hides nobody: the others are told as if it were not there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from syft_notify.config.settings import load_config
from syft_notify.daemon.log_reporter import LogNarrator
from syft_notify.engine.app import open_app
from tests import titles
from tests.facts import lacking
from tests.stories.site import DO, Village, decided, requested, submitted
from tests.worlds import python_job

DS, OTHER = "ds@example.org", "other@example.org"


@pytest.mark.parametrize("seconds", [10**10, -(10**9)])
def test_a_job_that_touches_its_files_silences_nobody(village: Village, seconds: int) -> None:
    for ds in (DS, OTHER):
        village.ask(ds)
        village.accept(ds)
    village.poll()
    job = village.submit(python_job("odd"), DS)
    village.submit(python_job("sales"), OTHER)
    village.sync()
    for folder, _, names in os.walk(village.root):
        for name in (".", *names):
            if "/odd" in folder:
                os.utime(os.path.join(folder, name), (seconds, seconds))
    assert village.poll() == sorted(submitted("odd") + submitted("sales", OTHER))
    village.generation.approve(village.root, job, village.tick())
    state = next(village.root.rglob("odd/state.yaml"))
    os.utime(state, (seconds, seconds))
    assert village.poll() == decided("approved", "odd")
    assert village.report is not None
    assert village.report.problems == ()


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
def test_one_odd_entry_on_drive_hides_nobody(village: Village, said: dict[str, Any]) -> None:
    """The same is said of a stranger's folder, and of a message beside others."""
    village.google.drive.describe(village.ask("odd@example.org"), **said)
    inbox = village.ask(DS)
    village.ask(OTHER)
    village.accept(DS)
    village.google.drive.describe(village.google.drive.file(DS, "msgv2_1_odd.tar.gz", b"odd", inbox), **said)
    village.submit(python_job("sales"))
    news = village.poll()
    assert set(news) >= {*requested(OTHER), *submitted("sales")}
    assert village.report is not None
    assert village.report.problems == ()
    assert village.poll() == []


def test_an_entry_that_cannot_be_understood_is_named_once(village: Village, caplog: pytest.LogCaptureFixture) -> None:
    inbox = village.ask(DS)
    village.accept(DS)
    odd = village.google.drive.file(DS, "msgv2_1_odd.tar.gz", b"odd", inbox)
    village.google.drive.describe(odd, size="many")
    village.google.drive.describe(village.ask(OTHER), name=7)
    with open_app(load_config(village.config_file, {}, village.home)) as app:
        narrator = LogNarrator()
        for _ in range(3):
            app.poll(narrator)
            narrator.end()
    named = [record.message for record in caplog.records if "was skipped" in record.message]
    assert len(named) == len(set(named)) == 2


@pytest.mark.parametrize("kind", ["folder", "shortcut", "document"])
def test_what_is_no_file_is_no_message(village: Village, kind: str) -> None:
    inbox = village.ask(DS)
    village.accept(DS)
    drive, name = village.google.drive, "msgv2_1764000000.5_x.tar.gz"
    if kind == "folder":
        drive.folder(DS, name, inbox)
    else:
        drive.file(DS, name, b"", inbox, mime_type=f"application/vnd.google-apps.{kind}")
    village.submit(python_job("sales"))
    assert village.poll() == sorted(submitted("sales"))
    assert village.report is not None
    assert village.report.problems == ()


def test_a_folder_of_the_name_of_the_peers_file_is_not_read(village: Village) -> None:
    village.ask(DS)
    (home,) = village.google.drive.find("SyftBox", DO)
    village.google.drive.folder(DO, "SYFT_peers.json", home)
    assert village.poll() == sorted(requested())
    assert village.report is not None
    assert village.report.problems == ()


def test_a_peer_with_very_many_folders_costs_no_more_than_twenty(
    village: Village, caplog: pytest.LogCaptureFixture
) -> None:
    village.ask(OTHER)
    share, ids = {DO: "writer"}, []
    for number in range(200):
        name = f"syft_datasite#0.{number}.0#{DO}#inbox#{DS}"
        ids.append(village.google.drive.folder(DS, name, share=share))
        village.google.drive.describe(ids[-1], createdTime=f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00.000Z")
    for ds in (DS, OTHER):
        village.accept(ds)
    for number, inbox in ((179, ids[179]), (180, ids[180]), (199, ids[199])):
        job = replace(python_job(f"in {number}"), ds=DS, do=DO, submitted_at=village.tick())
        village.google.drive.file(DS, *village.generation.message(job, DS, DO, village.now), inbox)
    village.submit(python_job("sales"), OTHER)
    village.google.requests.clear()
    with open_app(load_config(village.config_file, {}, village.home)) as app:
        narrator = LogNarrator()
        for _ in range(2):
            app.poll(narrator)
            narrator.end()
    assert village.google.requests.count("drive.files.list") < 60
    headlines = {mail.text.lstrip().splitlines()[0] for mail in village.google.mailbox(DO).received}
    assert headlines == {titles.new_job(job, DS) for job in ("in 180", "in 199")} | {titles.new_job("sales", OTHER)}
    lines = [record.message for record in caplog.records if "newest" in record.message]
    assert [lacking(line, "peers", DS, "200", "20") for line in lines] == [[]]


def test_many_job_folders_without_a_config_are_a_few_lines_once(
    village: Village, caplog: pytest.LogCaptureFixture
) -> None:
    village.ask(DS)
    village.accept(DS)
    inbox = village.generation.write_received(village.root, replace(python_job("sales"), ds=DS, do=DO)).parent
    for number in range(1000):
        (inbox / f"empty{number:04}").mkdir()
    with open_app(load_config(village.config_file, {}, village.home)) as app:
        narrator = LogNarrator()
        for number in range(4):
            app.poll(narrator)
            narrator.end()
            (inbox / f"empty{number:04}/notes.txt").touch()
    lines = [record.message for record in caplog.records if record.name.endswith("log_reporter")]
    assert len([line for line in lines if line.endswith("config.yaml")]) == 10
    assert [lacking(line, "jobs", "990") for line in lines if "config.yaml" not in line and "jobs: " in line] == [[]]
