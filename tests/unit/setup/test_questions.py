"""Whose Drive and which folder: what is proposed, what is refused, what is doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.domain.errors import UserError
from syft_notify.setup.prompter import NoAnswer
from syft_notify.setup.questions import ask_email, ask_root, doubt_about, given_root
from tests.facts import lacking
from tests.unit.setup.scripted import Scripted, place_in
from tests.unit.syftbox.boxes import Nobody

DO = "do@example.org"


@pytest.fixture
def place(tmp_path):
    return place_in(tmp_path)


def syftbox(place, email: str = DO):
    root = place.home / f"SyftBox_{email}"
    (root / email).mkdir(parents=True)
    return root


class TestEmail:
    def test_a_wrong_address_is_explained_and_a_right_one_taken_in_small_letters(self, place):
        person = Scripted("nobody", " Do@Example.org ")
        assert ask_email(person, place, {}) == DO
        assert [text for text in person.told if not lacking(text, "'nobody'", "email address")]

    def test_todays_is_proposed_first_then_the_one_of_the_only_folder(self, place):
        assert ask_email(Scripted(""), place, {"do_email": "me@example.org"}) == "me@example.org"
        syftbox(place)
        assert ask_email(Scripted(""), place, {}) == DO
        syftbox(place, "other@example.org")
        person = Scripted()
        with pytest.raises(NoAnswer, match="--email"):
            ask_email(person, place, {})
        assert person.asked[0][1] == ""


class TestRoot:
    def test_the_usual_folder_is_proposed_and_written_from_home(self, place):
        syftbox(place)
        assert ask_root(Scripted(""), place, {}, DO) == f"~/SyftBox_{DO}"

    def test_todays_folder_stays_as_it_is_written(self, place):
        assert ask_root(Scripted(""), place, {"syftbox_root": "$DATA/box"}, DO) == "$DATA/box"

    def test_several_folders_can_be_named_by_number(self, place):
        syftbox(place)
        syftbox(place, "other@example.org")
        person = Scripted("2", "n", "1")
        assert ask_root(person, place, {}, DO) == f"~/SyftBox_{DO}"
        assert f"  1  ~/SyftBox_{DO}" in person.told
        assert [text for text in person.told if not lacking(text, "SyftBox_other@example.org", DO)]

    def test_a_path_counts_from_the_current_folder_and_home(self, place):
        (place.here / "box" / DO).mkdir(parents=True)
        assert ask_root(Scripted("box"), place, {}, DO) == str(place.here / "box")
        (place.home / "box" / DO).mkdir(parents=True)
        assert ask_root(Scripted("~/box"), place, {}, DO) == "~/box"

    def test_a_file_is_refused_and_a_folder_that_is_not_there_is_doubted(self, place):
        (place.here / "file").touch()
        person = Scripted("file", "none", "n", "none", "y")
        assert ask_root(person, place, {}, DO) == str(place.here / "none")
        assert [text for text in person.told if not lacking(text, place.here / "file")]
        assert [text for text in person.told if not lacking(text, place.here / "none")]

    @pytest.mark.parametrize("text", ["$NOWHERE/x", "~nobody-of-this-name/x", "a\0b"])
    def test_what_is_no_path_is_asked_again(self, place, text):
        syftbox(place)
        assert ask_root(Scripted(text, ""), place, {}, DO) == f"~/SyftBox_{DO}"

    def test_nobody_has_no_doubts(self, place):
        with pytest.raises(UserError, match="--syftbox-root"):
            ask_root(Scripted(alone=True), place, {}, DO)

    def test_a_folder_that_was_named_beforehand_is_taken_with_a_word(self, place):
        person = Scripted(alone=True)
        assert given_root(person, place, place.home / "box", DO) == "~/box"
        assert [text for text in person.told if not lacking(text, place.home / "box")]

    def test_a_folder_that_may_not_be_looked_into_is_no_empty_one(self, place, strangers_root):
        (strangers_root / DO).mkdir(parents=True)
        strangers_root.chmod(0)
        person = Scripted(alone=True)
        with Nobody():
            given_root(person, place, strangers_root, DO)
        strangers_root.chmod(0o700)
        assert lacking(person.heard, strangers_root / DO, "Permission denied") == []


def test_a_datasite_of_another_spelling_of_the_account_is_no_doubt(tmp_path: Path) -> None:
    (tmp_path / "firstlast@googlemail.com").mkdir()
    assert doubt_about(tmp_path, "first.last@gmail.com") == ""
    assert lacking(doubt_about(tmp_path, "else@gmail.com"), "else@gmail.com") == []
