"""The file that people read and edit: what it says, which edits count, and that a crash is no edit."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from syft_notify.config.paths import Files
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision
from syft_notify.store import view
from syft_notify.store.store import Store
from tests.unit.makers import DO, DS, MINUTE, NOW, job_event, peer_event, quiet
from tests.unit.store.stores import admit, deliver, document, edit, opened, waiting

ORIGINAL = {
    "notified_jobs": {
        "old_job": ["new", "approved", "executed"],
        "peer_new_first@example.org_to_do": ["new_peer_request"],
        "peer_new_first@example.org_to_ds": ["peer_request_sent"],
    },
    "peer_snapshot": ["first@example.org"],
}


def told(path: Path, *events: object, parts: tuple[str, ...] = ("drive", "local", "peers")) -> None:
    """A poll that found these and told them."""
    with opened(path) as store:
        admit(store, *events, parts=parts, files=tuple(event.file for event in events if event.file))
        deliver(store)


class TestImport:
    """What the original system told is not told again."""

    def test_its_jobs_and_peers_are_known(self, path):
        path.write_text(json.dumps(ORIGINAL))
        with opened(path) as store:
            decisions = admit(
                store, job_event(job="old_job"), peer_event(ds="first@example.org"), parts=("drive", "local")
            )
            assert decisions == [Decision.ALREADY_SEEN] * 2
            assert waiting(store) == []

    def test_a_peer_of_its_snapshot_is_known_even_without_a_mark(self, path):
        path.write_text(json.dumps({"notified_jobs": {}, "peer_snapshot": [DS]}))
        with opened(path) as store:
            assert admit(store, peer_event(), parts=("peers",)) == [Decision.ALREADY_SEEN]

    def test_a_job_that_it_did_not_know_is_told(self, path):
        path.write_text(json.dumps(ORIGINAL))
        with opened(path) as store:
            assert admit(store, job_event(job="new_job"), parts=("drive", "local")) == [Decision.SEND]

    def test_a_name_that_it_told_long_ago_is_news_when_it_is_used_again(self, path):
        path.write_text(json.dumps(ORIGINAL))
        told(path)
        with opened(path) as store:
            assert admit(store, job_event(job="old_job")) == [Decision.SEND]

    def test_it_holds_back_the_first_of_several_submissions_of_a_name(self, path):
        path.write_text(json.dumps(ORIGINAL))
        with opened(path) as store:
            decisions = admit(store, job_event(job="old_job"), job_event(job="old_job", mark="later"))
        assert decisions == [Decision.ALREADY_SEEN, Decision.SEND]

    def test_a_peer_that_was_gone_when_we_first_looked_is_news_later(self, path):
        path.write_text(json.dumps(ORIGINAL))
        told(path, parts=("peers",))
        with opened(path) as store:
            assert admit(store, peer_event(ds="first@example.org")) == [Decision.SEND]

    def test_a_job_named_like_a_peer_is_held_back_until_jobs_were_seen_whole(self, path):
        path.write_text(json.dumps({"notified_jobs": {"peer_new_x": ["new"]}}))
        with opened(path) as store:
            admit(store, parts=("peers",))
            assert admit(store, job_event(job="peer_new_x")) == [Decision.ALREADY_SEEN]

    def test_all_it_says_is_kept_but_for_our_own_unreleased_part(self, path):
        path.write_text(json.dumps({**ORIGINAL, "somebody_elses": {"a": "\ud800"}, "syft_notify": {"version": 1}}))
        told(path, job_event(), peer_event())
        written = document(path)
        assert written["notified_jobs"] == {
            **ORIGINAL["notified_jobs"],
            "sales": ["new", "submitted"],
            f"peer_new_{DS}_to_do": ["new_peer_request"],
            f"peer_new_{DS}_to_ds": ["peer_request_sent"],
        } | {"old_job": ["approved", "executed", "new"]}
        assert written["peer_snapshot"] == [DS, "first@example.org"]
        assert written["somebody_elses"] == {"a": "\ud800"}
        assert "syft_notify" not in written

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("", "is not valid JSON"),
            ('{"notified_jobs": {', "is not valid JSON"),
            ("[" * 10**5, "is nested too deeply"),
            ("[]", "is not a JSON object"),
            ('{"notified_jobs": []}', "has an unexpected 'notified_jobs'"),
            ('{"notified_jobs": {"a": "new"}}', "has an unexpected 'notified_jobs'"),
            ('{"peer_snapshot": {"a": 1}}', "has an unexpected 'peer_snapshot'"),
        ],
    )
    def test_one_that_cannot_be_read_is_set_aside_loudly(self, path, content, why):
        path.write_text(content)
        store = Store(Files(path), DO)
        assert f"{path} {why}. It was set aside as {path.name}.damaged-20261123-120000" in store.refresh(NOW)
        store.write_view()
        store.close()
        assert path.with_name(f"{path.name}.damaged-20261123-120000").read_text() == content
        assert document(path) == {"notified_jobs": {}}


class TestEdits:
    def test_without_one_nothing_is_read_or_written_again(self, path, monkeypatch):
        told(path, job_event())
        store = Store(Files(path), DO)
        store.refresh(NOW)
        before = os.stat(path)
        monkeypatch.setattr(view, "open_to_read", None)
        monkeypatch.setattr(view, "write_atomically", None)
        store.write_view()
        store.refresh(NOW)
        store.write_view()
        store.close()
        assert os.stat(path) == before

    def test_a_removed_type_tells_only_that_one_again(self, path):
        told(path, job_event())
        edit(path, lambda content: content["notified_jobs"].update(sales=["new"]))
        with opened(path) as store:
            assert not store.seen(job_event().id)
            admit(store, job_event())
            assert deliver(store) == ["submitted"]
            assert store.seen(job_event().id)

    def test_it_is_noticed_while_it_runs_and_grows_the_revision(self, path):
        told(path, job_event())
        store = Store(Files(path), DO)
        store.refresh(NOW)
        before = store.revision
        edit(path, lambda content: content["notified_jobs"].pop("sales"))
        store.refresh(NOW)
        assert store.revision > before
        assert not store.seen(job_event().id)
        store.close()

    def test_what_waits_is_not_mistaken_for_removed(self, path):
        with opened(path) as store:
            admit(store, job_event())
        edit(path, lambda content: content.update(comment="hello"))
        with opened(path) as store:
            assert store.seen(job_event().id)
        assert document(path)["comment"] == "hello"

    def test_an_added_entry_holds_the_notification_back(self, path):
        told(path)
        edit(path, lambda content: content["notified_jobs"].update(sales=["new"]))
        with opened(path) as store:
            assert admit(store, job_event()) == [Decision.ALREADY_SEEN]
        assert document(path)["notified_jobs"] == {"sales": ["new"]}

    def test_an_entry_added_by_an_edit_made_while_we_polled_is_not_overwritten(self, path):
        told(path, job_event())
        with opened(path) as store:
            edit(path, lambda content: content["notified_jobs"].pop("sales"))
            admit(store, job_event(job="other"))
            deliver(store)
        assert document(path)["notified_jobs"] == {}
        with opened(path) as store:
            assert not store.seen(job_event().id)
            assert store.seen(job_event(job="other").id)
        assert document(path)["notified_jobs"] == {"other": ["new", "submitted"]}

    def test_one_half_written_is_read_again_later(self, path):
        told(path, job_event(), job_event(job="other"))
        whole = path.read_text()
        edited = json.dumps({"notified_jobs": {"other": ["new", "submitted"]}, "peer_snapshot": []})
        path.write_text(edited[:20])
        store = Store(Files(path), DO)
        assert store.refresh(NOW) == f"{path} is not valid JSON: it is read again later"
        assert store.seen(job_event().id)
        admit(store, job_event(job="third"))
        deliver(store)
        store.write_view()
        assert path.read_text() == edited[:20]
        path.write_text(edited)
        assert store.refresh(NOW) == ""
        assert [store.seen(job_event(job=job).id) for job in ("sales", "other", "third")] == [False, True, True]
        store.write_view()
        store.close()
        assert whole != path.read_text()
        assert set(document(path)["notified_jobs"]) == {"other", "third"}

    @pytest.mark.parametrize("restarts", [False, True])
    def test_one_that_stays_no_json_is_written_again_and_forgets_nothing(self, path, restarts):
        told(path, job_event())
        whole = path.read_bytes()
        path.write_text("{half")
        store = Store(Files(path), DO)
        assert store.refresh(NOW).endswith("it is read again later")
        store.write_view()
        if restarts:
            store.close()
            store = Store(Files(path), DO)
        assert store.refresh(NOW + MINUTE).endswith("it is written again")
        store.write_view()
        assert path.read_bytes() == whole
        assert store.refresh(NOW + 2 * MINUTE) == ""
        assert store.seen(job_event().id)
        store.close()

    def test_a_view_that_is_gone_is_written_again_and_forgets_nothing(self, path):
        told(path, job_event(), peer_event())
        whole = path.read_bytes()
        path.unlink()
        with opened(path) as store:
            assert store.seen(job_event().id)
            assert store.seen(peer_event().id)
        assert path.read_bytes() == whole

    def test_a_removed_peer_snapshot_tells_the_open_requests_again(self, path):
        told(path, peer_event(), job_event())
        edit(path, lambda content: content.pop("peer_snapshot"))
        with opened(path) as store:
            assert not store.seen(peer_event().id)
            assert store.seen(job_event().id)
            admit(store, peer_event(), parts=("peers",))
            assert deliver(store) == ["new_peer_request", "peer_request_sent"]
        assert document(path)["peer_snapshot"] == [DS]

    def test_one_address_removed_from_the_snapshot_tells_nothing(self, path):
        told(path, peer_event())
        edit(path, lambda content: content.update(peer_snapshot=[]))
        with opened(path) as store:
            assert store.seen(peer_event().id)
        assert document(path)["peer_snapshot"] == []

    def test_a_file_in_which_no_peers_were_shown_yet_is_no_removed_snapshot(self, path):
        with opened(path) as store:
            admit(store, job_event())
        with opened(path) as store:
            admit(store, peer_event(), parts=("peers",))
            edit(path, lambda content: content.update(comment="written before the peers were"))
        with opened(path) as store:
            assert store.seen(peer_event().id)
        assert document(path)["peer_snapshot"] == [DS]

    def test_a_grant_is_not_told_again_by_an_edit(self, path):
        told(path, peer_event(Kind.PEER_GRANTED), quiet(peer_event(Kind.PEER_GRANTED, "past@example.org")))
        edit(path, lambda content: content.update(notified_jobs={}))
        with opened(path) as store:
            assert store.seen(peer_event(Kind.PEER_GRANTED).id)
        assert document(path)["notified_jobs"] == {}


class TestCrash:
    """A process that dies between the database and the view leaves a file that says less, or other things."""

    def test_before_the_view_was_written(self, path):
        told(path, job_event())
        store = Store(Files(path), DO)
        store.refresh(NOW)
        admit(store, job_event(job="other"))
        deliver(store)
        store.close()
        with opened(path) as store:
            assert store.seen(job_event(job="other").id)
        assert set(document(path)["notified_jobs"]) == {"sales", "other"}

    def test_after_the_view_was_written_and_before_that_was_noted(self, path, monkeypatch):
        told(path, job_event(), job_event(job="third"))
        store = Store(Files(path), DO)
        store.refresh(NOW)
        store.forget_job("third")
        admit(store, job_event(job="other"))
        deliver(store)
        with monkeypatch.context() as patch:
            patch.setattr(view, "_complete", lambda database, digest: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.write_view()
        store.close()
        revision = store.revision
        with opened(path) as store:
            assert store.revision == revision
            assert [store.seen(job_event(job=job).id) for job in ("sales", "other", "third")] == [True, True, False]
            assert store.file_seen("") is False
        edit(path, lambda content: content["notified_jobs"].pop("other"))
        with opened(path) as store:
            assert not store.seen(job_event(job="other").id)

    def test_an_edit_of_a_file_that_lacked_what_was_told_since_removes_nothing_of_that(self, path):
        told(path, job_event())
        store = Store(Files(path), DO)
        store.refresh(NOW)
        admit(store, job_event(job="other"), peer_event(), parts=("peers",))
        deliver(store)
        store.close()
        edit(path, lambda content: content["notified_jobs"].pop("sales"))
        with opened(path) as store:
            assert [store.seen(job_event(job=job).id) for job in ("sales", "other")] == [False, True]
            assert store.seen(peer_event().id)


def test_a_view_of_ten_thousand_jobs_is_below_a_megabyte(path: Path) -> None:
    with opened(path) as store, store.database.transaction():
        for number in range(10_000):
            for kind in ("new", "submitted", "approved", "executed"):
                key = f"scientist.{number % 100}@university.example.org/analysis_{number}"
                store.database.run("INSERT INTO notified VALUES (0, ?, ?, 1, 0)", key, kind)
    assert len(document(path)["notified_jobs"]) == 10_000
    assert path.stat().st_size <= 1_000_000
