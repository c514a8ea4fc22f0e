"""The ledger: what it keeps, what it forgets when a person asks, what it shares with the original system."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.digest import digests
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.domain.model import (
    CodeFile,
    Decision,
    Event,
    Kind,
    Observation,
    Outcome,
    OutcomeKind,
    Pause,
    PendingState,
    Preview,
    Unidentified,
)
from syft_notify.store.ledger import Admission, Ledger
from tests.unit.makers import DO, DS, MINUTE, NOW, job_event, job_facts, looked, peer_event, quiet, routed, sent

ORIGINAL = {
    "notified_jobs": {
        "old_job": ["new", "approved", "executed"],
        "peer_new_first@example.org_to_do": ["new_peer_request"],
        "peer_new_first@example.org_to_ds": ["peer_request_sent"],
    },
    "peer_snapshot": ["first@example.org"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notification_state.json"


def open_ledger(path: Path, **options: Any) -> Ledger:
    """As a process that begins a poll."""
    ledger = Ledger(Files(path), DO, **options)
    ledger.refresh(NOW)
    return ledger


def admit(ledger: Ledger, observation: Observation, offers: list[Any], now: datetime) -> list[Admission]:
    """As a poll keeps what it found."""
    admissions = ledger.admit(observation, offers, now)
    ledger.save()
    return admissions


def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def edit(path: Path, change: Any) -> None:
    content = document(path)
    change(content)
    path.write_text(json.dumps(content))


def deliver_all(ledger: Ledger) -> list[str]:
    """Send everything that is pending; returns the types that went out."""
    types = []
    for pending in ledger.pending():
        ledger.attempt(pending.notification.id)
        ledger.settle(pending.notification.id, sent())
        types.append(pending.notification.mark[1])
    ledger.save()
    return types


class TestAdmission:
    def test_an_event_makes_its_notifications_once(self, path: Path) -> None:
        ledger = open_ledger(path)
        first = admit(ledger, looked(), [routed(job_event())], NOW)
        again = admit(ledger, looked(), [routed(job_event())], NOW + MINUTE)
        assert [n.mark for n in first[0].notifications] == [("sales", "new"), ("sales", "submitted")]
        assert again[0].decision is Decision.ALREADY_SEEN
        assert len(ledger.pending()) == 2

    def test_what_was_admitted_survives_a_restart_whole(self, path: Path) -> None:
        facts = job_facts(
            "Größe & <b>", unidentified=Unidentified.ENCRYPTED, submitted_at=NOW, dependencies=("numpy",), size=5
        )
        event = replace(job_event(), facts=facts, preview=Preview((CodeFile("main.py", "x = 1\n", 6),), ("1 file",)))
        ledger = open_ledger(path)
        admit(ledger, looked("drive", files=("f1",)), [routed(event)], NOW)
        again = open_ledger(path)
        assert again.pending() == ledger.pending()
        assert again.preview(event.key) == event.preview
        assert again.seen(event.key)
        assert again.file_seen("f1")
        assert again.started("drive")
        assert not again.started("local")
        assert [(r.event_key, r.ds, r.sent_at) for r in again.unidentified()] == [(event.key, DS, NOW)]

    def test_an_event_of_the_past_is_remembered_and_told_to_nobody(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked("local"), [routed(quiet(job_event()))], NOW)
        assert ledger.seen(job_event().key)
        assert ledger.pending() == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}

    def test_a_completed_submission_waits_for_its_name_no_longer(self, path: Path) -> None:
        unmatched = replace(
            job_event(key="message:f1:submitted"), facts=job_facts("x", unidentified=Unidentified.ENCRYPTED)
        )
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(unmatched)], NOW)
        named = replace(job_event(), decision=Decision.COMPLETED, completes=unmatched.key)
        admission = admit(ledger, looked(), [routed(named)], NOW)[0]
        assert admission.notifications == ()
        assert ledger.unidentified() == []
        assert ledger.seen(named.key)

    def test_the_drive_owner_of_a_submission_is_remembered_even_if_the_disk_told_of_it_first(self, path: Path) -> None:
        ledger = open_ledger(path)
        unverified = replace(job_event(), facts=job_facts(verified=False, ds="claimed@example.org"))
        admit(ledger, looked(), [routed(unverified)], NOW)
        assert ledger.sender(unverified.key) == ""
        admit(ledger, looked(), [routed(job_event())], NOW)
        assert ledger.sender(unverified.key) == DS

    def test_a_dry_run_writes_nothing(self, path: Path) -> None:
        ledger = open_ledger(path, dry_run=True)
        event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
        admit(ledger, looked("drive"), [routed(event)], NOW)
        assert len(ledger.pending()) == 2
        assert ledger.preview(event.key) == event.preview
        assert list(path.parent.iterdir()) == []


class TestDigest:
    """A digest of more than can be told one by one, and its place in the outbox."""

    def combined(self, path: Path, *events: Event) -> list[str]:
        ledger = open_ledger(path)
        admissions = ledger.admit(looked(), map(routed, events), NOW)
        for digest in digests(notification for admission in admissions for notification in admission.notifications):
            ledger.combine(digest)
        ledger.save()
        return [f"{p.notification.role.value} {p.notification.template}" for p in open_ledger(path).pending()]

    def test_the_owner_hears_of_many_new_jobs_before_each_scientist_of_the_own_one(self, path: Path) -> None:
        events = [job_event(job=str(n), facts=job_facts(str(n), ds=f"{n}@x.org")) for n in range(11)]
        assert self.combined(path, *events) == ["do digest", *["ds job_submitted_ds"] * 11]

    def test_what_follows_in_a_conversation_stays_behind_its_beginning(self, path: Path) -> None:
        approved = [job_event(Kind.JOB_APPROVED, str(n)) for n in range(11)]
        order = self.combined(path, *approved[:5], job_event(job="5"), *approved[5:])
        assert order == ["do job_submitted_do", "ds job_submitted_ds", "ds digest"]


class TestDelivery:
    def test_a_sent_notification_leaves_the_outbox_and_is_noted_as_the_original_did(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event())], NOW)
        assert "sales" not in document(path)["notified_jobs"]
        assert deliver_all(ledger) == ["new", "submitted"]
        assert ledger.pending() == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}

    def test_a_failed_attempt_keeps_the_notification_with_its_fault(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        (pending,) = ledger.pending()
        ledger.attempt(pending.notification.id)
        retry = Outcome(OutcomeKind.RETRY, NOW, fault="Gmail is down.", retry_at=NOW + MINUTE)
        ledger.settle(pending.notification.id, retry)
        ledger.save()
        (kept,) = open_ledger(path).pending()
        assert (kept.state, kept.attempts, kept.pause) == (PendingState.DEFERRED, 1, Pause(NOW, NOW + MINUTE))
        assert kept.last_fault == "Gmail is down."
        assert document(path)["notified_jobs"] == {}

    def test_a_crash_between_attempt_and_settlement_leaves_an_ambiguous_notification(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        ledger.attempt(ledger.pending()[0].notification.id)
        (pending,) = open_ledger(path).pending()
        assert (pending.state, pending.attempts) == (PendingState.AMBIGUOUS, 1)

    @pytest.mark.parametrize(
        ("why", "outcomes", "state"),
        [
            ("a failure defers it", [OutcomeKind.RETRY], PendingState.DEFERRED),
            ("what may have arrived stays ambiguous after a second failure",
             [OutcomeKind.AMBIGUOUS, OutcomeKind.RETRY, OutcomeKind.RETRY], PendingState.AMBIGUOUS),
            ("a later attempt may be the one that arrived", [OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS],
             PendingState.AMBIGUOUS),
            ("what may have arrived is given up all the same", [OutcomeKind.AMBIGUOUS, OutcomeKind.DEAD],
             PendingState.DEAD),
        ],
    )  # fmt: skip
    def test_after_these_outcomes_a_notification_stands(self, path: Path, why: str, outcomes: Any, state: Any) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        (pending,) = ledger.pending()
        for kind in outcomes:
            ledger.attempt(pending.notification.id)
            ledger.settle(pending.notification.id, Outcome(kind, NOW, fault="x"))
        ledger.save()
        assert [kept.state for kept in open_ledger(path).pending()] == [state]

    def test_a_dead_token_costs_a_notification_no_attempt(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        (pending,) = ledger.pending()
        ledger.attempt(pending.notification.id)
        ledger.settle(pending.notification.id, Outcome(OutcomeKind.RETRY, NOW, fault="x", credential=True))
        assert ledger.pending()[0].attempts == 0

    def test_the_second_mail_of_a_conversation_knows_its_thread(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(job_event()), routed(job_event(Kind.JOB_APPROVED))], NOW)
        to_do, to_ds, approved = (pending.notification for pending in ledger.pending())
        assert not ledger.thread(to_ds).started
        ledger.attempt(to_ds.id)
        ledger.settle(to_ds.id, sent("gmail-thread-7"))
        later = open_ledger(path).thread(approved)
        assert (later.started, later.remote_id) == (True, "gmail-thread-7")
        assert later.root_id == ledger.thread(to_ds).root_id
        assert not ledger.thread(to_do).started

    def test_the_code_preview_is_kept_until_the_last_mail_is_out_and_no_longer(self, path: Path) -> None:
        event = replace(job_event(), preview=Preview((CodeFile("main.py", "secret of the DS", 16),)))
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(event)], NOW)
        spool = path.with_suffix(".spool")
        assert "secret of the DS" not in path.read_text()
        first, second = ledger.pending()
        ledger.attempt(first.notification.id)
        ledger.settle(first.notification.id, sent())
        ledger.save()
        assert len(list(spool.iterdir())) == 1
        ledger.attempt(second.notification.id)
        ledger.settle(second.notification.id, sent())
        ledger.save()
        assert list(spool.iterdir()) == []

    def test_a_damaged_preview_costs_the_preview_and_not_the_mail(self, path: Path) -> None:
        event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
        ledger = open_ledger(path)
        admit(ledger, looked(), [routed(event)], NOW)
        for file in path.with_suffix(".spool").iterdir():
            file.write_text("{half")
        assert open_ledger(path).preview(event.key) is None


class TestOriginalFile:
    """Both directions of compatibility with a state file of the original system."""

    def test_what_the_original_told_is_not_told_again(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        ledger = open_ledger(path)
        admissions = admit(
            ledger,
            looked("drive", "local"),
            [routed(job_event(job="old_job")), routed(peer_event(ds="first@example.org"))],
            NOW,
        )
        assert [a.decision for a in admissions] == [Decision.ALREADY_SEEN] * 2
        assert ledger.pending() == []

    def test_a_peer_of_the_originals_snapshot_is_known_even_without_a_mark(self, path: Path) -> None:
        path.write_text(json.dumps({"notified_jobs": {}, "peer_snapshot": [DS]}))
        ledger = open_ledger(path)
        assert admit(ledger, looked("peers"), [routed(peer_event())], NOW)[0].decision is Decision.ALREADY_SEEN

    def test_a_job_the_original_did_not_know_is_told(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        ledger = open_ledger(path)
        admit(ledger, looked("drive", "local"), [routed(job_event(job="new_job"))], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_a_name_that_the_original_told_long_ago_is_news_when_it_is_used_again(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        admit(open_ledger(path), looked("drive", "local"), [], NOW)
        ledger = open_ledger(path)
        admit(ledger, looked("drive", "local"), [routed(job_event(job="old_job"))], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_the_file_we_write_has_everything_the_original_reads_and_keeps_what_we_do_not_know(
        self, path: Path
    ) -> None:
        path.write_text(json.dumps({**ORIGINAL, "somebody_elses": {"a": 1}}))
        ledger = open_ledger(path)
        admit(ledger, looked("peers"), [routed(job_event()), routed(peer_event())], NOW)
        deliver_all(ledger)
        written = document(path)
        assert written["notified_jobs"] == {
            **ORIGINAL["notified_jobs"],
            "sales": ["new", "submitted"],
            f"peer_new_{DS}_to_do": ["new_peer_request"],
            f"peer_new_{DS}_to_ds": ["peer_request_sent"],
        }
        assert written["peer_snapshot"] == [DS, "first@example.org"]
        assert written["somebody_elses"] == {"a": 1}


# (the situation, the parts that were looked at whole, whether the old job is news then, whether the old peer is)
FOREIGN = [
    ("before any look all is as told", (), False, False),
    ("a look at Drive alone forgets nothing", ("drive",), False, False),
    ("a look at the disk alone forgets nothing", ("local",), False, False),
    ("after a whole look at jobs an old name is news", ("drive", "local"), True, False),
    ("after a whole look at peers an old peer is news", ("peers",), False, True),
    ("after a whole look at all both are news", ("drive", "local", "peers"), True, True),
]


@pytest.mark.parametrize(("why", "parts", "job", "peer"), FOREIGN, ids=[row[0] for row in FOREIGN])
@pytest.mark.parametrize("restarted", [False, True])
def test_of_what_another_program_told(path: Path, why: str, parts: Any, job: bool, peer: bool, restarted: bool) -> None:
    path.write_text(json.dumps(ORIGINAL))
    ledger = open_ledger(path)
    admit(ledger, looked(*parts), [], NOW)
    ledger = open_ledger(path) if restarted else ledger
    events = [job_event(Kind.JOB_APPROVED, "old_job"), peer_event(ds="first@example.org")]
    admitted = admit(ledger, looked(), [routed(event) for event in events], NOW)
    assert [admission.decision is Decision.SEND for admission in admitted] == [job, peer]


class TestResetByHand:
    def test_removing_the_peer_snapshot_announces_the_requests_again_and_no_old_grant(self, path: Path) -> None:
        ledger = open_ledger(path)
        offers = [routed(peer_event()), routed(quiet(peer_event(Kind.PEER_GRANTED, "old@example.org")))]
        admit(ledger, looked("peers", "drive"), [*offers, routed(job_event())], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content.pop("peer_snapshot"))
        ledger = open_ledger(path)
        assert not ledger.seen(peer_event().key)
        assert ledger.seen(peer_event(Kind.PEER_GRANTED, "old@example.org").key)
        assert ledger.seen(job_event().key)
        admit(ledger, looked("peers"), [routed(peer_event())], NOW)
        assert deliver_all(ledger) == ["new_peer_request", "peer_request_sent"]
        assert document(path)["peer_snapshot"] == [DS]

    def test_removing_the_entry_of_a_granted_peer_tells_the_grant_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        grant = peer_event(Kind.PEER_GRANTED)
        admit(ledger, looked("peers"), [routed(grant)], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].pop(f"peer_granted_{DS}"))
        ledger = open_ledger(path)
        assert not ledger.seen(grant.key)
        admit(ledger, looked("peers"), [routed(grant)], NOW)
        assert deliver_all(ledger) == ["peer_granted"]

    def test_removing_a_jobs_entry_tells_it_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        offers = [routed(job_event(file="f1")), routed(job_event(job="other", file="f2"))]
        admit(ledger, looked("drive", files=("f1", "f2")), offers, NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].pop("sales"))
        ledger = open_ledger(path)
        assert (ledger.file_seen("f1"), ledger.file_seen("f2")) == (False, True)
        assert (ledger.seen(job_event().key), ledger.seen(job_event(job="other").key)) == (False, True)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_removing_one_type_tells_only_that_one_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].update(sales=["new"]))
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        assert deliver_all(ledger) == ["submitted"]
        assert open_ledger(path).seen(job_event().key)

    def test_a_notification_that_is_still_pending_is_not_mistaken_for_a_removed_one(self, path: Path) -> None:
        admit(open_ledger(path), looked("drive"), [routed(job_event())], NOW)
        assert open_ledger(path).seen(job_event().key)


class TestFile:
    def test_it_is_replaced_whole_and_only_its_owner_can_read_it(self, path: Path) -> None:
        previous = os.umask(0)
        try:
            event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
            admit(open_ledger(path), looked(), [routed(event)], NOW)
        finally:
            os.umask(previous)
        spool = path.with_suffix(".spool")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (path, spool, *spool.iterdir())}
        assert modes.pop(spool.name) == 0o700
        assert set(modes.values()) == {0o600}
        names = [path.with_suffix(".backup").name, path.name, spool.name]
        assert sorted(p.name for p in path.parent.iterdir()) == sorted(names)

    def test_a_state_of_another_owner_is_refused_and_left_alone(self, path: Path) -> None:
        admit(open_ledger(path), looked(), [routed(job_event())], NOW)
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=rf"{DO}.*state_path.*x@example\.org"):
            Ledger(Files(path), "x@example.org").refresh(NOW)
        assert path.read_bytes() == before

    def test_a_disk_that_refuses_is_said_in_one_sentence(self, path: Path) -> None:
        ledger = open_ledger(path / "missing" / "state.json")
        with pytest.raises(UserError, match="written"):
            admit(ledger, looked(), [routed(job_event())], NOW)


SPOILT = [
    ("", "JSON"),
    ('{"notified_jobs": {', "JSON"),
    ("[]", "JSON object"),
    ('{"notified_jobs": []}', "'notified_jobs'"),
    ('{"notified_jobs": {}, "peer_snapshot": {"a": 1}}', "'peer_snapshot'"),
    ('{"syft_notify": {"events": 5}}', "'syft_notify'"),
    ('{"syft_notify": {"version": 99}}', "newer"),
]


class TestSpoiltFile:
    """One that was truncated, emptied, edited wrongly or written by a newer release is never read as an empty one."""

    @pytest.mark.parametrize(("content", "why"), SPOILT)
    def test_it_is_set_aside_loudly_and_its_backup_used(self, path: Path, content: str, why: str) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event()), routed(job_event(job="other"))], NOW)
        ledger.attempt(ledger.pending()[0].notification.id)
        ledger.settle(ledger.pending()[0].notification.id, sent())
        path.write_text(content)
        again = Ledger(Files(path), DO)
        notice = again.refresh(NOW)
        assert why in notice
        assert "backup" in notice
        assert path.with_name(f"{path.name}.spoilt-20261123-120000").read_text() == content
        assert [p.notification.mark for p in again.pending()] == [p.notification.mark for p in ledger.pending()]
        after_a_crash = Ledger(Files(path), DO)
        assert "set aside" in after_a_crash.refresh(NOW + MINUTE)
        after_a_crash.save()
        assert document(path)["notified_jobs"] == {"sales": ["new"]}
        assert len(list(path.parent.glob("*.spoilt-*"))) == 1

    @pytest.mark.parametrize(("content", "why"), SPOILT)
    def test_without_a_backup_the_history_says_what_was_told(self, path: Path, content: str, why: str) -> None:
        ledger = open_ledger(path)
        offers = [routed(job_event(file="f1")), routed(peer_event()), routed(job_event(Kind.JOB_APPROVED))]
        admit(ledger, looked("drive", "peers"), offers, NOW)
        deliver_all(ledger)
        for spoilt in (path, path.with_suffix(".backup")):
            spoilt.write_text(content)
        again = Ledger(Files(path), DO)
        assert "history" in again.refresh(NOW)
        assert all(again.seen(event.key) for event, _ in offers)
        assert (again.file_seen("f1"), again.sender(job_event().key)) == (True, DS)
        assert not again.started("drive")
        again.admit(looked("drive", "peers"), offers, NOW)
        assert again.pending() == []
        again.save()
        assert document(path)["peer_snapshot"] == [DS]

    def test_a_dry_run_leaves_it_where_it_is(self, path: Path) -> None:
        path.write_text("[]")
        ledger = Ledger(Files(path), DO, dry_run=True)
        assert "JSON object" in ledger.refresh(NOW)
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def test_a_removed_file_means_to_start_afresh_whatever_the_history_says(self, path: Path) -> None:
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        deliver_all(ledger)
        path.unlink()
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]
        assert open_ledger(path).pending() == []


class TestJournals:
    """What happened since the state was written."""

    def begun(self, path: Path) -> Ledger:
        ledger = open_ledger(path)
        admit(ledger, looked("drive"), [routed(job_event())], NOW)
        return ledger

    def test_a_delivery_is_known_after_a_crash_before_the_state_was_written(self, path: Path) -> None:
        ledger = self.begun(path)
        first, second = ledger.pending()
        ledger.attempt(first.notification.id)
        ledger.settle(first.notification.id, sent("thread-9"))
        again = open_ledger(path)
        assert again.pending() == [second]
        assert again.thread(first.notification).remote_id == "thread-9"
        again.save()
        assert document(path)["notified_jobs"] == {"sales": ["new"]}

    def test_what_went_out_after_a_doubtful_attempt_is_marked_ambiguous(self, path: Path) -> None:
        ledger = self.begun(path)
        for pending in ledger.pending():
            ledger.attempt(pending.notification.id)
            break
        again = open_ledger(path)
        deliver_all(again)
        lines = [json.loads(line) for line in path.with_name("notification_history.jsonl").read_text().splitlines()]
        assert [line.get("ambiguous", False) for line in lines] == [True, False]

    def test_a_torn_line_was_never_written(self, path: Path) -> None:
        ledger = self.begun(path)
        history = path.with_name("notification_history.jsonl")
        history.write_bytes(b'{"number": 7, "time": "2026-11-23T12:0')
        again = open_ledger(path)
        assert again.pending() == ledger.pending()
        deliver_all(again)
        assert [json.loads(line)["to"] for line in history.read_text().splitlines()[1:]] == [DO, DS]
        assert open_ledger(path).pending() == []

    def test_lines_that_are_not_ours_are_passed_over(self, path: Path) -> None:
        ledger = self.begun(path)
        path.with_name("notification_history.jsonl").write_text(
            '[]\n{"number": "x"}\nnull\n\x00\n' + "[" * 10**5 + "\n"
        )
        path.with_suffix(".attempts").write_text('{"number": 9}\n{"number": "1", "id": 5, "attempts": []}\n')
        assert open_ledger(path).pending() == ledger.pending()

    def test_a_restored_older_state_learns_from_the_history(self, path: Path) -> None:
        ledger = self.begun(path)
        older = path.read_bytes()
        deliver_all(ledger)
        path.write_bytes(older)
        assert open_ledger(path).pending() == []

    def test_a_delivery_costs_little_however_much_the_ledger_holds(self, path: Path) -> None:
        ledger = open_ledger(path)
        name = "a rather long name of a job " * 4
        offers = [routed(quiet(job_event(job=f"{name}{n}"))) for n in range(300)]
        admit(ledger, looked("drive"), [*offers, routed(job_event(job=name, file="x" * 44))], NOW)
        before = path.read_bytes()
        (pending, _) = ledger.pending()
        ledger.attempt(pending.notification.id)
        ledger.settle(pending.notification.id, sent("f" * 16))
        assert path.read_bytes() == before
        written = [path.with_suffix(".attempts"), path.with_name("notification_history.jsonl")]
        assert sum(file.stat().st_size for file in written) < 2_000

    def test_another_process_is_noticed(self, path: Path) -> None:
        mine, other = self.begun(path), open_ledger(path)
        deliver_all(other)
        mine.refresh(NOW)
        assert mine.pending() == []

    def test_a_line_of_another_process_that_died_is_noticed(self, path: Path) -> None:
        mine, other = self.begun(path), open_ledger(path)
        pending = other.pending()[0]
        other.attempt(pending.notification.id)
        mine.refresh(NOW)
        assert mine.pending()[0].state is PendingState.AMBIGUOUS
        other.settle(pending.notification.id, sent())
        mine.refresh(NOW)
        assert len(mine.pending()) == 1
