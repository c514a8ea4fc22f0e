"""Who is believed to have sent a job, and what that means for who receives mail. One row, one situation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from syft_notify.domain.model import (
    Decision,
    Event,
    JobFacts,
    JobLayout,
    JobStatus,
    Kind,
    LocalJob,
    MessageContents,
    Preview,
    RemoteFile,
    Submission,
    Unidentified,
)
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.domain.routing import Router
from syft_notify.sources.folders import Sender
from syft_notify.sources.job_events import LOCAL, DriveScan, JobDetector, SeenMessage, past_part, step_key
from tests.unit.makers import DO, MINUTE, NOW

VICTOR, MALLORY = "victor@example.org", "mallory@example.org"
SECOND = timedelta(seconds=1)


@dataclass
class Recollection:
    """A memory that holds what a test says. Unless said otherwise the first look is over."""

    events: dict[str, str] = field(default_factory=dict)  # the proven sender by the event's key
    unmatched: tuple[UnidentifiedRecord, ...] = ()
    parts: frozenset[str] = frozenset({"drive", LOCAL})
    revision: int = 0
    doubtful: frozenset[str] = frozenset()  # the keys of what hidden senders sent

    def seen(self, event_key: str) -> bool:
        return event_key in self.events

    def seen_like(self, beginning: str) -> Iterable[str]:
        return (key for key in self.events if key.startswith(beginning))

    def file_seen(self, file_id: str) -> bool:
        return False

    def started(self, part: str) -> bool:
        return part in self.parts

    def sender(self, event_key: str) -> str:
        return self.events.get(event_key, "")

    def unproven(self, event_key: str) -> bool:
        return event_key in self.doubtful

    def unidentified(self) -> Sequence[UnidentifiedRecord]:
        return self.unmatched


def submission(claimed_ds: str = VICTOR, name: str = "sales") -> Submission:
    """A job whose path, or whose message, names this DS."""
    return Submission(f"{claimed_ds}/{name}", name, claimed_ds, JobLayout.J3, "2026-11-23T11:00:00", NOW - MINUTE)


def on_disk(status: JobStatus = JobStatus.PENDING, **changes: object) -> LocalJob:
    """Victor's job by its path."""
    return replace(LocalJob(submission(), f"{VICTOR}/sales", status), **changes)  # type: ignore[arg-type]


def message(owner: str, folder: str, claims: str, unidentified: Unidentified | None = None) -> SeenMessage:
    """A message in the inbox folder of one DS, of which Drive says that the owner is another, perhaps hidden, one."""
    file = RemoteFile(f"file of {owner}", "msgv2_1.0_x.tar.gz", owner, False, NOW, NOW)
    found = () if unidentified else ((submission(claims), Preview()),)
    sender = Sender(owner or folder, verified=bool(owner))
    return SeenMessage(file, folder, MessageContents(claims, found, unidentified), sender)


def look(*messages: SeenMessage, accepted: Iterable[str] | None = (), **changes: object) -> DriveScan:
    """A whole look at Drive."""
    found = DriveScan(messages, unread=False, accepted=None if accepted is None else frozenset(accepted), whole=True)
    return replace(found, **changes)  # type: ignore[arg-type]


def announced(ds: str, *, ago: timedelta = MINUTE - SECOND) -> UnidentifiedRecord:
    """What was told of a message that nobody could read; a client sends it right after it wrote the job."""
    return UnidentifiedRecord(f"message:{ds}:submitted", ds, NOW - ago)


SUBMITTED = step_key(submission(), "submitted")
UNREADABLE_OF_ANOTHER = Recollection(unmatched=(announced(MALLORY),))
UNREADABLE_OF_VICTOR = Recollection(unmatched=(announced(VICTOR),))

# (the situation, what Drive shows, what is remembered, who is told as the sender, whether that is proven)
BELIEVED = [
    ("nobody: a path is only a claim", look(), Recollection(), VICTOR, False),
    ("an accepted peer", look(accepted=[VICTOR]), Recollection(), VICTOR, True),
    ("no other accepted peer", look(accepted=[MALLORY]), Recollection(), VICTOR, False),
    ("the owner of the message", look(message(VICTOR, VICTOR, VICTOR)), Recollection(), VICTOR, True),
    ("the owner of the message, not the path that it forged",
     look(message(MALLORY, MALLORY, VICTOR), accepted=[VICTOR, MALLORY]), Recollection(), MALLORY, True),
    ("the owner of the message, not the owner of the folder in which it lies",
     look(message(MALLORY, VICTOR, VICTOR), accepted=[VICTOR]), Recollection(), MALLORY, True),
    ("nobody where Drive hides the owner of the message",
     look(message("", VICTOR, VICTOR), accepted=[VICTOR]), Recollection(), VICTOR, False),
    ("nobody where Drive hid the owner of the message then",
     look(accepted=[VICTOR]), Recollection(doubtful=frozenset({SUBMITTED})), VICTOR, False),
    ("nobody where Drive hid the owner of the message then, nor when the owner accepts them later",
     look(accepted=[VICTOR], unread=True), Recollection(doubtful=frozenset({SUBMITTED})), VICTOR, False),
    ("nobody while a message that the owner read and we could not may have named the path",
     look(accepted=[VICTOR], unread_of=frozenset({MALLORY})), Recollection(), VICTOR, False),
    ("nobody while a message of somebody hidden, that the owner read and we could not, may have named the path",
     look(accepted=[VICTOR], unread_of=frozenset({""})), Recollection(), VICTOR, False),
    ("an accepted peer whose own message the owner read and we could not",
     look(accepted=[VICTOR], unread_of=frozenset({VICTOR})), Recollection(), VICTOR, True),
    ("an accepted peer beside what anybody else sends", look(message(MALLORY, MALLORY, MALLORY), accepted=[VICTOR]),
     Recollection(), VICTOR, True),
    ("who was proven before, whatever the path says", look(), Recollection({SUBMITTED: VICTOR}), VICTOR, True),
    ("who was proven before, not the path that they forged",
     look(accepted=[VICTOR]), Recollection({SUBMITTED: MALLORY}), MALLORY, True),
    ("who was proven before, while Drive is silent",
     look(accepted=None), Recollection({SUBMITTED: MALLORY}), MALLORY, True),
    ("an accepted peer for their own message that nobody could read",
     look(accepted=[VICTOR]), UNREADABLE_OF_VICTOR, VICTOR, True),
    ("nobody while an unreadable message of somebody else may be this job's",
     look(accepted=[VICTOR]), UNREADABLE_OF_ANOTHER, VICTOR, False),
    ("an accepted peer while that message still waits in its inbox",
     look(accepted=[VICTOR], waiting=frozenset({MALLORY})), UNREADABLE_OF_ANOTHER, VICTOR, True),
]  # fmt: skip

# (the situation, the message, who is told as the sender, whether that is proven, words of the warning)
FROM_MESSAGES = [
    ("the owner of the message", message(VICTOR, VICTOR, VICTOR), VICTOR, True, []),
    ("the owner of the message, not the owner of the folder in which it lies",
     message(MALLORY, VICTOR, MALLORY), MALLORY, True, [MALLORY, VICTOR]),
    ("the owner of the message, not the path that it forged",
     message(MALLORY, MALLORY, VICTOR), MALLORY, True, [MALLORY, VICTOR]),
    ("the owner of the message, not whom path and folder name",
     message(MALLORY, VICTOR, VICTOR), MALLORY, True, [MALLORY, VICTOR]),
    ("nobody where Drive hides the owner", message("", VICTOR, VICTOR), VICTOR, False, ["anybody"]),
    ("the owner of a message that nobody can read",
     message(VICTOR, VICTOR, "", Unidentified.ENCRYPTED), VICTOR, True, []),
    ("the owner of a message that nobody can read, not the owner of its folder",
     message(MALLORY, VICTOR, "", Unidentified.ENCRYPTED), MALLORY, True, []),
    ("nobody where Drive hides the owner of a message that nobody can read",
     message("", VICTOR, "", Unidentified.ENCRYPTED), VICTOR, False, ["anybody"]),
]  # fmt: skip

# (the situation, what Drive shows, what is remembered)
UNDECIDED = [
    ("Drive does not say whom the owner accepted", look(accepted=None), Recollection()),
    ("the look was no look at everything", look(accepted=[VICTOR], full=False), Recollection()),
    ("a message could not be read now, and one that nobody can read may be this job's",
     look(accepted=[VICTOR], unread=True), UNREADABLE_OF_ANOTHER),
    ("a message could not be read now, and an unreadable one of the same person may be this job's",
     look(accepted=[VICTOR], unread=True), UNREADABLE_OF_VICTOR),
]  # fmt: skip


def detected(drive: DriveScan, memory: Recollection, *jobs: LocalJob) -> list[Event]:
    return list(JobDetector(DO, memory, drive, NOW).detect(jobs, {}))


def recipients(events: Iterable[Event]) -> set[str]:
    router = Router("gmail")
    return {notification.recipient for event in events for notification in router.route(event).notifications}


class TestWhoIsBelieved:
    @pytest.mark.parametrize(("who", "drive", "memory", "ds", "proven"), BELIEVED, ids=[row[0] for row in BELIEVED])
    def test_believed_is(self, who, drive, memory, ds, proven):
        events = detected(drive, memory, on_disk(JobStatus.APPROVED))
        verdict = next(event for event in events if event.kind is Kind.JOB_APPROVED)
        assert isinstance(verdict.facts, JobFacts)
        assert (verdict.facts.ds, verdict.facts.verified) == (ds, proven)
        assert recipients([verdict]) == ({ds} if proven else set())

    @pytest.mark.parametrize(
        ("who", "sent", "ds", "proven", "warning"), FROM_MESSAGES, ids=[row[0] for row in FROM_MESSAGES]
    )
    @pytest.mark.parametrize("accepted", [(), (VICTOR, MALLORY), None])
    def test_believed_of_a_message_is(self, who, sent, ds, proven, warning, accepted):
        (event,) = detected(look(sent, accepted=accepted), Recollection())
        assert (event.facts.ds, event.facts.verified) == (ds, proven)
        assert bool(event.facts.warning) == bool(warning)
        assert all(word in event.facts.warning for word in warning)
        assert recipients([event]) == ({DO, ds} if proven else {DO})

    @pytest.mark.parametrize(("why", "drive", "memory"), UNDECIDED, ids=[row[0] for row in UNDECIDED])
    def test_a_job_waits_while(self, why, drive, memory):
        assert detected(drive, memory, on_disk(JobStatus.APPROVED)) == []

    def test_of_an_unproven_job_only_the_owner_hears_whatever_becomes_of_it(self):
        for status in (JobStatus.PENDING, JobStatus.APPROVED, JobStatus.REJECTED, JobStatus.DONE, JobStatus.FAILED):
            assert recipients(detected(look(), Recollection(), on_disk(status))) <= {DO}

    def test_nobody_whose_name_was_forged_receives_a_mail(self):
        forged = message(MALLORY, MALLORY, VICTOR)
        for status in (JobStatus.PENDING, JobStatus.APPROVED, JobStatus.REJECTED, JobStatus.DONE, JobStatus.FAILED):
            events = detected(look(forged, accepted=[VICTOR, MALLORY]), Recollection(), on_disk(status))
            assert VICTOR not in recipients(events)


# (the situation, what is remembered, the job, the events with their decisions)
FIRST_LOOK = Recollection(parts=frozenset())
FIRST_START = [
    ("a job that waits is told", FIRST_LOOK, on_disk(), [(Kind.JOB_SUBMITTED, Decision.SEND)]),
    ("a job that is settled is the past", FIRST_LOOK, on_disk(JobStatus.REJECTED),
     [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_REJECTED, Decision.BASELINE)]),
    ("a job that was received and not read yet is told", FIRST_LOOK, on_disk(JobStatus.RECEIVED),
     [(Kind.JOB_SUBMITTED, Decision.SEND)]),
    ("a job that runs is the past", FIRST_LOOK, on_disk(JobStatus.RUNNING),
     [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_APPROVED, Decision.BASELINE)]),
    ("a job that failed is the past", FIRST_LOOK, on_disk(JobStatus.FAILED),
     [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_APPROVED, Decision.BASELINE),
      (Kind.JOB_FAILED, Decision.BASELINE)]),
    ("a job that could not be read at the first look and waits is told",
     Recollection(parts=frozenset({LOCAL, past_part(f"{VICTOR}/sales")})), on_disk(),
     [(Kind.JOB_SUBMITTED, Decision.SEND)]),
    ("Drive alone was looked at before: what is settled on disk is the past", Recollection(parts=frozenset({"drive"})),
     on_disk(JobStatus.REJECTED), [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_REJECTED, Decision.BASELINE)]),
    ("a job that cannot be read tells nothing", FIRST_LOOK, on_disk(JobStatus.REJECTED, readable=False), []),
    ("a job that was told before goes on", Recollection({SUBMITTED: VICTOR}, parts=frozenset()),
     on_disk(JobStatus.REJECTED), [(Kind.JOB_REJECTED, Decision.SEND)]),
    ("a job that could not be read at the first look is the past, too",
     Recollection(parts=frozenset({LOCAL, past_part(f"{VICTOR}/sales")})), on_disk(JobStatus.REJECTED),
     [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_REJECTED, Decision.BASELINE)]),
    ("what appears later is news", Recollection(), on_disk(JobStatus.REJECTED),
     [(Kind.JOB_SUBMITTED, Decision.SEND), (Kind.JOB_REJECTED, Decision.SEND)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "memory", "job", "expected"), FIRST_START, ids=[row[0] for row in FIRST_START])
def test_at_a_first_start(why, memory, job, expected):
    events = detected(look(accepted=[VICTOR]), memory, job)
    assert [(event.kind, event.decision) for event in events] == expected


def test_at_a_first_start_a_settled_job_whose_message_lies_in_an_inbox_is_told():
    """It came while nobody looked: the owner's client would have archived it."""
    events = detected(look(message(VICTOR, VICTOR, VICTOR), accepted=[VICTOR]), FIRST_LOOK, on_disk(JobStatus.REJECTED))
    assert [(event.kind, event.decision) for event in events] == [
        (Kind.JOB_SUBMITTED, Decision.SEND),
        (Kind.JOB_REJECTED, Decision.SEND),
    ]


@pytest.mark.parametrize("accepted", [(), (VICTOR,)])
def test_at_a_first_start_what_waits_is_told_whoever_sent_it(accepted):
    (event,) = detected(look(accepted=accepted), FIRST_LOOK, on_disk())
    assert (event.decision, recipients([event])) == (Decision.SEND, {DO, *accepted})


@pytest.mark.parametrize("drive", [look(accepted=None), look(accepted=[VICTOR], full=False), DriveScan()])
def test_the_past_does_not_wait_for_drive_and_proves_nobody(drive):
    events = detected(drive, FIRST_LOOK, on_disk(JobStatus.REJECTED))
    assert [event.decision for event in events] == [Decision.BASELINE, Decision.BASELINE]
    assert not any(event.facts.verified for event in events)
