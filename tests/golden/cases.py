"""The mails that are kept as golden files: one for each template, and those that are hard to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from syft_notify.config.settings import check_settings
from syft_notify.config.surroundings import Surroundings
from syft_notify.domain.addresses import account_of
from syft_notify.domain.digest import digest
from syft_notify.domain.ids import EventId, JobId, MessageId, PeerId, Subject, SubmissionId
from syft_notify.domain.jobs import CodeFile, JobLayout, Preview, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event, Facts, JobFacts, PeerFacts, Role
from syft_notify.domain.notifications import Message, Notification, ThreadRef
from syft_notify.domain.routing import Router
from syft_notify.engine.test_message import written
from syft_notify.mail.compose import Composer

# A fixed offset, so that the goldens are the same where no time zones are installed.
ZONE = timezone(timedelta(hours=1), "CET")
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DO, DS = "data.owner@example.org", "first_last@example.org"

JOB = JobFacts(
    do=DO,
    ds=DS,
    job="sales_analysis",
    key=f"{DS}/sales_analysis",
    identity="2026-11-23T11:58:00Z",
    layout=JobLayout.J3,
    submitted_at=AT - timedelta(minutes=2),
    code_type="python",
    entry_point="main.py",
    dependencies=("pandas>=2.2", "numpy"),
    file_count=3,
    size=1834,
)
PEER = PeerFacts(do=DO, ds=DS, version="0.10.0")
MAIN = """\
import pandas as pd

from lib.clean import without_gaps

frame = without_gaps(pd.read_csv("data/sales.csv"))
if frame["amount"].sum() < 0 & frame["amount"].notna().all():
\traise SystemExit('the books are "wrong"')
frame.groupby("region")["amount"].agg(["count", "mean", "median", "std"]).round(2).to_csv("outputs/summary.csv")
"""
CLEAN = "def without_gaps(frame):\n    return frame.dropna()\n"
CODE = Preview(
    files=(CodeFile("main.py", MAIN, len(MAIN)), CodeFile("lib/clean.py", CLEAN, 73_500, cut=True)),
    left_out=("data.bin: binary, 13 KB", "2 hidden or generated files"),
)
STDERR = """\
Traceback (most recent call last):
  File "main.py", line 5, in <module>
    frame = without_gaps(pd.read_csv("data/sales.csv"))
FileNotFoundError: [Errno 2] No such file or directory: 'data/sales.csv'
"""
REASON = "The median of a region with one shop names the shop.\nPlease leave out regions with fewer than 20."

HOSTILE = "\r\n".join(
    (
        "</pre></td><script>alert(1)</script>",
        "Bcc: victim@example.org",
        "\u202egnp.exe\u200b",
        "\"'`$(rm)`",
        "{{ 7 * 7 }}",
    )
)
HOSTILE_CODE = Preview(
    files=(
        CodeFile(
            "</pre><img src=x>\u202e.py", "</pre><script>alert(1)</script>\n-- \nNext\n\x1b[2J\u202e# {{ 7 * 7 }}\n", 60
        ),
        CodeFile("one_line.txt", "x" * 3000, 3000),
    ),
    left_out=("<b>bold</b>.bin: binary, 1 KB",),
)


@dataclass(frozen=True)
class Case:
    """A mail under its golden name."""

    name: str
    kind: Kind
    role: Role
    facts: Facts
    preview: Preview | None = None
    started: bool = False
    now: datetime = AT
    others: tuple[Facts, ...] = ()

    @property
    def notification(self) -> Notification:
        if self.others:
            members = [replace(self, facts=facts, others=()).notification for facts in self.others]
            return digest([member.id for member in members], members)
        event = Event(EventId(_subject(self.facts), self.kind), AT, self.facts)
        made = Router("gmail").route(event)
        every = [*made.notifications, *(notification for notification, _ in made.withheld)]
        return next(notification for notification in every if notification.role is self.role)

    def compose(self) -> Message:
        thread = ThreadRef("a thread", "<0123456789abcdef@syft-notify.invalid>", started=self.started)
        return Composer(ZONE).compose(self.notification, self.preview, thread, self.now)


def _subject(facts: Facts) -> Subject:
    if isinstance(facts, PeerFacts):
        return PeerId(account_of(facts.ds))
    if facts.unidentified:
        return MessageId(facts.identity)
    return SubmissionId(JobId(facts.ds, facts.job), facts.identity, account_of(facts.ds) if facts.verified else "")


def _job(
    name: str, kind: Kind, role: Role, preview: Preview | None = None, *, started: bool = False, **facts: Any
) -> Case:
    return Case(name, kind, role, replace(JOB, **facts), preview, started)


def _unidentified(role: Role, unidentified: Unidentified, reason: str = "") -> Case:
    facts = JobFacts(
        do=DO,
        ds=DS,
        job=f"{unidentified.value} submission",
        key="message:1",
        identity="1",
        unidentified=unidentified,
        size=5120 if unidentified is not Unidentified.TOO_LARGE else 31_000_000,
        reason=reason,
    )
    return Case(f"{unidentified.value.replace(' ', '_')}_{role.value}", Kind.JOB_SUBMITTED, role, facts)


def _every() -> Iterator[Case]:
    do, ds = Role.DO, Role.DS
    yield _job("job_submitted_do", Kind.JOB_SUBMITTED, do, CODE)
    yield _job("job_submitted_ds", Kind.JOB_SUBMITTED, ds)
    yield _job("job_changed_do", Kind.JOB_CHANGED, do, CODE, started=True)
    yield _job("job_approved_ds", Kind.JOB_APPROVED, ds, started=True)
    yield _job("job_executed_ds", Kind.JOB_EXECUTED, ds, started=True, return_code=0)
    yield _job("job_failed_do", Kind.JOB_FAILED, do, started=True, return_code=1, stderr_tail=STDERR)
    yield _job("job_failed_ds", Kind.JOB_FAILED, ds, started=True, return_code=1, stderr_tail=STDERR)
    yield _job("job_rejected_ds", Kind.JOB_REJECTED, ds, started=True, reason=REASON)
    yield Case("peer_requested_do", Kind.PEER_REQUESTED, do, PEER)
    yield Case("peer_requested_ds", Kind.PEER_REQUESTED, ds, PEER)
    yield Case("peer_granted_ds", Kind.PEER_GRANTED, ds, replace(PEER, version=""), started=True)
    yield _unidentified(do, Unidentified.ENCRYPTED)
    yield _unidentified(ds, Unidentified.ENCRYPTED)
    yield _unidentified(do, Unidentified.UNREADABLE, "The archive is cut off.")
    yield _unidentified(do, Unidentified.TOO_LARGE)
    yield _job(
        "doubtful_sender_do",
        Kind.JOB_SUBMITTED,
        do,
        CODE,
        verified=False,
        warning="Drive says that mallory@example.org sent this, but the submission names first_last@example.org.",
    )
    yield _job("late_do", Kind.JOB_SUBMITTED, do, CODE)
    yield _job("oldest_client_do", Kind.JOB_SUBMITTED, do, CODE, layout=JobLayout.J0, key="sales_analysis")
    yield _job("syft_client_do", Kind.JOB_SUBMITTED, do, layout=JobLayout.J2, code_type="bash", entry_point="")
    yield _job("ran_too_long_do", Kind.JOB_FAILED, do, layout=JobLayout.J2, return_code=-1)
    yield Case("syft_client_peer_do", Kind.PEER_REQUESTED, do, replace(PEER, version="0.1.117"))
    hostile: dict[str, Any] = {"job": HOSTILE, "key": f"{DS}/{HOSTILE}", "code_type": HOSTILE, "entry_point": HOSTILE}
    yield _job("hostile_do", Kind.JOB_SUBMITTED, do, HOSTILE_CODE, file_count=1, dependencies=(HOSTILE,), **hostile)
    yield _job("hostile_failed_do", Kind.JOB_FAILED, do, stderr_tail=HOSTILE, warning=HOSTILE, **hostile)
    yield _job("hostile_rejected_ds", Kind.JOB_REJECTED, ds, reason=HOSTILE, **hostile)
    yield _job("endless_name_do", Kind.JOB_SUBMITTED, do, job="n" * 10_000, key="n" * 10_000)


def _bursts() -> Iterator[Case]:
    jobs = tuple(replace(JOB, job=f"sales_{n}", key=f"{DS}/sales_{n}", identity=str(n)) for n in range(11))
    doubtful = replace(jobs[3], verified=False, warning="Drive says that mallory@example.org sent this.", job=HOSTILE)
    failed = tuple(replace(job, return_code=-1 if n == 4 else 1) for n, job in enumerate(jobs))
    rejected = tuple(replace(job, reason=REASON) for job in jobs)
    peers = tuple(replace(PEER, ds=f"ds{n}@example.org") for n in range(11))
    yield Case("digest_submitted_do", Kind.JOB_SUBMITTED, Role.DO, JOB, others=(*jobs[:3], doubtful, *jobs[4:]))
    yield Case("digest_failed_do", Kind.JOB_FAILED, Role.DO, JOB, others=failed)
    yield Case("digest_rejected_ds", Kind.JOB_REJECTED, Role.DS, JOB, others=rejected)
    yield Case("digest_peers_do", Kind.PEER_REQUESTED, Role.DO, PEER, others=peers)


CASES = {
    case.name: replace(case, now=AT + timedelta(hours=9)) if case.name == "late_do" else case
    for case in (*_every(), *_bursts())
}

CONFIG = check_settings(
    {"do_email": DO, "syftbox_root": "/home/olivia/SyftBox"},
    "a test",
    Surroundings(Path("/nowhere"), Path("/home"), {}),
)
# Every mail that is kept, by its name.
MAILS: Mapping[str, Callable[[], Message]] = {
    **{name: case.compose for name, case in CASES.items()},
    "test_do": lambda: written(CONFIG, DO, AT, ZONE),
}
