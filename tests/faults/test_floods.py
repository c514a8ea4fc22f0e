"""What strangers upload decides neither how much memory we need nor whom we tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.test_bombs import MEASURED
from tests.stories.site import DO, Site
from tests.system.program import environment
from tests.worlds.messages import message_document, message_name, pack_document

DS = "ds@example.org"
MESSAGES, JOBS, FILES, FILE_BYTES = 12, 50, 4, 50_000
MOST_MEMORY_KB = 200_000


def large_message(site: Site, number: int) -> tuple[str, bytes]:
    """Fifty jobs of four files each: 10 MB that take 60 KB packed."""
    files: dict[str, str | None] = {}
    for job in range(JOBS):
        folder = f"app_data/job/inbox/{DS}/v1/analysis {number:03} {job:03}"
        files[f"{folder}/config.yaml"] = "submitted_at: '2026-11-23T11:00:00Z'\ntype: python\nentrypoint: code0.py\n"
        files[f"{folder}/run.sh"] = "python code/code0.py\n"
        for name in range(FILES):
            line = f"x = {number}, {job}, {name}\n"
            files[f"{folder}/code/code{name}.py"] = line * (FILE_BYTES // len(line))
    document = message_document(files, DS, DO, site.tick())
    return message_name(document), pack_document(document)


def poll(site: Site, config: Path) -> int:
    """One `run --once`; its peak memory in KB."""
    command = [sys.executable, "-c", MEASURED, "run", "--once", "-c", str(config)]
    ended = subprocess.run(
        command, env=environment(site.home), capture_output=True, text=True, timeout=100, check=False
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return int(ended.stderr.split()[-2])


def told(site: Site) -> set[str]:
    """The jobs of which the owner was told."""
    notified = json.loads((site.home / "notification_state.json").read_text())["notified_jobs"]
    return {key for key, kinds in notified.items() if "new" in kinds}


def test_many_large_messages_are_read_in_portions_and_every_job_is_told(site: Site) -> None:
    inbox = site.ask(DS)
    site.accept(DS)
    for number in range(MESSAGES):
        site.google.drive.file(DS, *large_message(site, number), inbox)
    config, peaks = site.config_file, list[int]()
    while not peaks or len(told(site)) < MESSAGES * JOBS:
        peaks.append(poll(site, config))
        assert len(peaks) <= MESSAGES
    assert max(peaks) < MOST_MEMORY_KB
