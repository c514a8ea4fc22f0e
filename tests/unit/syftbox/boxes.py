"""Words that the tests of the owner's folder share."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.domain.jobs import JobStatus, LocalJob, LocalScan
from tests.worlds import GENERATIONS, MarkerGeneration, ReviewGeneration, python_job

DO, DS = "do@example.org", "ds@example.org"
AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
JOB = python_job("sales")

ALL = pytest.mark.parametrize("generation", GENERATIONS.values(), ids=GENERATIONS)
MARKERS = {name: g for name, g in GENERATIONS.items() if isinstance(g, MarkerGeneration)}
REVIEWS = {name: g for name, g in GENERATIONS.items() if isinstance(g, ReviewGeneration)}
WITH_MARKERS = pytest.mark.parametrize("generation", MARKERS.values(), ids=MARKERS)
WITH_REVIEWS = pytest.mark.parametrize("generation", REVIEWS.values(), ids=REVIEWS)
J2 = REVIEWS["0.1.117"]


def only(look: LocalScan) -> LocalJob:
    assert look.problems == ()
    assert not look.absent
    (job,) = look.jobs
    return job


def names(look: LocalScan) -> list[str]:
    """The jobs that could be read whole."""
    return sorted(job.submission.name for job in look.jobs if job.readable)


def without_state(look: LocalScan) -> list[tuple[str, JobStatus]]:
    """The jobs of which only the submission could be read."""
    return sorted((job.submission.name, job.status) for job in look.jobs if not job.readable)


class Nobody:
    """While entered, the process has no privileges of root."""

    def __enter__(self) -> None:
        self._user = os.geteuid()
        if self._user == 0:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        os.seteuid(self._user)
