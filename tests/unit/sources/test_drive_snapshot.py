"""What a look at Drive asks for, and what it takes from the changes feed."""

from __future__ import annotations

import pytest

from syft_notify.domain.errors import CredentialFault, Fault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.domain.model import Look
from syft_notify.sources.drive_snapshot import SYFTBOX
from syft_notify.sources.folders import PEERS_FILE
from tests.facts import lacking
from tests.unit.sources.one_peer import DO, DS, OTHER, TODAY, Tower

EVERYTHING = ["feed_start", "folders", "own_files"]
NOTHING_NEW = ["changes"]


@pytest.fixture
def tower() -> Tower:
    """After the first look."""
    tower = Tower()
    sight = tower.looks()
    assert tower.asked == EVERYTHING
    assert (sight.thorough, sight.first) == (True, True)
    assert sight.survey.accepted == {DS}
    return tower


def test_all_who_share_a_look_share_what_it_shows(tower: Tower) -> None:
    look = Look(thorough=False)
    assert tower.surveyor.sight(look) is tower.surveyor.sight(look)
    tower.drive.faults["changes"] = CredentialFault("the token is dead")
    look = Look(thorough=False)
    for _ in range(2):
        with pytest.raises(CredentialFault):
            tower.surveyor.sight(look)
    assert tower.drive.calls.count("changes") == 2  # one of each look


def test_where_nothing_happened_the_feed_is_asked_and_nothing_else(tower: Tower) -> None:
    survey = tower.looks().survey
    sight = tower.looks()
    assert tower.drive.calls == NOTHING_NEW
    assert sight.survey is survey
    assert not sight.thorough
    assert not sight.changes


def test_a_folder_that_the_feed_names_is_taken_in(tower: Tower) -> None:
    tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
    assert set(tower.looks().survey.peers) == {DS, OTHER}
    assert tower.drive.calls == NOTHING_NEW
    tower.drive.remove(tower.inbox)
    assert set(tower.looks().survey.peers) == {OTHER}
    assert tower.drive.calls == NOTHING_NEW


def test_a_folder_is_of_whom_drive_says_and_not_of_whom_its_name_says(tower: Tower) -> None:
    tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), "mallory@example.org")
    assert set(tower.looks().survey.peers) == {DS}
    assert set(tower.looks(thorough=True).survey.peers) == {DS}


def test_what_the_feed_hides_is_found_by_a_thorough_look(tower: Tower) -> None:
    tower.drive.hidden.add(tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER))
    assert set(tower.looks().survey.peers) == {DS}
    assert set(tower.looks(thorough=True).survey.peers) == {DS, OTHER}
    assert tower.asked == [*NOTHING_NEW, "folders", "own_files"]


@pytest.mark.parametrize("fault", [RejectedFault("the cursor is too old"), TransientFault("Drive answers 503")])
def test_a_feed_that_fails_is_replaced_by_a_look_at_everything_and_recovers(tower: Tower, fault: Exception) -> None:
    tower.drive.hidden.add(tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER))
    tower.drive.faults["changes"] = fault
    assert set(tower.looks().survey.peers) == {DS, OTHER}
    assert tower.asked == [*NOTHING_NEW, *EVERYTHING]
    del tower.drive.faults["changes"]
    tower.looks()
    assert tower.drive.calls == NOTHING_NEW


def test_without_a_feed_every_look_is_thorough(tower: Tower) -> None:
    tower.drive.faults |= {"changes": RejectedFault("too old"), "feed_start": RejectedFault("no feed")}
    for _ in range(3):
        assert tower.looks().thorough
    tower.drive.faults.clear()
    assert tower.looks().thorough
    assert not tower.looks().thorough


def test_what_happens_while_everything_is_looked_at_is_named_the_next_time(tower: Tower) -> None:
    """The place in the feed is taken before the look."""
    tower.drive.faults["changes"] = RejectedFault("too old")
    listed = tower.drive.folders

    def listed_before(prefix: str) -> object:
        listing = listed(prefix)
        tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
        return listing

    tower.drive.folders = listed_before  # type: ignore[method-assign, assignment]
    assert set(tower.looks().survey.peers) == {DS}
    tower.drive.folders = listed  # type: ignore[method-assign]
    tower.drive.faults.clear()
    assert set(tower.looks().survey.peers) == {DS, OTHER}
    assert tower.drive.calls == NOTHING_NEW


@pytest.mark.parametrize("operation", ["folders", "own_files"])
def test_after_a_look_that_failed_or_saw_only_a_part_everything_is_looked_at(tower: Tower, operation: str) -> None:
    tower.drive.faults[operation] = TransientFault("Drive answers 503")
    with pytest.raises(TransientFault):
        tower.looks(thorough=True)
    tower.drive.faults.clear()
    assert tower.looks().thorough
    tower.drive.complete = False
    assert not tower.looks(thorough=True).survey.complete or tower.looks().survey.peers_problem
    tower.drive.complete = True
    assert tower.looks().thorough
    assert not tower.looks().thorough


class TestThePeersFile:
    def test_is_read_again_only_when_drive_names_another_version(self, tower: Tower) -> None:
        tower.looks(thorough=True)
        assert tower.read == []
        tower.says(ds="rejected")
        assert tower.looks().survey.states == {DS: "rejected"}
        assert tower.read == [f"download {PEERS_FILE}"]
        tower.looks()
        assert tower.read == []

    def test_that_is_gone_says_nothing_any_more(self, tower: Tower) -> None:
        tower.drive.remove(tower.says(ds="accepted"))
        sight = tower.looks()
        assert sight.thorough
        assert sight.survey.states == {}

    def test_that_cannot_be_understood_leaves_what_was_known(self, tower: Tower) -> None:
        spoilt = tower.drive.add_own_file(PEERS_FILE, b"{")
        for _ in range(2):
            survey = tower.looks().survey
            assert survey.states == {DS: "accepted"}
            assert PEERS_FILE in survey.peers_problem
            assert tower.read == [f"download {PEERS_FILE}"]
        tower.drive.remove(spoilt)
        tower.says(ds="rejected")
        survey = tower.looks().survey
        assert (survey.states, survey.peers_problem) == ({DS: "rejected"}, "")

    @pytest.mark.parametrize("fault", [TransientFault("Drive answered 403"), RateLimitedFault("Drive answered 429")])
    def test_that_does_not_come_now_leaves_what_was_known(self, tower: Tower, fault: Fault) -> None:
        tower.drive.faults[tower.says(ds="rejected")] = fault
        survey = tower.looks().survey
        assert (survey.states, survey.peers_problem) == ({DS: "accepted"}, fault.title)
        tower.drive.faults.clear()
        assert tower.looks().survey.states == {DS: "rejected"}

    def test_that_never_came_shows_nobody_whom_the_owner_may_have_rejected(self) -> None:
        tower = Tower()
        tower.drive.faults[tower.says(ds="rejected")] = TransientFault("Drive answered 403")
        with pytest.raises(TransientFault):
            tower.looks()

    def test_of_somebody_else_counts_for_nothing(self, tower: Tower) -> None:
        foreign = tower.drive.add_folder("Elsewhere", DS)
        tower.drive.add_file(foreign, PEERS_FILE, b"{}", DS)
        assert not tower.looks().thorough

    def test_is_looked_for_when_its_folder_comes_or_goes_but_not_whenever_it_is_named(self, tower: Tower) -> None:
        """Whether Drive names a folder when something in it is made is not said anywhere: it may do so all day."""
        tower.drive.touch(tower.home)
        tower.looks()
        for _ in range(3):
            tower.drive.touch(tower.home)
            assert not tower.looks().thorough
        tower.drive.remove(tower.home)
        assert tower.looks().thorough
        tower.drive.add_folder(SYFTBOX, DO)
        assert tower.looks().thorough
        assert not tower.looks().thorough

    def test_who_is_accepted_on_disk_is_known_at_the_next_look(self, tower: Tower) -> None:
        tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
        assert tower.looks().survey.accepted == {DS}
        tower.locally = frozenset({OTHER})
        assert tower.looks().survey.accepted == {DS, OTHER}
        assert tower.drive.calls == NOTHING_NEW


def test_a_folder_that_cannot_be_judged_hides_no_other() -> None:
    tower = Tower()
    tower.drive.add_folder(TODAY.inbox_folder(DO, OTHER), 5)  # type: ignore[arg-type]
    for thorough in (True, False):
        survey = tower.looks(thorough=thorough).survey
        assert list(survey.peers) == [DS]
        assert survey.notes == (f"the folder {TODAY.inbox_folder(DO, OTHER)}: internal error (AttributeError)",)


def test_a_stranger_whom_drive_hides_cannot_name_more_folders_than_a_peer_has() -> None:
    tower = Tower()
    for number in range(30):
        tower.drive.add_folder(TODAY.inbox_folder(DO, f"victim{number:02}@example.org"), "")
        tower.clock.advance(1)
    survey = tower.looks(thorough=True).survey
    assert sorted(survey.unproven) == [f"victim{number:02}@example.org" for number in range(10, 30)]
    assert len(survey.to_read) == 21
    (note,) = survey.notes
    assert lacking(note, "30", "20") == []
