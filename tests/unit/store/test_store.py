"""The store: what is admitted once, whose it is, how it goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.config.paths import Files
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.domain.ids import EventId, JobId, MessageId, PeerId, SubmissionId
from syft_notify.domain.jobs import CodeFile, Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Observation, Role
from syft_notify.domain.notifications import Outcome, OutcomeKind, Pause, PendingState
from syft_notify.store.store import Store
from tests.unit.makers import (
    DO,
    DS,
    MARK,
    MINUTE,
    NOW,
    job_event,
    job_facts,
    message_event,
    peer_event,
    quiet,
    routed,
    sent,
    submission,
)
from tests.unit.store.stores import admit, deliver, document, fold, opened, reader, waiting

MALLORY = "mallory@example.org"
CODE = Preview((CodeFile("main.py", "secret of the DS", 16),), ("1 file",))


class TestAdmission:
    def test_an_event_makes_its_notifications_once(self, path):
        with opened(path) as store:
            assert admit(store, job_event()) == [Decision.SEND]
            assert [queued.mark for queued in store.pending()] == [("sales", "new"), ("sales", "submitted")]
            assert admit(store, job_event()) == [Decision.ALREADY_SEEN]
            assert len(waiting(store)) == 2

    def test_what_was_admitted_survives_a_restart_whole(self, path):
        facts = job_facts("Größe & <b>", submitted_at=NOW, dependencies=("numpy",), size=5)
        event = replace(job_event(), facts=facts, preview=CODE)
        with opened(path) as store:
            (admission,) = store.admit(Observation(files=("f1",), parts=("drive",)), [routed(event)], NOW)
        with opened(path) as store:
            assert tuple(store.load(queued.id).notification for queued in store.pending()) == admission.notifications
            assert store.preview(admission.notifications[0]) == CODE
            assert store.seen(event.id)
            assert (store.file_seen("f1"), store.file_seen("f2")) == (True, False)
            assert (store.started("drive"), store.started("local")) == (True, False)

    def test_an_event_of_the_past_is_remembered_and_told_to_nobody(self, path):
        past = []
        with opened(path) as store:
            assert store.admit(Observation(), [routed(quiet(job_event()))], NOW, past.append) == []
            assert [event.id for event in past] == [job_event().id]
            assert store.seen(job_event().id)
            assert waiting(store) == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}

    def test_a_look_that_fails_half_way_was_not_seen(self, path):
        def offers():
            yield routed(job_event())
            raise OSError("the source broke")

        with opened(path) as store:
            with pytest.raises(OSError, match="broke"):
                store.admit(Observation(files=("f1",)), offers(), NOW)
            assert not store.seen(job_event().id)
            assert waiting(store) == []
            assert not store.file_seen("f1")

    def test_the_runs_of_a_job_are_those_that_were_admitted(self, path):
        with opened(path) as store:
            admit(
                store,
                *(job_event(Kind.JOB_EXECUTED, run=run) for run in ("1", "2")),
                job_event(Kind.JOB_FAILED, run="3"),
            )
            assert list(store.runs(submission(), Kind.JOB_EXECUTED)) == ["1", "2"]
            assert list(store.runs(submission("other"), Kind.JOB_EXECUTED)) == []

    def test_a_message_waits_for_its_job_until_that_completes_it(self, path):
        with opened(path) as store:
            admit(
                store,
                message_event("f1"),
                message_event("f2", facts=replace(message_event("f2").facts, verified=False)),
            )
            found = [(record.message, record.sender, record.sent_at) for record in store.unidentified()]
            assert found == [(MessageId("f1"), DS, NOW), (MessageId("f2"), "", NOW)]
            named = replace(job_event(), decision=Decision.COMPLETED, completes=MessageId("f1"))
            assert admit(store, named) == [Decision.COMPLETED]
            assert [record.message for record in store.unidentified()] == [MessageId("f2")]
            assert store.seen(named.id)

    def test_a_dry_run_writes_nothing(self, path):
        with opened(path, dry_run=True) as store:
            admit(store, replace(job_event(), preview=CODE))
            assert len(waiting(store)) == 2
            store.copy(NOW)
        assert list(path.parent.iterdir()) == []

    def test_a_dry_run_knows_what_was_seen_and_changes_nothing_of_it(self, path):
        with opened(path) as store:
            admit(store, job_event())
        before = {file: file.read_bytes() for file in path.parent.iterdir()}
        with opened(path, dry_run=True) as store:
            assert admit(store, job_event(), job_event(job="other")) == [Decision.ALREADY_SEEN, Decision.SEND]
            deliver(store)
        assert {file: file.read_bytes() for file in path.parent.iterdir()} == before

    def test_a_dry_run_finds_nothing_a_second_time(self, path):
        with opened(path, dry_run=True) as store:
            admit(store, job_event())
            store.release()
            store.refresh(NOW)
            assert admit(store, job_event()) == [Decision.ALREADY_SEEN]


class TestIdentities:
    def test_a_name_made_to_look_like_an_event_of_another_job_silences_nothing(self, path):
        crafted = job_event(job=f"x:{MARK}:executed:z")
        with opened(path) as store:
            admit(store, crafted)
            assert not store.seen(EventId(submission("x"), Kind.JOB_EXECUTED, "z"))
            assert admit(store, job_event(Kind.JOB_EXECUTED, "x", run="z")) == [Decision.SEND]

    @pytest.mark.parametrize(
        "other",
        [job_event(sender=MALLORY), job_event(mark="later"), job_event(job="Sales"), job_event(Kind.JOB_APPROVED)],
        ids=["sender", "mark", "name", "kind"],
    )
    def test_another_identity_is_another_event(self, path, other):
        with opened(path) as store:
            admit(store, other)
            assert not store.seen(job_event().id)
            assert admit(store, job_event()) == [Decision.SEND]

    def test_an_unproven_submission_proven_by_the_one_it_names_is_no_news(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""))
            assert store.seen(job_event().id)
            assert admit(store, job_event(file="f2")) == [Decision.ALREADY_SEEN]
            assert store.seen(job_event().id)
            assert list(store.candidates(JobId("", "sales"), MARK)) == [DS]

    def test_an_unproven_message_silences_nobody_whom_it_names(self, path):
        with opened(path) as store:
            admit(store, job_event(sender="", file="f1"))
            assert not store.seen(job_event().id)
            assert admit(store, job_event(file="f2")) == [Decision.SEND]
            assert list(store.candidates(JobId("", "sales"), MARK)) == [DS, ""]

    def test_who_was_told_of_as_the_sender_stays_a_candidate_until_that_is_forgotten(self, path):
        with opened(path) as store:
            admit(store, job_event(), job_event(sender=MALLORY, file="f1"))
            assert list(store.candidates(JobId("", "sales"), MARK)) == [MALLORY, DS]
            store.forget_jobs()
            assert list(store.candidates(JobId("", "sales"), MARK)) == [MALLORY]

    def test_the_code_with_which_a_job_was_told_and_each_change_are_known(self, path):
        changed = replace(job_event(Kind.JOB_CHANGED, run="b", file="f2"), content="b")
        with opened(path) as store:
            assert (store.submissions(JobId("", "sales")), store.contents(submission())) == ([], [])
            admit(store, replace(job_event(file="f1"), content="a"), changed)
            assert sorted(store.contents(submission())) == ["a", "b"]
            assert store.contents(submission(sender=MALLORY)) == []
            assert admit(store, job_event(mark="later", sender="")) == [Decision.SEND]
            assert store.submissions(JobId("", "sales")) == [submission(), submission(mark="later", sender="")]

    def test_the_code_of_a_job_that_was_told_from_disk_is_that_of_its_first_message(self, path):
        with opened(path) as store:
            admit(store, job_event())
            for content in ("a", "b"):
                assert admit(store, replace(job_event(file="f1"), content=content)) == [Decision.ALREADY_SEEN]
            assert store.contents(submission()) == ["a"]

    def test_who_changes_a_job_is_not_proven_to_have_sent_it(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""), job_event(Kind.JOB_CHANGED, run="b", file="f2"))
            assert list(store.candidates(JobId("", "sales"), MARK)) == []

    def test_whose_job_the_owner_approved_is_known(self, path):
        with opened(path) as store:
            admit(store, job_event(), job_event(Kind.JOB_APPROVED, sender=MALLORY))
            assert [store.approved(account) for account in (DS, MALLORY)] == [False, True]

    def test_one_proven_later_by_its_own_file_is_no_news_whomever_it_named(self, path):
        with opened(path) as store:
            admit(store, job_event(sender="", file="f1"))
            assert admit(store, job_event(sender=MALLORY, file="f1")) == [Decision.ALREADY_SEEN]
            assert list(store.candidates(JobId("", "sales"), MARK)) == [MALLORY]
            assert admit(store, job_event(file="f2")) == [Decision.SEND]

    def test_one_that_somebody_else_proves_is_another_event(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""))
            assert not store.seen(job_event(sender=MALLORY).id)
            assert admit(store, job_event(sender=MALLORY, file="f2")) == [Decision.SEND]
            assert admit(store, job_event(file="f3")) == [Decision.ALREADY_SEEN]

    def test_the_spellings_of_a_gmail_account_are_one_sender(self, path):
        unproven = job_event(sender="")
        with opened(path) as store:
            admit(store, replace(unproven, facts=replace(unproven.facts, ds="First.Last+x@googlemail.com")))
            assert store.seen(job_event(sender="firstlast@gmail.com").id)

    def test_a_conversation_goes_on_when_its_sender_is_proven(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""))
            (queued,) = waiting(store)
            first = store.conversation(store.attempt(queued.id).notification)
            store.settle(queued.id, sent("thread-9"))
            admit(store, job_event(file="f1"), job_event(Kind.JOB_FAILED))
            later = next(queued for queued in store.pending() if queued.role is Role.DO)
            reference = store.conversation(store.load(later.id).notification)
            assert (reference.root_id, reference.remote_id) == (first.root_id, "thread-9")
            assert reference.started

    def test_of_one_job_the_events_after_a_proof_are_those_of_the_same_submission(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""), job_event(Kind.JOB_EXECUTED, sender="", run="1"))
            admit(store, job_event(file="f1"))
            assert list(store.runs(submission(), Kind.JOB_EXECUTED)) == ["1"]

    def test_an_event_without_a_message_proves_nothing(self, path):
        with opened(path) as store:
            admit(store, job_event(sender=""), job_event(Kind.JOB_APPROVED))
            assert store.seen(job_event(sender="").id)
            assert store.seen(job_event().id)
            assert list(store.candidates(JobId("", "sales"), MARK)) == []

    def test_an_unproven_peer_is_not_the_one_whose_name_it_bears(self, path):
        unproven = replace(peer_event(), id=EventId(PeerId(DS, proven=False), Kind.PEER_REQUESTED))
        with opened(path) as store:
            admit(store, unproven)
            assert not store.seen(peer_event().id)

    def test_proofs_survive_every_reset(self, path):
        with opened(path) as store:
            admit(store, job_event(file="f1"))
            store.forget_jobs()
            store.forget_job("sales")
            assert list(store.candidates(JobId("", "sales"), MARK)) == [DS]

    @given(
        st.lists(
            st.tuples(*[st.sampled_from(["", "a", "A", "\\", "\\ud800", "\ud800", "a\x00", "é"])] * 4),
            unique=True,
            min_size=2,
            max_size=8,
        )
    )
    def test_no_text_of_a_stranger_is_taken_for_another(self, tmp_path_factory, names):
        ids = [
            EventId(SubmissionId(JobId(folder, name), mark), Kind.JOB_EXECUTED, run)
            for folder, name, mark, run in names
        ]
        with opened(tmp_path_factory.mktemp("store") / "state.json") as store:
            admit(store, replace(job_event(), id=ids[0], facts=job_facts(key="\udc80\\")))
            assert [store.seen(id) for id in ids] == [True] + [False] * (len(ids) - 1)
            assert {store.load(queued.id).notification.event for queued in store.pending()} == {ids[0]}
            assert {queued.mark[0] for queued in store.pending()} == {"\udc80\\"}


class TestDelivery:
    def test_a_sent_notification_leaves_the_outbox_and_is_noted_as_the_original_did(self, path):
        with opened(path) as store:
            admit(store, job_event())
        assert document(path)["notified_jobs"] == {}
        with opened(path) as store:
            assert deliver(store) == ["new", "submitted"]
            assert waiting(store) == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}
        first, second = reader(path).history(9)
        assert (first.to, first.marks, first.message_id, first.ambiguous) == (
            DO,
            (("sales", "new"),),
            "message-1",
            False,
        )
        assert second.to == DS

    def test_a_failed_attempt_keeps_the_notification_with_its_fault(self, path):
        retry = Outcome(OutcomeKind.RETRY, NOW, fault="Gmail is down.", retry_at=NOW + MINUTE)
        with opened(path) as store:
            admit(store, job_event(Kind.JOB_APPROVED))
            (queued,) = waiting(store)
            assert store.attempt(queued.id).attempts == 1
            store.settle(queued.id, retry)
        with opened(path) as store:
            (kept,) = waiting(store)
        assert (kept.state, kept.attempts, kept.last_fault) == (PendingState.DEFERRED, 1, "Gmail is down.")
        assert kept.pause == Pause(NOW, NOW + MINUTE)

    def test_waiting_for_a_credential_is_no_attempt(self, path):
        with opened(path) as store:
            admit(store, job_event(Kind.JOB_APPROVED))
            (queued,) = waiting(store)
            store.attempt(queued.id)
            store.settle(queued.id, Outcome(OutcomeKind.RETRY, NOW, fault="dead token", credential=True))
            assert waiting(store)[0].attempts == 0

    def test_a_rate_limit_closes_the_channel_until_something_is_accepted_there(self, path):
        with opened(path) as store:
            admit(store, job_event())
            first, second = waiting(store)
            limited = Outcome(OutcomeKind.RETRY, NOW, retry_at=NOW + MINUTE, rate_limited=True)
            store.attempt(first.id)
            store.settle(first.id, limited)
            assert store.closed_channels() == {"gmail": Pause(NOW, NOW + MINUTE)}
            store.attempt(second.id)
            store.settle(second.id, sent())
            assert store.closed_channels() == {}

    def test_what_may_have_arrived_stays_ambiguous_until_it_is_sent(self, path):
        with opened(path) as store:
            admit(store, job_event(Kind.JOB_APPROVED))
            (queued,) = waiting(store)
            store.attempt(queued.id)
        with opened(path) as store:
            assert waiting(store)[0].state is PendingState.AMBIGUOUS
            store.attempt(queued.id)
            store.settle(queued.id, Outcome(OutcomeKind.RETRY, NOW))
            assert waiting(store)[0].state is PendingState.AMBIGUOUS
            store.retry([queued.id], NOW)
            assert (waiting(store)[0].state, waiting(store)[0].attempts) == (PendingState.AMBIGUOUS, 0)
            deliver(store)
        assert [delivery.ambiguous for delivery in reader(path).history(9)] == [True]

    def test_the_code_is_gone_with_the_last_notification_of_the_event(self, path):
        with opened(path) as store:
            admit(store, replace(job_event(), preview=CODE), replace(job_event(job="other"), preview=CODE))
            first, second, *_ = (store.load(queued.id).notification for queued in store.pending())
            store.attempt(first.id)
            store.settle(first.id, sent())
            assert store.preview(second) == CODE
            store.drop([second.id])
            assert store.database.value("SELECT count(*) FROM code") == 1

    def test_a_damaged_notification_is_given_up_and_harms_no_other(self, path):
        with opened(path) as store:
            admit(store, job_event())
            first, _ = waiting(store)
            store.database.run("UPDATE outbox SET payload = ? WHERE id = ?", b"{half", first.id)
            with pytest.raises(UserError, match=f"The notification {first.id} in the outbox is damaged"):
                store.attempt(first.id)
            given_up, other = waiting(store)
            assert (given_up.state, "is damaged" in given_up.last_fault) == (PendingState.DEAD, True)
            store.attempt(other.id)
            store.settle(other.id, sent())
            assert [queued.id for queued in store.pending()] == [first.id]

    def test_the_deliveries_of_a_day_say_who_caused_them(self, path):
        with opened(path) as store:
            admit(store, job_event())
            deliver(store)
            found = [(delivery.role, delivery.cause, delivery.at) for delivery in store.delivered(NOW + MINUTE)]
            assert found == [(Role.DO, DS, NOW), (Role.DS, DS, NOW)]
            assert list(store.delivered(NOW + timedelta(days=1))) == []

    def test_what_a_rejected_peer_caused_is_held_back_until_they_are_rejected_no_more(self, path):
        with opened(path) as store:
            admit(store, peer_event(), peer_event(ds=MALLORY), job_event(Kind.JOB_FAILED))
            assert store.withdraw([DS]) == 3
            before = store.database.changes
            assert store.withdraw([DS]) == 0
            assert store.database.changes == before  # an idle poll writes nothing
            waits = [(queued.recipient, queued.kind) for queued in store.pending() if queued.state.is_open]
            assert waits == [(DO, Kind.PEER_REQUESTED), (MALLORY, Kind.PEER_REQUESTED), (DO, Kind.JOB_FAILED)]
            assert store.withdraw([]) == 0
            assert {queued.state for queued in store.pending()} == {PendingState.PENDING}

    def test_the_order_is_that_of_admission_in_portions_too(self, path, monkeypatch):
        monkeypatch.setattr("syft_notify.store.queue._PORTION", 3)
        with opened(path) as store:
            for number in range(7):
                admit(store, job_event(Kind.JOB_APPROVED, str(number)))
            assert [queued.mark[0] for queued in store.pending()] == [str(number) for number in range(7)]
            assert deliver(store) == ["approved"] * 7


class TestDigest:
    def test_it_stands_for_its_members_in_their_conversations_and_takes_the_place_of_the_first(self, path):
        with opened(path) as store:
            admit(store, *(job_event(Kind.JOB_FAILED, str(number)) for number in range(3)))
            store.drop([queued.id for queued in store.pending() if queued.role is Role.DS])
            members = waiting(store)
            name = fold(store, 2)
            digest, last = waiting(store)
            assert (digest.id, digest.members, last) == (name, 2, members[2])
            assert digest.conversations == members[0].conversations | members[1].conversations
            loaded = store.attempt(name).notification
            assert [part.mark for part in loaded.members] == [("0", "failed"), ("1", "failed")]
            store.settle(name, sent())
            assert waiting(store) == [last]
        assert document(path)["notified_jobs"] == {"0": ["failed"], "1": ["failed"]}
        assert reader(path).history(1)[0].marks == (("0", "failed"), ("1", "failed"))

    def test_it_is_gone_with_the_last_member_that_is_forgotten(self, path):
        with opened(path) as store:
            admit(store, *(job_event(Kind.JOB_APPROVED, str(number)) for number in range(2)))
            fold(store, 2)
            store.forget_job("0")
            assert waiting(store)[0].members == 1
            store.forget_job("1")
            assert waiting(store) == []

    def test_dropping_it_drops_what_it_stands_for(self, path):
        with opened(path) as store:
            admit(store, *(replace(job_event(job=str(number)), preview=CODE) for number in range(2)))
            store.drop([fold(store, 4)])
            assert store.database.row("SELECT count(*), (SELECT count(*) FROM code) FROM outbox") == (0, 0)


class TestPeople:
    def test_a_grant_of_the_past_is_told_when_a_person_asks_and_one_that_was_told_is_not(self, path):
        grant = peer_event(Kind.PEER_GRANTED)
        with opened(path) as store:
            admit(store, quiet(grant))
            before = store.revision
            store.reopen(grant.id)
            assert store.revision > before
            assert admit(store, grant) == [Decision.SEND]
            store.reopen(grant.id)
            assert admit(store, grant) == [Decision.ALREADY_SEEN]
            deliver(store)
            store.reopen(grant.id)
            assert admit(store, grant) == [Decision.ALREADY_SEEN]

    def test_who_is_muted_is_so_by_account(self, path):
        with opened(path) as store:
            store.mute("First.Last@gmail.com", NOW)
        with opened(path) as store:
            assert list(store.muted()) == ["First.Last@gmail.com"]
            assert store.unmute("firstlast@googlemail.com")
            assert not store.unmute("firstlast@gmail.com")
            assert list(store.muted()) == []

    def test_a_consent_is_in_use_since_it_was_first_seen(self, path):
        with opened(path) as store:
            assert store.consent_since("drive", "one", NOW) == NOW
            assert store.consent_since("drive", "one", NOW + MINUTE) == NOW
            assert store.consent_since("drive", "two", NOW + MINUTE) == NOW + MINUTE
            assert store.consent_since("drive", "two", NOW) == NOW + MINUTE


def test_a_store_of_another_owner_is_refused_and_left_alone(path: Path) -> None:
    with opened(path) as store:
        admit(store, job_event())
    before = Files(path).database.read_bytes()
    with pytest.raises(ConfigError, match=rf"{path.name} is the state of {DO}\. Set another state_path for x@example"):
        Store(Files(path), "x@example.org").refresh(NOW)
    assert Files(path).database.read_bytes() == before


def test_only_the_owner_can_read_the_files(path: Path) -> None:
    with opened(path) as store:
        admit(store, replace(job_event(), preview=CODE))
        store.copy(NOW)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert set(modes) == {path.name, *(f"{path.stem}.db{end}" for end in ("", "-journal", ".bak"))}
