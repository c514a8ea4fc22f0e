"""A local Google, an owner with a SyftBox folder, scientists of any client generation, and our program."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from syft_notify.config.settings import load_config
from syft_notify.domain.model import PollReport
from syft_notify.engine.app import open_app
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.mailboxes import Mail
from syft_notify.testing import RecordingReporter
from tests import titles
from tests.worlds import Generation, Job

DO = "do@example.org"

# (recipient, kind of event, first line of the mail)
Told = tuple[str, str, str]


@dataclass
class Site:
    """Everything that happens goes through Drive and disk; `poll` says which mails it brought."""

    google: Sandbox
    home: Path
    generation: Generation
    do: str = DO
    settings: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, Job] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    reporter: RecordingReporter = field(default_factory=RecordingReporter)
    report: PollReport | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    _mailed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        (self.root / self.do).mkdir()
        self._boxes = {self.do: self.google.drive.folder(self.do, "SyftBox")}
        for name in ("token_do.json", "gmail_token.json"):
            (self.home / name).touch(mode=0o600)
            (self.home / name).write_text(self.google.token_file(self.do))

    @property
    def root(self) -> Path:
        """The owner's SyftBox folder."""
        return self.home / f"SyftBox_{self.do}"

    @property
    def config_file(self) -> Path:
        """A daemon.yaml as the owner would write it, pointing to the local Google."""
        path = self.home / "daemon.yaml"
        settings = {
            "do_email": self.do,
            "syftbox_root": str(self.root),
            "drive_api_endpoint": self.google.drive_endpoint,
            "gmail_api_endpoint": self.google.gmail_endpoint,
            "oauth_token_uri": self.google.token_uri,
            **self.settings,
        }
        path.write_text(yaml.safe_dump(settings))
        return path

    # What people do.

    def tick(self) -> datetime:
        """Time passes between two things that people do."""
        self.now += timedelta(seconds=1)
        return self.now

    def ask(self, ds: str) -> str:
        """A scientist asks to be a peer; returns the id of the inbox folder."""
        home = self.box(ds)
        share = {self.do: "writer"}
        self.google.drive.folder(ds, self.generation.outbox_folder(self.do, ds), home, share=share)
        return self.google.drive.folder(ds, self.generation.inbox_folder(self.do, ds), home, share=share)

    def submit(self, job: Job, ds: str = "ds@example.org") -> Job:
        """A scientist submits; the job's time of submission is now. Returns the job as it was sent."""
        job = replace(job, ds=ds, do=self.do, submitted_at=self.tick())
        name, content = self.generation.message(job, ds, self.do, self.now)
        (inbox,) = self.google.drive.find(self.generation.inbox_folder(self.do, ds), ds)
        self.messages[self.google.drive.file(ds, name, content, inbox)] = job
        return job

    def accept(self, ds: str) -> None:
        """The owner's client accepts a peer."""
        self.decide(ds, "accepted")
        for name in self.generation.reverse_folders(self.do, ds):
            self.google.drive.folder(self.do, name, self.box(self.do), share={ds: "writer"})
        self.generation.accept(self.root, self.do, ds)

    def decide(self, ds: str, state: str) -> None:
        """The owner's client writes a peer's state into the peers file, where there is one."""
        self.states[ds] = state
        content = self.generation.peers_file(self.states)
        if content is None:
            return
        found = self.google.drive.find("SYFT_peers.json", self.do)
        if found:
            self.google.drive.write(found[0], content)
        else:
            self.google.drive.file(self.do, "SYFT_peers.json", content, self.box(self.do), mime_type="text/plain")

    def sync(self) -> None:
        """The owner's client reads all messages of accepted peers and archives them."""
        for message, job in list(self.messages.items()):
            if self.generation.drive == "D0" or self.states.get(job.ds) == "accepted":
                self.generation.write_received(self.root, job)
                self.google.drive.move(message, self._archive(job.ds))
                del self.messages[message]

    def _archive(self, ds: str) -> str:
        name = self.generation.archive_folder(self.do, ds)
        found = self.google.drive.find(name, self.do)
        return found[0] if found else self.google.drive.folder(self.do, name, self.box(self.do))

    def box(self, person: str) -> str:
        """The id of a person's SyftBox folder on Drive."""
        if person not in self._boxes:
            self._boxes[person] = self.google.drive.folder(person, "SyftBox")
        return self._boxes[person]

    # Our program.

    def poll(self, **options: Any) -> list[Told]:
        """One `run --once`, with everything read from disk; the mails that it brought, sorted."""
        self.run_once(**options)
        return self.new_mails()

    def run_once(self, **options: Any) -> None:
        """One poll whose mails are still new afterwards."""
        self.reporter = RecordingReporter()
        with open_app(load_config(self.config_file, {}, self.home), **options) as app:
            self.report = app.poll(self.reporter)

    def new_mails(self) -> list[Told]:
        """The mails that arrived since the last question, sorted."""
        told = [told_by(person, mail) for person, mail in self.arrived()]
        self._mailed = {person: len(self.google.mailbox(person).received) for person in self._people()}
        return sorted(told)

    def arrived(self) -> list[tuple[str, Mail]]:
        """Person and mail for each that arrived since the last question."""
        return [
            (person, mail)
            for person in self._people()
            for mail in self.google.mailbox(person).received[self._mailed.get(person, 0) :]
        ]

    def _people(self) -> list[str]:
        return list(self._boxes)


def told_by(person: str, mail: Mail) -> Told:
    """What a mail tells whom."""
    return person, mail.header("X-Syft-Event"), mail.text.lstrip().splitlines()[0]


def submitted(job: str, ds: str = "ds@example.org", do: str = DO) -> list[Told]:
    """The two mails about a new job."""
    return [(do, "job_submitted", titles.new_job(job, ds)), (ds, "job_submitted", titles.job_submitted(job))]


def requested(ds: str = "ds@example.org", do: str = DO) -> list[Told]:
    """The two mails about a peer request."""
    return [
        (do, "peer_requested", titles.new_request(ds)),
        (ds, "peer_requested", titles.request_sent(do)),
    ]


def granted(ds: str = "ds@example.org", do: str = DO) -> list[Told]:
    """The mail about a granted request."""
    return [(ds, "peer_granted", titles.request_accepted(do))]


def decided(kind: str, job: str, ds: str = "ds@example.org") -> list[Told]:
    """The mail to the scientist about approved, executed, failed, rejected."""
    return [(ds, f"job_{kind}", titles.title(f"job_{kind}_ds", job=job))]


def failed(job: str, ds: str = "ds@example.org", do: str = DO) -> list[Told]:
    """The two mails about a failed job."""
    return [(do, "job_failed", titles.job_failed(job)), *decided("failed", job, ds)]
