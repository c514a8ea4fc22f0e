"""The ledger: what it keeps, what it forgets when a person asks, what it shares with the original system."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syft_notify.errors import ConfigError, UserError
from syft_notify.ledger import Ledger
from syft_notify.model import CodeFile, Decision, Kind, Opaque, Outcome, OutcomeKind, PendingState, Preview
from tests.unit.makers import DS, MINUTE, NOW, job_event, job_facts, looked, peer_event, quiet, routed, sent

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
    return Ledger(path, path.with_suffix(".spool"), **options)


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
    return types


class TestAdmission:
    def test_an_event_makes_its_notifications_once(self, path: Path) -> None:
        ledger = open_ledger(path)
        first = ledger.admit(looked(), [routed(job_event())], NOW)
        again = ledger.admit(looked(), [routed(job_event())], NOW + MINUTE)
        assert [n.mark for n in first[0].notifications] == [("sales", "new"), ("sales", "submitted")]
        assert again[0].decision is Decision.ALREADY_SEEN
        assert len(ledger.pending()) == 2

    def test_what_was_admitted_survives_a_restart_whole(self, path: Path) -> None:
        facts = job_facts("Größe & <b>", opaque=Opaque.ENCRYPTED, submitted_at=NOW, dependencies=("numpy",), size=5)
        event = replace(job_event(), facts=facts, preview=Preview((CodeFile("main.py", "x = 1\n", 6),), ("1 file",)))
        ledger = open_ledger(path)
        ledger.admit(looked("drive", files=("f1",)), [routed(event)], NOW)
        again = open_ledger(path)
        assert again.pending() == ledger.pending()
        assert again.preview(event.key) == event.preview
        assert again.seen(event.key)
        assert again.file_seen("f1")
        assert again.started("drive")
        assert not again.started("local")
        assert [(r.event_key, r.ds, r.sent_at) for r in again.opaque()] == [(event.key, DS, NOW)]

    def test_an_event_of_the_past_is_remembered_and_told_to_nobody(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked("local"), [routed(quiet(job_event()))], NOW)
        assert ledger.seen(job_event().key)
        assert ledger.pending() == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}

    def test_a_completed_submission_waits_for_its_name_no_longer(self, path: Path) -> None:
        nameless = replace(job_event(key="message:f1:submitted"), facts=job_facts("x", opaque=Opaque.ENCRYPTED))
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(nameless)], NOW)
        named = replace(job_event(), decision=Decision.COMPLETED, completes=nameless.key)
        admission = ledger.admit(looked(), [routed(named)], NOW)[0]
        assert admission.notifications == ()
        assert ledger.opaque() == []
        assert ledger.seen(named.key)

    def test_the_drive_owner_of_a_submission_is_remembered_even_if_the_disk_told_of_it_first(self, path: Path) -> None:
        ledger = open_ledger(path)
        unverified = replace(job_event(), facts=job_facts(verified=False, ds="claimed@example.org"))
        ledger.admit(looked(), [routed(unverified)], NOW)
        assert ledger.sender(unverified.key) == ""
        ledger.admit(looked(), [routed(job_event())], NOW)
        assert ledger.sender(unverified.key) == DS

    def test_a_dry_run_writes_nothing(self, path: Path) -> None:
        ledger = open_ledger(path, dry_run=True)
        event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
        ledger.admit(looked("drive"), [routed(event)], NOW)
        assert len(ledger.pending()) == 2
        assert ledger.preview(event.key) == event.preview
        assert list(path.parent.iterdir()) == []


class TestDelivery:
    def test_a_sent_notification_leaves_the_outbox_and_is_noted_as_the_original_did(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(job_event())], NOW)
        assert "sales" not in document(path)["notified_jobs"]
        assert deliver_all(ledger) == ["new", "submitted"]
        assert ledger.pending() == []
        assert document(path)["notified_jobs"] == {"sales": ["new", "submitted"]}

    def test_a_failed_attempt_keeps_the_notification_with_its_fault(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        (pending,) = ledger.pending()
        ledger.attempt(pending.notification.id)
        retry = Outcome(OutcomeKind.RETRY, NOW, fault="Gmail is down.", retry_at=NOW + MINUTE)
        ledger.settle(pending.notification.id, retry)
        (kept,) = open_ledger(path).pending()
        assert (kept.state, kept.attempts, kept.not_before) == (PendingState.DEFERRED, 1, NOW + MINUTE)
        assert kept.last_fault == "Gmail is down."
        assert document(path)["notified_jobs"] == {}

    def test_a_crash_between_attempt_and_settlement_leaves_an_ambiguous_notification(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        ledger.attempt(ledger.pending()[0].notification.id)
        (pending,) = open_ledger(path).pending()
        assert (pending.state, pending.attempts) == (PendingState.AMBIGUOUS, 1)

    def test_a_dead_token_costs_a_notification_no_attempt(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(job_event(Kind.JOB_APPROVED))], NOW)
        (pending,) = ledger.pending()
        ledger.attempt(pending.notification.id)
        ledger.settle(pending.notification.id, Outcome(OutcomeKind.RETRY, NOW, fault="x", credential=True))
        assert ledger.pending()[0].attempts == 0

    def test_the_second_mail_of_a_conversation_knows_its_thread(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(job_event()), routed(job_event(Kind.JOB_APPROVED))], NOW)
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
        ledger.admit(looked(), [routed(event)], NOW)
        spool = path.with_suffix(".spool")
        assert "secret of the DS" not in path.read_text()
        first, second = ledger.pending()
        ledger.attempt(first.notification.id)
        ledger.settle(first.notification.id, sent())
        assert len(list(spool.iterdir())) == 1
        ledger.attempt(second.notification.id)
        ledger.settle(second.notification.id, sent())
        assert list(spool.iterdir()) == []

    def test_a_damaged_preview_costs_the_preview_and_not_the_mail(self, path: Path) -> None:
        event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
        ledger = open_ledger(path)
        ledger.admit(looked(), [routed(event)], NOW)
        for file in path.with_suffix(".spool").iterdir():
            file.write_text("{half")
        assert open_ledger(path).preview(event.key) is None


class TestOriginalFile:
    """Both directions of compatibility with a state file of the original system."""

    def test_what_the_original_told_is_not_told_again(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        ledger = open_ledger(path)
        admissions = ledger.admit(
            looked("drive", "local"),
            [routed(job_event(job="old_job")), routed(peer_event(ds="first@example.org"))],
            NOW,
        )
        assert [a.decision for a in admissions] == [Decision.ALREADY_SEEN] * 2
        assert ledger.pending() == []

    def test_a_peer_of_the_originals_snapshot_is_known_even_without_a_mark(self, path: Path) -> None:
        path.write_text(json.dumps({"notified_jobs": {}, "peer_snapshot": [DS]}))
        ledger = open_ledger(path)
        assert ledger.admit(looked("peers"), [routed(peer_event())], NOW)[0].decision is Decision.ALREADY_SEEN

    def test_a_job_the_original_did_not_know_is_told(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        ledger = open_ledger(path)
        ledger.admit(looked("drive", "local"), [routed(job_event(job="new_job"))], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_a_name_that_the_original_told_long_ago_is_news_when_it_is_used_again(self, path: Path) -> None:
        path.write_text(json.dumps(ORIGINAL))
        open_ledger(path).admit(looked("drive", "local"), [], NOW)
        ledger = open_ledger(path)
        ledger.admit(looked("drive", "local"), [routed(job_event(job="old_job"))], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_the_file_we_write_has_everything_the_original_reads_and_keeps_what_we_do_not_know(
        self, path: Path
    ) -> None:
        path.write_text(json.dumps({**ORIGINAL, "somebody_elses": {"a": 1}}))
        ledger = open_ledger(path)
        ledger.admit(looked("peers"), [routed(job_event()), routed(peer_event())], NOW)
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


class TestResetByHand:
    def test_removing_the_peer_snapshot_announces_the_requests_again_and_no_old_grant(self, path: Path) -> None:
        ledger = open_ledger(path)
        offers = [routed(peer_event()), routed(quiet(peer_event(Kind.PEER_GRANTED, "old@example.org")))]
        ledger.admit(looked("peers", "drive"), [*offers, routed(job_event())], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content.pop("peer_snapshot"))
        ledger = open_ledger(path)
        assert not ledger.seen(peer_event().key)
        assert ledger.seen(peer_event(Kind.PEER_GRANTED, "old@example.org").key)
        assert ledger.seen(job_event().key)
        ledger.admit(looked("peers"), [routed(peer_event())], NOW)
        assert deliver_all(ledger) == ["new_peer_request", "peer_request_sent"]
        assert document(path)["peer_snapshot"] == [DS]

    def test_removing_the_entry_of_a_granted_peer_tells_the_grant_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        grant = peer_event(Kind.PEER_GRANTED)
        ledger.admit(looked("peers"), [routed(grant)], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].pop(f"peer_granted_{DS}"))
        ledger = open_ledger(path)
        assert not ledger.seen(grant.key)
        ledger.admit(looked("peers"), [routed(grant)], NOW)
        assert deliver_all(ledger) == ["peer_granted"]

    def test_removing_a_jobs_entry_tells_it_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        offers = [routed(job_event(file="f1")), routed(job_event(job="other", file="f2"))]
        ledger.admit(looked("drive", files=("f1", "f2")), offers, NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].pop("sales"))
        ledger = open_ledger(path)
        assert (ledger.file_seen("f1"), ledger.file_seen("f2")) == (False, True)
        assert (ledger.seen(job_event().key), ledger.seen(job_event(job="other").key)) == (False, True)
        ledger.admit(looked("drive"), [routed(job_event())], NOW)
        assert deliver_all(ledger) == ["new", "submitted"]

    def test_removing_one_type_tells_only_that_one_again(self, path: Path) -> None:
        ledger = open_ledger(path)
        ledger.admit(looked("drive"), [routed(job_event())], NOW)
        deliver_all(ledger)
        edit(path, lambda content: content["notified_jobs"].update(sales=["new"]))
        ledger = open_ledger(path)
        ledger.admit(looked("drive"), [routed(job_event())], NOW)
        assert deliver_all(ledger) == ["submitted"]
        assert open_ledger(path).seen(job_event().key)

    def test_a_notification_that_is_still_pending_is_not_mistaken_for_a_removed_one(self, path: Path) -> None:
        open_ledger(path).admit(looked("drive"), [routed(job_event())], NOW)
        assert open_ledger(path).seen(job_event().key)


class TestFile:
    def test_it_is_replaced_whole_and_only_its_owner_can_read_it(self, path: Path) -> None:
        previous = os.umask(0)
        try:
            event = replace(job_event(), preview=Preview((CodeFile("main.py", "x", 1),)))
            open_ledger(path).admit(looked(), [routed(event)], NOW)
        finally:
            os.umask(previous)
        spool = path.with_suffix(".spool")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (path, spool, *spool.iterdir())}
        assert modes.pop(spool.name) == 0o700
        assert set(modes.values()) == {0o600}
        assert sorted(p.name for p in path.parent.iterdir()) == [path.name, spool.name]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("", "not valid JSON"),
            ('{"notified_jobs": {', "not valid JSON"),
            ("[]", "not a JSON object"),
            ('{"notified_jobs": []}', "'notified_jobs'"),
            ('{"notified_jobs": {}, "peer_snapshot": {"a": 1}}', "'peer_snapshot'"),
            ('{"syft_notify": {"events": 5}}', "'syft_notify'"),
            ('{"syft_notify": {"version": 99}}', "newer"),
        ],
    )
    def test_a_file_that_cannot_be_trusted_is_refused_and_left_alone(self, path: Path, content: str, why: str) -> None:
        path.write_text(content)
        with pytest.raises(ConfigError, match=why):
            open_ledger(path)
        assert path.read_text() == content

    def test_a_disk_that_refuses_is_said_in_one_sentence(self, path: Path) -> None:
        ledger = open_ledger(path / "missing" / "state.json")
        with pytest.raises(UserError, match="cannot be written"):
            ledger.admit(looked(), [routed(job_event())], NOW)
