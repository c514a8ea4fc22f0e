"""What a look at Drive asks for, and what it takes from the changes feed."""

from __future__ import annotations

import pytest

from syft_notify.domain.errors import CredentialFault, Fault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.domain.model import Scan
from syft_notify.sources.drive_snapshot import SYFTBOX
from syft_notify.sources.folders import PEERS_FILE
from tests.facts import lacking
from tests.unit.sources.one_peer import DO, DS, OTHER, TODAY, OnePeer

EVERYTHING = ["feed_start", "folders", "own_files"]
NOTHING_NEW = ["changes"]


@pytest.fixture
def one_peer() -> OnePeer:
    """After the first look."""
    one_peer = OnePeer()
    snapshot = one_peer.looks()
    assert one_peer.asked == EVERYTHING
    assert (snapshot.full, snapshot.first) == (True, True)
    assert snapshot.survey.accepted == {DS}
    return one_peer


def test_all_who_share_a_look_share_what_it_shows(one_peer: OnePeer) -> None:
    look = Scan(full=False)
    assert one_peer.scanner.snapshot(look) is one_peer.scanner.snapshot(look)
    one_peer.drive.faults["changes"] = CredentialFault("the token is dead")
    look = Scan(full=False)
    for _ in range(2):
        with pytest.raises(CredentialFault):
            one_peer.scanner.snapshot(look)
    assert one_peer.drive.calls.count("changes") == 2  # one of each look


def test_where_nothing_happened_the_feed_is_asked_and_nothing_else(one_peer: OnePeer) -> None:
    survey = one_peer.looks().survey
    snapshot = one_peer.looks()
    assert one_peer.drive.calls == NOTHING_NEW
    assert snapshot.survey is survey
    assert not snapshot.full
    assert not snapshot.changes


def test_a_folder_that_the_feed_names_is_taken_in(one_peer: OnePeer) -> None:
    one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
    assert set(one_peer.looks().survey.peers) == {DS, OTHER}
    assert one_peer.drive.calls == NOTHING_NEW
    one_peer.drive.remove(one_peer.inbox)
    assert set(one_peer.looks().survey.peers) == {OTHER}
    assert one_peer.drive.calls == NOTHING_NEW


def test_a_folder_is_of_whom_drive_says_and_not_of_whom_its_name_says(one_peer: OnePeer) -> None:
    one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), "mallory@example.org")
    assert set(one_peer.looks().survey.peers) == {DS}
    assert set(one_peer.looks(full=True).survey.peers) == {DS}


def test_what_the_feed_hides_is_found_by_a_full_scan(one_peer: OnePeer) -> None:
    one_peer.drive.hidden.add(one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER))
    assert set(one_peer.looks().survey.peers) == {DS}
    assert set(one_peer.looks(full=True).survey.peers) == {DS, OTHER}
    assert one_peer.asked == [*NOTHING_NEW, "folders", "own_files"]


@pytest.mark.parametrize("fault", [RejectedFault("the cursor is too old"), TransientFault("Drive answers 503")])
def test_a_feed_that_fails_is_replaced_by_a_look_at_everything_and_recovers(
    one_peer: OnePeer, fault: Exception
) -> None:
    one_peer.drive.hidden.add(one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER))
    one_peer.drive.faults["changes"] = fault
    assert set(one_peer.looks().survey.peers) == {DS, OTHER}
    assert one_peer.asked == [*NOTHING_NEW, *EVERYTHING]
    del one_peer.drive.faults["changes"]
    one_peer.looks()
    assert one_peer.drive.calls == NOTHING_NEW


def test_without_a_feed_every_scan_is_full(one_peer: OnePeer) -> None:
    one_peer.drive.faults |= {"changes": RejectedFault("too old"), "feed_start": RejectedFault("no feed")}
    for _ in range(3):
        assert one_peer.looks().full
    one_peer.drive.faults.clear()
    assert one_peer.looks().full
    assert not one_peer.looks().full


def test_what_happens_while_everything_is_looked_at_is_named_the_next_time(one_peer: OnePeer) -> None:
    """The place in the feed is taken before the look."""
    one_peer.drive.faults["changes"] = RejectedFault("too old")
    listed = one_peer.drive.folders

    def listed_before(prefix: str) -> object:
        listing = listed(prefix)
        one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
        return listing

    one_peer.drive.folders = listed_before  # type: ignore[method-assign, assignment]
    assert set(one_peer.looks().survey.peers) == {DS}
    one_peer.drive.folders = listed  # type: ignore[method-assign]
    one_peer.drive.faults.clear()
    assert set(one_peer.looks().survey.peers) == {DS, OTHER}
    assert one_peer.drive.calls == NOTHING_NEW


@pytest.mark.parametrize("operation", ["folders", "own_files"])
def test_after_a_look_that_failed_or_saw_only_a_part_everything_is_looked_at(one_peer: OnePeer, operation: str) -> None:
    one_peer.drive.faults[operation] = TransientFault("Drive answers 503")
    with pytest.raises(TransientFault):
        one_peer.looks(full=True)
    one_peer.drive.faults.clear()
    assert one_peer.looks().full
    one_peer.drive.complete = False
    assert not one_peer.looks(full=True).survey.complete or one_peer.looks().survey.peers_problem
    one_peer.drive.complete = True
    assert one_peer.looks().full
    assert not one_peer.looks().full


class TestThePeersFile:
    def test_is_read_again_only_when_drive_names_another_version(self, one_peer: OnePeer) -> None:
        one_peer.looks(full=True)
        assert one_peer.read == []
        one_peer.says(ds="rejected")
        assert one_peer.looks().survey.states == {DS: "rejected"}
        assert one_peer.read == [f"download {PEERS_FILE}"]
        one_peer.looks()
        assert one_peer.read == []

    def test_that_is_gone_says_nothing_any_more(self, one_peer: OnePeer) -> None:
        one_peer.drive.remove(one_peer.says(ds="accepted"))
        snapshot = one_peer.looks()
        assert snapshot.full
        assert snapshot.survey.states == {}

    def test_that_cannot_be_understood_leaves_what_was_known(self, one_peer: OnePeer) -> None:
        corrupted = one_peer.drive.add_own_file(PEERS_FILE, b"{")
        for _ in range(2):
            survey = one_peer.looks().survey
            assert survey.states == {DS: "accepted"}
            assert PEERS_FILE in survey.peers_problem
            assert one_peer.read == [f"download {PEERS_FILE}"]
        one_peer.drive.remove(corrupted)
        one_peer.says(ds="rejected")
        survey = one_peer.looks().survey
        assert (survey.states, survey.peers_problem) == ({DS: "rejected"}, "")

    @pytest.mark.parametrize("fault", [TransientFault("Drive answered 403"), RateLimitedFault("Drive answered 429")])
    def test_that_does_not_come_now_leaves_what_was_known(self, one_peer: OnePeer, fault: Fault) -> None:
        one_peer.drive.faults[one_peer.says(ds="rejected")] = fault
        survey = one_peer.looks().survey
        assert (survey.states, survey.peers_problem) == ({DS: "accepted"}, fault.title)
        one_peer.drive.faults.clear()
        assert one_peer.looks().survey.states == {DS: "rejected"}

    def test_that_never_came_shows_nobody_whom_the_owner_may_have_rejected(self) -> None:
        one_peer = OnePeer()
        one_peer.drive.faults[one_peer.says(ds="rejected")] = TransientFault("Drive answered 403")
        with pytest.raises(TransientFault):
            one_peer.looks()

    def test_of_somebody_else_counts_for_nothing(self, one_peer: OnePeer) -> None:
        foreign = one_peer.drive.add_folder("Elsewhere", DS)
        one_peer.drive.add_file(foreign, PEERS_FILE, b"{}", DS)
        assert not one_peer.looks().full

    def test_is_looked_for_when_its_folder_comes_or_goes_but_not_whenever_it_is_named(self, one_peer: OnePeer) -> None:
        """Whether Drive names a folder when something in it is made is not said anywhere: it may do so all day."""
        one_peer.drive.touch(one_peer.home)
        one_peer.looks()
        for _ in range(3):
            one_peer.drive.touch(one_peer.home)
            assert not one_peer.looks().full
        one_peer.drive.remove(one_peer.home)
        assert one_peer.looks().full
        one_peer.drive.add_folder(SYFTBOX, DO)
        assert one_peer.looks().full
        assert not one_peer.looks().full

    def test_who_is_accepted_on_disk_is_known_at_the_next_look(self, one_peer: OnePeer) -> None:
        one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
        assert one_peer.looks().survey.accepted == {DS}
        one_peer.locally = frozenset({OTHER})
        assert one_peer.looks().survey.accepted == {DS, OTHER}
        assert one_peer.drive.calls == NOTHING_NEW


def test_a_folder_that_cannot_be_judged_hides_no_other() -> None:
    one_peer = OnePeer()
    one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), 5)  # type: ignore[arg-type]
    for full in (True, False):
        survey = one_peer.looks(full=full).survey
        assert list(survey.peers) == [DS]
        assert survey.notes == (f"the folder {TODAY.inbox_folder(DO, OTHER)}: internal error (AttributeError)",)


def test_a_stranger_whom_drive_hides_cannot_name_more_folders_than_a_peer_has() -> None:
    one_peer = OnePeer()
    for number in range(30):
        one_peer.drive.add_folder(TODAY.inbox_folder(DO, f"victim{number:02}@example.org"), "")
        one_peer.clock.advance(1)
    survey = one_peer.looks(full=True).survey
    assert sorted(survey.unproven) == [f"victim{number:02}@example.org" for number in range(10, 30)]
    assert len(survey.to_read) == 21
    (note,) = survey.notes
    assert lacking(note, "30", "20") == []
