"""Who is believed to have sent a job, and what that means for who receives mail. One row, one situation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syft_notify.domain.addresses import account_of
from syft_notify.domain.drive import RemoteFile
from syft_notify.domain.ids import EventId, JobId, MessageId, SubmissionId
from syft_notify.domain.jobs import JobLayout, JobStatus, LocalJob, MessageContents, Preview, Submission, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, JobFacts, Observation
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.domain.routing import Router
from syft_notify.sources.drive_scan import DriveScan, SeenMessage
from syft_notify.sources.folders import Sender
from syft_notify.sources.job_events import JobDetector
from syft_notify.sources.job_history import LOCAL, past_part
from syft_notify.store.store import Store
from tests.unit.makers import DO, MINUTE, NOW
from tests.unit.store.stores import opened

VICTOR, MALLORY, EVE = "victor@example.org", "mallory@example.org", "eve@example.org"
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
MARK = "2026-11-23T11:00:00"
HIDDEN = "Drive does not say who"


@dataclass(frozen=True)
class Past:
    """What was admitted before, and whether the first look is over."""

    events: tuple[Event, ...] = ()
    parts: tuple[str, ...] = ("drive", LOCAL)


Remember = Callable[[Past], Store]


@pytest.fixture
def remember(tmp_path: Path) -> Iterator[Remember]:
    with ExitStack() as stack:

        def made(past: Past) -> Store:
            store = stack.enter_context(opened(tmp_path / "notification_state.json"))
            store.admit(Observation(parts=past.parts), [(event, ()) for event in past.events], NOW)
            return store

        yield made


def submission(claimed_ds: str = VICTOR, name: str = "sales") -> Submission:
    """A job whose path, or whose message, names this DS."""
    return Submission(f"{claimed_ds}/{name}", name, claimed_ds, JobLayout.J3, MARK, NOW - MINUTE)


def on_disk(status: JobStatus = JobStatus.PENDING, **changes: object) -> LocalJob:
    """Victor's job by its path."""
    return replace(LocalJob(submission(), f"{VICTOR}/sales", status), **changes)  # type: ignore[arg-type]


def message(
    owner: str, folder: str, claims: str, unidentified: Unidentified | None = None, at: datetime = NOW - HOUR
) -> SeenMessage:
    """A message in the folder of one DS, of which Drive says that the owner is another, perhaps hidden, one."""
    file = RemoteFile(f"file of {owner}", f"msgv2_{at.timestamp()}_x.tar.gz", owner, False, NOW, NOW)
    found = () if unidentified else ((submission(claims), Preview()),)
    sender = Sender(owner, verified=True) if owner else Sender(folder, verified=False, warning=HIDDEN)
    return SeenMessage(file, folder, MessageContents(claims, found, unidentified), sender)


def look(*messages: SeenMessage, accepted: Iterable[str] | None = (), **changes: object) -> DriveScan:
    """A whole look at Drive."""
    found = DriveScan(messages, unread=False, accepted=None if accepted is None else frozenset(accepted), whole=True)
    return replace(found, **changes)  # type: ignore[arg-type]


def told(sender: str, kind: Kind = Kind.JOB_SUBMITTED, *, file: str = "", ds: str = VICTOR) -> Event:
    """What was told of the job as of this account; '' is an unproven one that names `ds`, by a message if a `file`."""
    about = SubmissionId(JobId(VICTOR, "sales"), MARK, account_of(sender))
    facts = JobFacts(DO, sender or ds, "sales", f"{VICTOR}/sales", MARK, verified=bool(sender))
    return Event(EventId(about, kind), NOW, facts, file=file)


def unreadable(ds: str, *, ago: timedelta = MINUTE - SECOND) -> Event:
    """What was told of a message that nobody could read; a client sends it right after it wrote the job."""
    facts = JobFacts(
        DO, ds, "encrypted submission", "", "", submitted_at=NOW - ago, unidentified=Unidentified.ENCRYPTED
    )
    return Event(EventId(MessageId(f"file of {ds}"), Kind.JOB_SUBMITTED), NOW, facts, file=f"file of {ds}")


def withheld(ds: str, *, ago: timedelta = MINUTE - SECOND) -> UnidentifiedRecord:
    """An archived message that Drive does not hand out."""
    return UnidentifiedRecord(MessageId(f"file of {ds}"), ds, NOW - ago)


def old_approval(ds: str) -> Event:
    """The owner approved another job of this account."""
    about = SubmissionId(JobId("", "older"), "long ago", ds)
    return Event(EventId(about, Kind.JOB_APPROVED), NOW, JobFacts(DO, ds, "older", "older", "long ago"))


NOTHING = Past()
BY_VICTOR, BY_MALLORY, BY_BOTH = (
    Past(tuple(told(sender, file=f"file of {sender}") for sender in senders))
    for senders in ((VICTOR,), (MALLORY,), (VICTOR, MALLORY))
)

# (the situation, what Drive shows, what is remembered, who is told as the sender, whether that is proven)
BELIEVED = [
    ("nobody: a path is only a claim", look(), NOTHING, VICTOR, False),
    ("an accepted peer", look(accepted=[VICTOR]), NOTHING, VICTOR, True),
    ("no other accepted peer", look(accepted=[MALLORY]), NOTHING, VICTOR, False),
    ("the owner of the message", look(message(VICTOR, VICTOR, VICTOR)), NOTHING, VICTOR, True),
    ("the owner of the message, not the path that it forged",
     look(message(MALLORY, MALLORY, VICTOR), accepted=[VICTOR, MALLORY]), NOTHING, MALLORY, True),
    ("the owner of an archived message, not whom the archive names",
     look(message(MALLORY, VICTOR, VICTOR), accepted=[VICTOR]), NOTHING, MALLORY, True),
    ("of several who sent a message with it the one whom the path names",
     look(message(MALLORY, MALLORY, VICTOR), message(VICTOR, VICTOR, VICTOR)), NOTHING, VICTOR, True),
    ("the one whom the path names, whoever was proven before", look(message(VICTOR, VICTOR, VICTOR)), BY_MALLORY,
     VICTOR, True),
    ("the one whom the path names, whoever is proven later", look(message(MALLORY, MALLORY, VICTOR)), BY_VICTOR,
     VICTOR, True),
    ("the one whom the path names, whom an unproven message names too", look(message("", VICTOR, VICTOR)), BY_VICTOR,
     VICTOR, True),
    ("nobody of several whom the path does not name",
     look(message(MALLORY, MALLORY, VICTOR), message(EVE, EVE, VICTOR), accepted=[VICTOR]), NOTHING, VICTOR, False),
    ("nobody where Drive hides the owner of the message",
     look(message("", VICTOR, VICTOR), accepted=[VICTOR]), NOTHING, VICTOR, False),
    ("nobody where Drive hid the owner of the message then",
     look(accepted=[VICTOR]), Past((told("", file="f"),)), VICTOR, False),
    ("nobody where Drive hid the owner then, also while a message cannot be read",
     look(accepted=[VICTOR], unread=True), Past((told("", file="f"),)), VICTOR, False),
    ("who was proven before", look(), BY_VICTOR, VICTOR, True),
    ("who was proven before, not the path that they forged", look(accepted=[VICTOR]), BY_MALLORY, MALLORY, True),
    ("who was proven before, while Drive is silent", look(accepted=None), BY_MALLORY, MALLORY, True),
    ("who was proven before, in a look that was not at everything", look(full=False), BY_MALLORY, MALLORY, True),
    ("the accepted peer who was told, though somebody else sends such a message later",
     look(message(MALLORY, MALLORY, VICTOR)), Past((told(VICTOR),)), VICTOR, True),
    ("nobody of whom it was not told, though somebody else sends such a message later",
     look(message(MALLORY, MALLORY, VICTOR), accepted=[VICTOR]), Past((told(""),)), VICTOR, False),
    ("an accepted peer, told as unproven before", look(accepted=[VICTOR]), Past((told(""),)), VICTOR, True),
    ("an accepted peer for their own message that nobody could read",
     look(accepted=[VICTOR]), Past((unreadable(VICTOR),)), VICTOR, True),
    ("a peer who is not accepted for their own message that nobody could read",
     look(), Past((unreadable(VICTOR),)), VICTOR, True),
    ("a peer for their own message of this look that nobody can read",
     look(message(VICTOR, VICTOR, "", Unidentified.UNREADABLE, NOW - MINUTE)), NOTHING, VICTOR, True),
    ("nobody for their own unreadable message of another time", look(), Past((unreadable(VICTOR, ago=HOUR),)),
     VICTOR, False),
    ("nobody for the unreadable message of another", look(), Past((unreadable(MALLORY),)), VICTOR, False),
    ("an accepted peer, whatever others send that nobody can read",
     look(accepted=[VICTOR, MALLORY]), Past((unreadable(MALLORY),)), VICTOR, True),
    ("nobody while Drive does not hand out a message of another from that time",
     look(accepted=[VICTOR], withheld=(withheld(MALLORY),)), NOTHING, VICTOR, False),
    ("nobody while Drive does not hand out a message of somebody hidden from that time",
     look(accepted=[VICTOR], withheld=(withheld(""),)), NOTHING, VICTOR, False),
    ("an accepted peer whose own message Drive does not hand out",
     look(accepted=[VICTOR], withheld=(withheld(VICTOR),)), NOTHING, VICTOR, True),
    ("an accepted peer beside a message of another time that Drive does not hand out",
     look(accepted=[VICTOR], withheld=(withheld(MALLORY, ago=HOUR),)), NOTHING, VICTOR, True),
    ("an accepted peer beside what anybody else sends", look(message(MALLORY, MALLORY, MALLORY), accepted=[VICTOR]),
     NOTHING, VICTOR, True),
    ("nobody in D0, where an archive is no acceptance", look(accepted=[VICTOR], unanswered=frozenset({VICTOR})),
     NOTHING, VICTOR, False),
    ("in D0 a peer of whom the owner approved a job", look(accepted=[VICTOR], unanswered=frozenset({VICTOR})),
     Past((old_approval(VICTOR),)), VICTOR, True),
    ("in D0 no peer of whom another's job was approved", look(accepted=[VICTOR], unanswered=frozenset({VICTOR})),
     Past((old_approval(MALLORY),)), VICTOR, False),
]  # fmt: skip

# (the situation, what Drive shows, what is remembered)
UNDECIDED = [
    ("Drive does not say whom the owner accepted", look(accepted=None), NOTHING),
    ("the look was no look at everything", look(accepted=[VICTOR], full=False), NOTHING),
    ("an archive could not be listed", look(accepted=[VICTOR], whole=False), NOTHING),
    ("archived messages that may have brought it are still to be read",
     look(accepted=[VICTOR], sought=frozenset({f"{VICTOR}/sales"})), NOTHING),
    ("its own message may still be in the archive, though somebody else's is known",
     look(accepted=[VICTOR], sought=frozenset({f"{VICTOR}/sales"})), BY_MALLORY),
    ("a message of another from that time could not be read now",
     look(accepted=[VICTOR], unread=True, withheld=(withheld(MALLORY),)), NOTHING),
    ("a message could not be read now, and an unreadable one of the same person may be this job's",
     look(accepted=[VICTOR], unread=True), Past((unreadable(VICTOR),))),
]  # fmt: skip

# (the situation, the message, who is told as the sender, whether that is proven, words of the warning)
FROM_MESSAGES = [
    ("the owner of the message", message(VICTOR, VICTOR, VICTOR), VICTOR, True, []),
    ("the owner of the message, not whom its archive names",
     message(MALLORY, VICTOR, MALLORY), MALLORY, True, [MALLORY, VICTOR]),
    ("the owner of the message, not the path that it forged",
     message(MALLORY, MALLORY, VICTOR), MALLORY, True, [MALLORY, VICTOR]),
    ("the owner of the message, not whom path and archive name",
     message(MALLORY, VICTOR, VICTOR), MALLORY, True, [MALLORY, VICTOR]),
    ("nobody where Drive hides the owner", message("", VICTOR, VICTOR), VICTOR, False, [HIDDEN]),
    ("the owner of a message that nobody can read",
     message(VICTOR, VICTOR, "", Unidentified.ENCRYPTED), VICTOR, True, []),
    ("the owner of a message that nobody can read, not whom its archive names",
     message(MALLORY, VICTOR, "", Unidentified.ENCRYPTED), MALLORY, True, []),
    ("nobody where Drive hides the owner of a message that nobody can read",
     message("", VICTOR, "", Unidentified.ENCRYPTED), VICTOR, False, [HIDDEN]),
]  # fmt: skip


def detected(drive: DriveScan, memory: Store, *jobs: LocalJob) -> list[Event]:
    return list(JobDetector(DO, memory, drive, NOW).detect(jobs, {}))


def recipients(events: Iterable[Event]) -> set[str]:
    router = Router("gmail")
    told = [event for event in events if event.decision is Decision.SEND]
    return {notification.recipient for event in told for notification in router.route(event).notifications}


class TestWhoIsBelieved:
    @pytest.mark.parametrize(("who", "drive", "past", "ds", "proven"), BELIEVED, ids=[row[0] for row in BELIEVED])
    def test_believed_is(self, who, drive, past, ds, proven, remember):
        events = detected(drive, remember(past), on_disk(JobStatus.APPROVED))
        verdict = next(event for event in events if event.kind is Kind.JOB_APPROVED)
        assert isinstance(verdict.id.about, SubmissionId)
        assert (verdict.facts.ds, verdict.facts.verified) == (ds, proven)
        assert verdict.id.about.sender == (ds if proven else "")
        assert recipients([verdict]) == ({ds} if proven else set())

    @pytest.mark.parametrize(
        ("who", "sent", "ds", "proven", "warning"), FROM_MESSAGES, ids=[row[0] for row in FROM_MESSAGES]
    )
    @pytest.mark.parametrize("accepted", [(), (VICTOR, MALLORY), None])
    def test_believed_of_a_message_is(self, who, sent, ds, proven, warning, accepted, remember):
        (event,) = detected(look(sent, accepted=accepted), remember(NOTHING))
        assert (event.facts.ds, event.facts.verified) == (ds, proven)
        assert bool(event.facts.warning) == bool(warning)
        assert all(word in event.facts.warning for word in warning)
        assert recipients([event]) == ({DO, ds} if proven else {DO})

    @pytest.mark.parametrize(("why", "drive", "past"), UNDECIDED, ids=[row[0] for row in UNDECIDED])
    def test_a_job_waits_while(self, why, drive, past, remember):
        assert detected(drive, remember(past), on_disk(JobStatus.APPROVED)) == []

    def test_of_an_unproven_job_only_the_owner_hears_whatever_becomes_of_it(self, remember):
        memory = remember(NOTHING)
        for status in (JobStatus.PENDING, JobStatus.APPROVED, JobStatus.REJECTED, JobStatus.DONE, JobStatus.FAILED):
            assert recipients(detected(look(), memory, on_disk(status))) <= {DO}

    def test_nobody_whose_name_was_forged_receives_a_mail(self, remember):
        forged, memory = message(MALLORY, MALLORY, VICTOR), remember(NOTHING)
        for status in (JobStatus.PENDING, JobStatus.APPROVED, JobStatus.REJECTED, JobStatus.DONE, JobStatus.FAILED):
            events = detected(look(forged, accepted=[VICTOR, MALLORY]), memory, on_disk(status))
            assert VICTOR not in recipients(events)

    def test_the_owner_is_told_who_disputes_a_job(self, remember):
        drive = look(message(MALLORY, MALLORY, VICTOR), message(EVE, EVE, VICTOR))
        on_path = detected(drive, remember(NOTHING), on_disk())[-1]
        assert f"{EVE}, {MALLORY}" in on_path.facts.warning


# (what was told as whom, what proves the sender now, whether it is news)
SAME = [
    ("told as unproven from disk, proven by whom it names", told(""), look(message(VICTOR, VICTOR, VICTOR)), False),
    ("told as unproven from disk, then accepted", told(""), look(accepted=[VICTOR]), False),
    ("told as accepted, proven later", told(VICTOR), look(message(VICTOR, VICTOR, VICTOR)), False),
    ("told as unproven by a message, proven by the same", told("", file=f"file of {VICTOR}"),
     look(message(VICTOR, VICTOR, VICTOR)), False),
    ("told as unproven from disk, proven by somebody else", told(""), look(message(MALLORY, MALLORY, VICTOR)), True),
    ("told as unproven by a message, proven by another message", told("", file="f"),
     look(message(VICTOR, VICTOR, VICTOR)), True),
    ("told as somebody else's", told(MALLORY, file="f"), look(message(VICTOR, VICTOR, VICTOR)), True),
]  # fmt: skip


@pytest.mark.parametrize(("why", "before", "drive", "is_news"), SAME, ids=[row[0] for row in SAME])
def test_a_submission_is_told_once_for_each_who_sent_it(why, before, drive, is_news, remember):
    memory = remember(Past((before,)))
    events = detected(drive, memory, on_disk())
    admitted = memory.admit(Observation(), [(event, ()) for event in events], NOW)
    assert [one.decision for one in admitted].count(Decision.SEND) == int(is_news)


# (the situation, what is remembered, the job, the events with their decisions)
FIRST_LOOK = Past(parts=())
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
     Past(parts=(LOCAL, past_part(f"{VICTOR}/sales"))), on_disk(), [(Kind.JOB_SUBMITTED, Decision.SEND)]),
    ("Drive alone was looked at before: what is settled on disk is the past", Past(parts=("drive",)),
     on_disk(JobStatus.REJECTED), [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_REJECTED, Decision.BASELINE)]),
    ("a job that cannot be read tells nothing", FIRST_LOOK, on_disk(JobStatus.REJECTED, readable=False), []),
    ("a job that was told before goes on", Past((told(VICTOR),), ()), on_disk(JobStatus.REJECTED),
     [(Kind.JOB_REJECTED, Decision.SEND)]),
    ("a job that could not be read at the first look is the past, too",
     Past(parts=(LOCAL, past_part(f"{VICTOR}/sales"))), on_disk(JobStatus.REJECTED),
     [(Kind.JOB_SUBMITTED, Decision.BASELINE), (Kind.JOB_REJECTED, Decision.BASELINE)]),
    ("what appears later is news", NOTHING, on_disk(JobStatus.REJECTED),
     [(Kind.JOB_SUBMITTED, Decision.SEND), (Kind.JOB_REJECTED, Decision.SEND)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "past", "job", "expected"), FIRST_START, ids=[row[0] for row in FIRST_START])
def test_at_a_first_start(why, past, job, expected, remember):
    events = detected(look(accepted=[VICTOR]), remember(past), job)
    assert [(event.kind, event.decision) for event in events] == expected


def test_at_a_first_start_a_settled_job_whose_message_lies_in_an_inbox_is_told(remember):
    """It came while nobody looked: the owner's client would have archived it."""
    drive = look(message(VICTOR, VICTOR, VICTOR), accepted=[VICTOR])
    events = detected(drive, remember(FIRST_LOOK), on_disk(JobStatus.REJECTED))
    assert [(event.kind, event.decision) for event in events] == [
        (Kind.JOB_SUBMITTED, Decision.SEND),
        (Kind.JOB_REJECTED, Decision.SEND),
    ]


@pytest.mark.parametrize("accepted", [(), (VICTOR,)])
def test_at_a_first_start_what_waits_is_told_whoever_sent_it(accepted, remember):
    (event,) = detected(look(accepted=accepted), remember(FIRST_LOOK), on_disk())
    assert (event.decision, recipients([event])) == (Decision.SEND, {DO, *accepted})


@pytest.mark.parametrize("drive", [look(accepted=None), look(accepted=[VICTOR], full=False), DriveScan()])
def test_the_past_does_not_wait_for_drive_and_proves_nobody(drive, remember):
    events = detected(drive, remember(FIRST_LOOK), on_disk(JobStatus.REJECTED))
    assert [event.decision for event in events] == [Decision.BASELINE, Decision.BASELINE]
    assert not any(event.facts.verified for event in events)


@pytest.mark.parametrize(
    ("drive", "hears"),
    [(look(accepted=[VICTOR]), {VICTOR}), (look(), set()), (look(message(MALLORY, MALLORY, VICTOR)), set())],
    ids=["accepted", "nobody", "a message that came later"],
)
def test_what_becomes_of_a_job_of_the_past_is_told_to_whom_is_believed_then(drive, hears, remember):
    memory = remember(FIRST_LOOK)
    past = detected(look(accepted=[VICTOR]), memory, on_disk(JobStatus.APPROVED))
    memory.admit(Observation(parts=("drive", LOCAL)), [(event, ()) for event in past], NOW)
    outcome = [e for e in detected(drive, memory, on_disk(JobStatus.DONE)) if e.kind is not Kind.JOB_SUBMITTED]
    assert [event.kind for event in outcome] == [Kind.JOB_EXECUTED]
    assert recipients(outcome) == hears


def test_what_the_past_says_in_the_view_is_what_would_have_been_told(remember):
    events = detected(look(accepted=[VICTOR]), remember(FIRST_LOOK), on_disk(JobStatus.APPROVED))
    router = Router("gmail")
    assert {n.mark[1] for event in events for n in router.route(event).notifications} == {
        "new",
        "submitted",
        "approved",
    }


def test_a_job_named_like_an_event_of_another_silences_nothing(remember):
    """In J0 the jobs of all DSs share one folder."""
    named = f"x:{MARK}:executed:z"
    jobs = [
        LocalJob(replace(submission(), name=name, key=name, layout=JobLayout.J0), name, JobStatus.DONE, run="z")
        for name in (named, "x")
    ]
    memory, told = remember(NOTHING), []
    for job in jobs:
        events = detected(look(accepted=[VICTOR]), memory, job)
        told += [
            (one.event.facts.job, one.event.kind, one.decision)
            for one in memory.admit(Observation(), [(event, ()) for event in events], NOW)
        ]
    kinds = (Kind.JOB_SUBMITTED, Kind.JOB_APPROVED, Kind.JOB_EXECUTED)
    assert told == [(name, kind, Decision.SEND) for name in (named, "x") for kind in kinds]
