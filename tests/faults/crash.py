"""A story of many events while the service is killed again and again, and what of it arrived.

`python -m tests.faults.crash --events 2000 --kills 1000` is the long version.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.mailboxes import Mail
from tests.faults.daemons import nursery
from tests.records import records
from tests.stories.site import DO, Site
from tests.worlds import GENERATIONS, Job, python_job

PEERS = tuple(f"ds{number}@example.org" for number in range(6))
# What it asks of the local Google; each may be where it dies, before or after the request was carried out.
STEPS = ("drive.about.get", "drive.files.list", "drive.batch", "drive.files.media", "gmail.messages.send")
DIGEST_KINDS = {
    "new jobs": "job_submitted",
    "jobs submitted": "job_submitted",
    "jobs approved": "job_approved",
    "jobs completed": "job_executed",
    "jobs rejected": "job_rejected",
}

# (recipient, kind, job)
Told = tuple[str, str, str]


@dataclass
class Story:
    """What people do, and of what the mails must tell."""

    site: Site
    random: random.Random
    expected: set[Told] = field(default_factory=set)
    submitted: list[Job] = field(default_factory=list)
    approved: list[Job] = field(default_factory=list)

    def begin(self) -> None:
        """All peers are old acquaintances, and a first poll has seen that."""
        for ds in PEERS:
            self.site.ask(ds)
            self.site.accept(ds)
        self.site.poll()

    def go_on(self) -> None:
        """One thing happens."""
        what = self.random.choice([self._submit, self._submit, self._approve, self._finish, self._reject])
        if what in (self._approve, self._reject) and not self.submitted:
            what = self._submit
        if what == self._finish and not self.approved:
            what = self._submit
        what()

    def _submit(self) -> None:
        ds = self.random.choice(PEERS)
        job = self.site.submit(python_job(f"job {len(self.expected)}"), ds)
        self.submitted.append(job)
        self.expected |= {(DO, "job_submitted", job.name), (ds, "job_submitted", job.name)}

    def _approve(self) -> None:
        job = self._taken(self.submitted)
        self.site.sync()
        self.site.generation.approve(self.site.root, job, self.site.tick())
        self.approved.append(job)
        self.expected.add((job.ds, "job_approved", job.name))

    def _reject(self) -> None:
        job = self._taken(self.submitted)
        self.site.sync()
        self.site.generation.reject(self.site.root, job, "no", self.site.tick())
        self.expected.add((job.ds, "job_rejected", job.name))

    def _finish(self) -> None:
        job = self._taken(self.approved)
        self.site.generation.finish(self.site.root, job, 0, "", self.site.tick())
        self.expected.add((job.ds, "job_executed", job.name))

    def _taken(self, jobs: list[Job]) -> Job:
        return jobs.pop(self.random.randrange(len(jobs)))


@dataclass(frozen=True)
class Verdict:
    """What arrived: the events of which no mail told, those of which no mail should, and those told twice.

    `unmarked` are those told twice outside the one window in which that may be, after the channel accepted and before
    we wrote that down: the history then has one line, marked ambiguous.
    """

    events: int
    kills: int
    mails: int
    lost: tuple[Told, ...]
    unexpected: tuple[Told, ...]
    twice: tuple[Told, ...]
    unmarked: tuple[Told, ...]

    def __str__(self) -> str:
        return (
            f"{self.events} events, {self.kills} kills, {self.mails} mails: {len(self.lost)} lost, "
            f"{len(self.unexpected)} unexpected, {len(self.twice)} twice of which {len(self.unmarked)} unmarked"
        )


def play(google: Sandbox, home: Path, *, events: int, kills: int, seed: int) -> Verdict:
    """Let `events` things happen while the service is killed `kills` times; then let it finish in peace."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    site = Site(google, home, GENERATIONS["syft-rds-0.6.1"], settings={"daily_cap": 10_000})
    story = Story(site, chance)
    story.begin()
    site.new_mails()
    with nursery(site.config_file, home / "run.log") as daemons:
        left = events
        for kill in range(kills):
            due = round(events * (kill + 1) / kills) - (events - left)
            _prepare_death(site, chance, kill)
            site.google.requests.clear()
            with daemons.running():
                for _ in range(due):
                    story.go_on()
                _await_death(site, chance)
            left -= due
            site.google.faults.clear()
        with daemons.running():
            _await_peace(site, story.expected)
    return _judged(site, story.expected, events, kills)


def _prepare_death(site: Site, chance: random.Random, kill: int) -> None:
    """Every second time it dies at one of its requests; the other times at any moment."""
    if kill % 2:
        injected = chance.choice([Injected.STALL, Injected.SILENT])
        site.google.faults.add(injected, chance.choice(STEPS), skip=chance.randrange(4), seconds=2)


def _await_death(site: Site, chance: random.Random) -> None:
    """Mostly some time after its first request, however long it took to start; now and then while it starts."""
    if chance.random() < 0.8:
        site.google.requests.wait_for(1, timeout=5)
    end = time.monotonic() + 0.05 + chance.random() * 0.5
    while time.monotonic() < end:
        if any(rule.hits for rule in site.google.faults.rules()):
            return
        time.sleep(0.002)


def _await_peace(site: Site, expected: set[Told]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and expected - {told for told, _ in _arrived(site)}:
        time.sleep(0.2)
    time.sleep(1.5)  # whatever comes twice comes now


def _arrived(site: Site) -> list[tuple[Told, str]]:
    """Of what each mail told, with the id of its notification."""
    found = []
    for person in (DO, *PEERS):
        for mail in site.google.mailbox(person).received:
            found += [(told, mail.header("X-Syft-Event-Id")) for told in _told_by(person, mail)]
    return [(told, notification) for told, notification in found if told[1].startswith("job_")]


def _told_by(person: str, mail: Mail) -> list[Told]:
    headline, kind = mail.text.lstrip().splitlines()[0], mail.header("X-Syft-Event")
    if found := re.fullmatch(r"(\d+) ([a-z ]+?)( at \S+)?", headline):
        jobs = re.findall(r"^ *\d+\. (job \d+)$", mail.text, re.MULTILINE)
        assert len(jobs) == int(found[1])
        assert DIGEST_KINDS[found[2]] == kind
        return [(person, kind, job) for job in jobs]
    named = re.search(r": (job \d+)", headline)
    return [(person, kind, named[1] if named else headline)]


def _judged(site: Site, expected: set[Told], events: int, kills: int) -> Verdict:
    ids: dict[Told, list[str]] = defaultdict(list)
    for told, notification in _arrived(site):
        ids[told].append(notification)
    twice = {told: found for told, found in ids.items() if len(found) > 1}
    marks = records(site.home)
    unmarked = [told for told, found in twice.items() if len(set(found)) > 1 or marks[found[0]] != ["ambiguous"]]
    return Verdict(
        events,
        kills,
        sum(len(site.google.mailbox(person).received) for person in (DO, *PEERS)),
        tuple(sorted(expected - ids.keys())),
        tuple(sorted(ids.keys() - expected)),
        tuple(sorted(twice)),
        tuple(unmarked),
    )


def main() -> int:
    """Play once and say how it went; 1 if anything was lost, came unasked, or came twice unmarked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Sandbox() as google:
        verdict = play(google, Path(folder) / "home", events=given.events, kills=given.kills, seed=given.seed)
    sys.stdout.write(f"{verdict} ({time.monotonic() - began:.0f} s, seed {given.seed})\n")
    return 1 if verdict.lost or verdict.unexpected or verdict.unmarked else 0


if __name__ == "__main__":
    sys.exit(main())
