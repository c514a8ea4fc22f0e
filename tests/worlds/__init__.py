"""The data that each generation of the SyftBox clients writes, made by code: for stories told without a client."""

from __future__ import annotations

from tests.worlds.generation import Generation
from tests.worlds.jobs import Job, bash_job, folder_job, python_job
from tests.worlds.markers import MarkerGeneration
from tests.worlds.review import ReviewGeneration

__all__ = [
    "GENERATIONS",
    "Generation",
    "Job",
    "MarkerGeneration",
    "ReviewGeneration",
    "bash_job",
    "folder_job",
    "python_job",
]

GENERATIONS: dict[str, Generation] = {
    "0.1.93": MarkerGeneration("0.1.93", "D0", "syft-client", writes_empty_stderr=False, takes_folders=False),
    "0.1.97": MarkerGeneration("0.1.97", "D1", "syft-client==0.1.97"),
    "0.1.105": MarkerGeneration("0.1.105", "D2", "syft-client==0.1.105", by_ds=True),
    "0.1.109": ReviewGeneration("0.1.109", "D2", "syft-client==0.1.109", reason_key="rejection_reason"),
    "0.1.117": ReviewGeneration("0.1.117", "D3", "syft-client==0.1.117"),
    "0.1.117-encrypted": ReviewGeneration("0.1.117", "D3", "syft-client==0.1.117", encrypted=True),
    "syft-rds-0.6.1": ReviewGeneration("0.10.0", "D3", "syft==0.10.0", protocol="v1"),
}
