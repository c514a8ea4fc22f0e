"""The local Google of a measurement with everybody who lives there: `python -m benchmarks.world` is its process.

It reads orders, one JSON object a line, and answers each with a line of JSON; it ends with its input.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from syft_notify.sandbox import Sandbox
from tests.worlds import GENERATIONS, python_job

GENERATION = GENERATIONS["syft-rds-0.6.1"]
DO = "do@example.org"
OLD_MESSAGES = 2
_BURST_JOB = re.compile(r"burst_\d+")


def peer(number: int) -> str:
    """The address of a scientist."""
    return f"ds{number:04}@example.org"


class World:
    """An owner and their peers on one local Google; each method is an order."""

    def __init__(self, google: Sandbox) -> None:
        self._google = google
        self._drive = google.drive
        self._home = self._drive.folder(DO, "SyftBox")
        self._inboxes: list[str] = []
        self._archives: list[str] = []
        self._submitted = 0
        self._read_mails: Counter[str] = Counter()
        self._cpu = time.process_time()

    def where(self) -> dict[str, str]:
        """The addresses for a config, and the text of the owner's token file."""
        return {
            "drive_api_endpoint": self._google.drive_endpoint,
            "gmail_api_endpoint": self._google.gmail_endpoint,
            "oauth_token_uri": self._google.token_uri,
            "token": self._google.token_file(DO),
        }

    def build(self, peers: int) -> None:
        """Settle so many scientists whom the owner accepted long ago; nothing of theirs waits."""
        for number in range(peers):
            self._settle(peer(number))
        content = GENERATION.peers_file({peer(number): "accepted" for number in range(peers)})
        self._drive.file(DO, "SYFT_peers.json", content or b"", self._home, mime_type="text/plain")

    def _settle(self, ds: str) -> None:
        """What today's client leaves of a peer: two pairs of folders, and an archive with old messages."""
        home = self._drive.folder(ds, "SyftBox")
        self._inboxes.append(self._drive.folder(ds, GENERATION.inbox_folder(DO, ds), home, share={DO: "writer"}))
        self._drive.folder(ds, GENERATION.outbox_folder(DO, ds), home, share={DO: "writer"})
        for name in GENERATION.reverse_folders(DO, ds):
            self._drive.folder(DO, name, self._home, share={ds: "writer"})
        archive = self._drive.folder(DO, GENERATION.archive_folder(DO, ds), self._home)
        self._archives.append(archive)
        for number in range(OLD_MESSAGES):
            sent = datetime.now(UTC) - timedelta(days=30 - number)
            job = python_job(f"old_{number}", ds=ds, submitted_at=sent)
            name, content = GENERATION.message(job, ds, DO, sent)
            message = self._drive.file(ds, name, content, self._inboxes[-1], created=sent)
            self._drive.move(message, archive)

    def slow(self, seconds: float) -> None:
        """From now on every HTTP request takes so much longer."""
        self._google.faults.clear()
        if seconds:
            self._google.faults.slow(seconds)

    def submit(self, jobs: int) -> dict[str, float]:
        """Let the scientists in turn upload so many jobs at once; each job's time of upload, in seconds since 1970."""
        messages = [self._message(number % len(self._inboxes)) for number in range(jobs)]
        uploaded = {}
        for place, job, name, content in messages:
            self._drive.file(peer(place), name, content, self._inboxes[place])
            uploaded[job] = time.time()
        return uploaded

    def _message(self, place: int) -> tuple[int, str, str, bytes]:
        self._submitted += 1
        name = f"burst_{self._submitted:06}"
        sent = datetime.now(UTC)
        return place, name, *GENERATION.message(python_job(name, submitted_at=sent), peer(place), DO, sent)

    def archive(self) -> None:
        """The owner's client moves all messages out of the inboxes."""
        for inbox, archive in zip(self._inboxes, self._archives, strict=True):
            for message in self._drive.children(inbox):
                self._drive.move(message, archive)

    def spent(self) -> dict[str, float]:
        """How many HTTP requests came since the last time, and what CPU time, in seconds, all this took here."""
        if self._google.crashes:
            raise self._google.crashes[0]
        count = self._google.requests.count(batched=False)
        self._google.requests.clear()
        cpu, self._cpu = time.process_time() - self._cpu, time.process_time()
        return {"requests": count, "cpu": cpu}

    def mails(self) -> dict[str, Any]:
        """The mails accepted since the last time: how many, and for each job that one told of, when it was accepted."""
        count, told = 0, []
        for person in (DO, *map(peer, range(len(self._inboxes)))):
            received = self._google.mailbox(person).received
            for mail in received[self._read_mails[person] :]:
                count += 1
                told += [(job, mail.at.timestamp()) for job in set(_BURST_JOB.findall(mail.text))]
            self._read_mails[person] = len(received)
        return {"count": count, "told": told}


def main() -> None:
    """Carry out orders until there are no more."""
    with Sandbox() as google:
        world = World(google)
        for line in sys.stdin:
            arguments = json.loads(line)
            answer = getattr(world, arguments.pop("order"))(**arguments)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
