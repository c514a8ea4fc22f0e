"""One odd file, entry, message or folder hides nobody: the others are told as if it were not there."""

from __future__ import annotations

import os

import pytest

from tests.stories.village import Village, decided, submitted
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
