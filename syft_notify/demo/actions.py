"""What a visitor can let people do: who may do what now, and doing it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syft_notify.demo.outages import Outages
from syft_notify.demo.owner import OwnerSetup
from syft_notify.domain.errors import UserError
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.actors import Owner, Scientist

LONGEST_NAME = 80
REASON = "It would show single patients. Please send aggregates only."
CODE = '''"""Average age of the patients. Their table stays with the owner."""

import csv
import os
import statistics

with open(os.environ["PATIENTS"]) as table:
    ages = [int(row["age"]) for row in csv.DictReader(table)]
print(f"average age of {len(ages)} patients: {statistics.mean(ages):.1f}")
'''
_PATIENTS = "age\n34\n51\n47\n29\n"
_NEWCOMERS = ("maya_okafor", "jonas_weber", "li_na", "ana_souza", "tom_hale")


class JobState(StrEnum):
    """How far a job of the visitor is."""

    WAITING = "waiting"
    APPROVED = "approved"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"


_ACTS: Mapping[JobState, tuple[str, ...]] = {
    JobState.WAITING: ("approve", "reject"),
    JobState.APPROVED: ("run", "run-failing"),
}


@dataclass
class Job:
    """One job that a visitor submitted."""

    id: str
    ds: str
    name: str
    state: JobState = JobState.WAITING

    @property
    def acts(self) -> tuple[str, ...]:
        """What the owner may do with it now."""
        return _ACTS.get(self.state, ())


class Actions:
    """The people, their jobs and the outages. Acts are refused until `open`, and done one after the other."""

    def __init__(self, google: Sandbox, owner_setup: OwnerSetup, first: str, now: Callable[[], datetime]) -> None:
        """`first` is the scientist of the story, who is a peer when the page opens."""
        self.owner = Owner(google, owner_setup.owner, owner_setup.syftbox)
        self.first = Scientist(google, first)
        self.scientists = {first: self.first}
        self.peers: list[str] = []
        self.jobs: list[Job] = []
        self.outages = Outages(google, owner_setup, now)
        self.is_open = False
        self._google = google
        self._now = now
        self._patients = owner_setup.folder / "patients.csv"
        self._lock = threading.Lock()
        self._acts: Mapping[str, Callable[[Mapping[str, str]], None]] = {
            "ask": lambda said: self._ask(),
            "accept": lambda said: self._accept(said.get("ds", "")),
            "submit": lambda said: self._submit(said.get("ds", ""), said.get("job", "")),
            "approve": lambda said: self._approve(self._job(said, "approve")),
            "reject": lambda said: self._reject(self._job(said, "reject")),
            "run": lambda said: self._run(self._job(said, "run"), has_data=True),
            "run-failing": lambda said: self._run(self._job(said, "run-failing"), has_data=False),
            "break-gmail": lambda said: self.outages.break_gmail(),
            "repair-gmail": lambda said: self.outages.repair_gmail(),
            "kill-token": lambda said: self.outages.kill_token(),
            "renew-token": lambda said: self.outages.renew_token(),
        }

    def open(self) -> None:
        """The story is over: the visitor may act."""
        self._patients.write_text(_PATIENTS)
        self.peers.append(self.first.email)
        self.is_open = True

    def perform(self, act: str, said: Mapping[str, str]) -> None:
        """Do what a button says. Raises `UserError` for what cannot be done now, `KeyError` for no such act."""
        perform = self._acts[act]
        with self._lock:
            if not self.is_open:
                raise UserError("The story is still being played")
            perform(said)

    def _ask(self) -> None:
        round_, number = divmod(len(self.scientists) - 1, len(_NEWCOMERS))
        email = f"{_NEWCOMERS[number]}{round_ or ''}@institute.example.org"
        newcomer = Scientist(self._google, email)
        newcomer.ask(self.owner.email)
        self.scientists[email] = newcomer

    def _accept(self, ds: str) -> None:
        if ds not in self.scientists or ds in self.peers:
            raise UserError("Nobody of that name waits to become a peer")
        self.owner.accept(ds)
        self.peers.append(ds)

    def _submit(self, ds: str, name: str) -> None:
        if ds not in self.peers:
            raise UserError("The owner accepts this scientist first")
        name = " ".join(name.split())
        check_name(name)
        if any((job.ds, job.name) == (ds, name) for job in self.jobs):
            raise UserError("This scientist has a job of that name")
        self.scientists[ds].submit(self.owner.email, name, {"main.py": CODE}, "main.py", self._now())
        self.jobs.append(Job(str(len(self.jobs) + 1), ds, name))

    def _job(self, said: Mapping[str, str], act: str) -> Job:
        for job in self.jobs:
            if job.id == said.get("job") and act in job.acts:
                return job
        raise UserError("There is no such job that this can be done with now")

    def _approve(self, job: Job) -> None:
        self.owner.sync()
        self.owner.approve(job.ds, job.name, self._now())
        job.state = JobState.APPROVED

    def _reject(self, job: Job) -> None:
        self.owner.sync()
        self.owner.reject(job.ds, job.name, REASON, self._now())
        job.state = JobState.REJECTED

    def _run(self, job: Job, *, has_data: bool) -> None:
        """Run it for real; without its table it fails by itself."""
        table = self._patients if has_data else self._patients.with_name("patients_2019.csv")
        code = self.owner.run(job.ds, job.name, self._now(), {"PATIENTS": str(table)})
        job.state = JobState.FAILED if code else JobState.DONE


def check_name(name: str) -> None:
    """Raises `UserError` for a job name that could not be a folder's name."""
    if not name or len(name.encode()) > LONGEST_NAME:
        raise UserError(f"A job's name has 1 to {LONGEST_NAME} bytes")
    if name.startswith(".") or "/" in name or not name.isprintable():
        raise UserError("A job's name begins with no dot, and has no slash and no invisible character")
