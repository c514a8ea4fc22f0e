"""What commands read: all at once, of what is there, without making or holding anything."""

from __future__ import annotations

from dataclasses import replace

from syft_notify.config.paths import Files
from syft_notify.domain.ids import JobId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Inventory, Observation
from syft_notify.domain.notifications import Outcome, OutcomeKind
from syft_notify.store.reading import Counts, WaitingJob
from tests.unit.makers import DO, DS, MINUTE, NOW, job_event, quiet, routed, sent
from tests.unit.store.stores import admit, deliver, opened, reader, waiting


def test_without_a_database_there_is_nothing_and_none_is_made(path):
    assert reader(path).history(9) == []
    assert reader(path).outbox() == []
    assert reader(path).waiting() == []
    assert reader(path).counts() == Counts()
    assert not reader(path).copy_to(path.with_name("copy.db"))
    assert list(path.parent.iterdir()) == []


def test_the_history_shows_the_last_ones_the_newest_last(path):
    with opened(path) as store:
        for number in range(3):
            admit(store, job_event(Kind.JOB_APPROVED, str(number)))
        deliver(store)
    assert [delivery.marks for delivery in reader(path).history(2)] == [(("1", "approved"),), (("2", "approved"),)]
    assert reader(path).history(0) == []
    (last,) = reader(path).history(1)
    assert (last.time, last.kind, last.to, last.channel, last.thread_id) == (
        NOW,
        "job_approved",
        DS,
        "gmail",
        "thread-1",
    )


def test_a_reader_that_is_done_holds_no_poll_up(path):
    with opened(path) as store:
        admit(store, job_event())
        shown = reader(path).outbox()
        deliver(store)
    assert [queued.recipient for queued in shown] == [DO, DS]


def test_the_counts_tell_what_waits_from_what_was_given_up(path):
    with opened(path) as store:
        admit(store, *(job_event(Kind.JOB_APPROVED, str(number)) for number in range(4)))
        outcomes = [OutcomeKind.DEAD, OutcomeKind.AMBIGUOUS, OutcomeKind.RETRY]
        for queued, kind in zip(waiting(store), outcomes, strict=False):
            store.attempt(queued.id)
            store.settle(queued.id, Outcome(kind, NOW, fault="no", retry_at=NOW + MINUTE))
    assert reader(path).counts() == Counts(pending=3, undelivered=2, ambiguous=1, dead=1)


def test_what_waits_for_the_owner_is_what_has_no_verdict_and_is_still_there(path):
    gone = replace(job_event(job="gone"), file="f1")
    with opened(path) as store:
        admit(store, job_event(job="open"), job_event(job="decided"), job_event(Kind.JOB_REJECTED, "decided"))
        admit(store, quiet(job_event(job="past")), gone)
        deliver(store)
        there = [job_event(job=job).id.about for job in ("open", "decided", "past")]
        store.admit(Observation(present=Inventory(frozenset(), frozenset(there))), [], NOW)
    assert reader(path).waiting() == [WaitingJob(JobId("", "open"), DS, NOW)]


def test_a_command_reads_beside_a_poll(path):
    with opened(path) as store:
        admit(store, job_event())

        def offers():
            assert len(reader(path).outbox()) == 2
            yield routed(job_event(job="other"))
            assert len(reader(path).outbox()) == 2

        store.admit(Observation(), offers(), NOW)
        assert len(reader(path).outbox()) == 4
        store.settle(waiting(store)[0].id, sent())
        assert Files(path).database.exists()
