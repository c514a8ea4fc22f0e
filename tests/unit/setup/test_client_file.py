"""The OAuth client's file: where it is looked for, and the way of somebody who has none yet."""

from __future__ import annotations

import json
import os

import pytest

from syft_notify.setup.client_file import choose_client
from syft_notify.setup.prompter import NoAnswer
from tests.facts import lacking
from tests.unit.setup.scripted import Scripted, place_in

DO = "do@example.org"


@pytest.fixture
def place(tmp_path):
    place = place_in(tmp_path)
    place.folder.mkdir()
    (place.home / "Downloads").mkdir()
    return place


@pytest.fixture
def put(sandbox):
    """Puts a file there, of the local Google unless it is another kind."""

    def made(path, kind: str = "installed", age: int = 0):
        client = json.loads(sandbox.client_file())["installed"]
        path.write_text(json.dumps({kind: client}))
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
        return path

    return made


def test_one_beside_the_config_is_taken_without_a_question(place, put):
    put(place.client)
    person = Scripted()
    assert choose_client(person, place, DO)[0] == place.client
    assert person.asked == []


def test_a_download_is_proposed(place, put):
    path = put(place.home / "Downloads" / "client_secret_1.json")
    person = Scripted("")
    assert choose_client(person, place, DO)[0] == path
    assert [default for _, default in person.asked] == ["~/Downloads/client_secret_1.json"]


def test_of_several_the_newest_is_proposed_and_each_can_be_had_by_number(place, put):
    old = put(place.home / "Downloads" / "client_secret_1.json", age=60)
    new = put(place.here / "credentials.json")
    assert choose_client(Scripted(""), place, DO)[0] == new
    assert choose_client(Scripted("2"), place, DO)[0] == old


def test_a_file_of_another_kind_is_named_and_not_proposed(place, put):
    put(place.home / "Downloads" / "client_secret_web.json", kind="web")
    good = put(place.here / "client_secret_good.json")
    person = Scripted("")
    assert choose_client(person, place, DO)[0] == good
    assert "Web application" in person.heard


def test_a_broken_one_beside_the_config_is_explained_and_another_is_looked_for(place, put):
    place.client.write_text("{")
    good = put(place.here / "client_secret_good.json")
    person = Scripted("")
    assert choose_client(person, place, DO)[0] == good
    assert [text for text in person.told if not lacking(text, "credentials.json", "JSON")]


def test_who_has_none_is_shown_the_way_once_and_can_come_back_with_enter(place, put):
    class Downloading(Scripted):
        def ask(self, question: str, default: str = "", flag: str = "") -> str:
            if len(self.asked) == 2:
                put(place.home / "Downloads" / "client_secret_9.json")
            return super().ask(question, default, flag)

    person = Downloading("", "nothing.json", "", "")
    assert choose_client(person, place, DO)[0].name == "client_secret_9.json"
    assert person.heard.count("Publish app") == 1
    assert lacking(person.heard, DO, "client_secret_….json", "~/Downloads", "nothing.json") == []


def test_nobody_is_told_the_flag_alone(place):
    person = Scripted(alone=True)
    with pytest.raises(NoAnswer, match="--credentials"):
        choose_client(person, place, DO)
    assert "ten minutes" not in person.heard
