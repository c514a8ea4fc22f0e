"""daemon.yaml before and after: what a person wrote stays, what is new is explained, what is broken is kept aside."""

from __future__ import annotations

import pytest
import yaml

from syft_notify.config.settings import Config, load_config
from syft_notify.domain.errors import UserError
from syft_notify.setup.config_file import FormerConfig, edited_text, former_config, fresh_text
from tests.facts import lacking
from tests.unit.setup.scripted import Scripted, place_in

NEEDED = {"do_email": "do@example.org", "syftbox_root": "~/SyftBox_do@example.org"}


@pytest.fixture
def place(tmp_path):
    place = place_in(tmp_path)
    place.folder.mkdir()
    return place


def former(place, text: str, person: Scripted | None = None) -> FormerConfig:
    place.config.write_text(text)
    return former_config(person or Scripted(), place)


class TestFresh:
    def test_it_is_a_config_that_says_nothing_but_what_was_answered(self, place):
        text = fresh_text(NEEDED)
        assert yaml.safe_load(text) == NEEDED
        place.config.write_text(text)
        assert load_config(place.config, {}, place.home).do_email == "do@example.org"

    def test_every_other_key_is_shown_with_its_default_which_can_be_taken_as_it_is(self, place):
        lines = fresh_text(NEEDED).splitlines()
        commented = [line.removeprefix("#") for line in lines if line.startswith("#")]
        shown = [line for line in commented if line.partition(":")[0] in Config.model_fields]
        unsaid = {key for key, field in Config.model_fields.items() if field.default is None}
        assert {line.partition(":")[0] for line in shown} == Config.model_fields.keys() - NEEDED.keys() - unsaid
        configs = []
        for more in ([], shown):
            place.config.write_text("\n".join([yaml.safe_dump(NEEDED), *more]))
            configs.append(load_config(place.config, {}, place.home))
        assert configs[0] == configs[1]

    def test_another_server_is_said_only_when_there_is_one(self):
        assert "endpoint" not in fresh_text(NEEDED)
        assert "\noauth_token_uri: http://127.0.0.1:1/token\n" in fresh_text(
            {**NEEDED, "oauth_token_uri": "http://127.0.0.1:1/token"}
        )

    @pytest.mark.parametrize("root", ["/data: here", "# no", "~/é\"'", "- x", "yes", "a" * 300])
    def test_strange_paths_arrive_as_they_are(self, root):
        settings = {**NEEDED, "syftbox_root": root}
        assert yaml.safe_load(fresh_text(settings)) == settings


class TestEdited:
    TEXT = "# mine\ndo_email: do@example.org   # me\nsyftbox_root: /x\n\ninterval: 60 # slow\n"

    def test_only_the_line_that_changed_is_another(self, place):
        found = former(place, self.TEXT)
        assert edited_text(found, found.settings) == self.TEXT
        changed = {**found.settings, "syftbox_root": "/y"}
        assert edited_text(found, changed) == self.TEXT.replace("/x", "/y")

    def test_a_new_key_is_added_at_the_end(self, place):
        found = former(place, "interval: 60")
        assert edited_text(found, {"interval": 60, **NEEDED}) == (
            "interval: 60\ndo_email: do@example.org\nsyftbox_root: ~/SyftBox_do@example.org\n"
        )

    @pytest.mark.parametrize(
        "text",
        ["{do_email: a@example.org, syftbox_root: /x}\n", "do_email:\n  a@example.org\nsyftbox_root: /x\n"],
    )
    def test_what_lines_cannot_change_is_left_for_a_fresh_file(self, place, text):
        found = former(place, text)
        assert edited_text(found, {**found.settings, "do_email": "b@example.org"}) == ""

    def test_line_ends_of_another_system_stay(self, place):
        place.config.write_bytes(b"do_email: a@example.org\r\nsyftbox_root: /x\r\n")
        found = former_config(Scripted(), place)
        assert edited_text(found, {**found.settings, "syftbox_root": "/y"}).startswith("do_email: a@example.org\r\n")


class TestFormer:
    def test_none(self, place):
        assert former_config(Scripted(), place) == FormerConfig()

    def test_one_that_lacks_what_is_asked_anyway_is_not_broken(self, place):
        found = former(place, "gmail_api_endpoint: http://127.0.0.1:1/\n")
        assert found.settings == {"gmail_api_endpoint": "http://127.0.0.1:1/"}
        assert not found.corrupted

    def test_a_broken_one_is_explained_and_what_is_good_is_taken_over(self, place):
        person = Scripted("y")
        found = former(place, "do_email: nobody\ninterval: 60\nintervall: 5\n", person)
        assert (found.settings, found.text, found.corrupted) == ({"interval": 60}, "", True)
        assert lacking(person.heard, "do_email", "'nobody'", "'intervall'", "interval") == []

    @pytest.mark.parametrize("text", ["", "a: [", "- a\n", "do_email: a\ndo_email: b\n"])
    def test_of_one_that_cannot_be_read_nothing_is_taken_over(self, place, text):
        assert former(place, text, Scripted("y")).settings == {}

    def test_who_does_not_want_to_begin_anew_keeps_it(self, place):
        with pytest.raises(UserError, match="left"):
            former(place, "interval: 0\n", Scripted(""))

    def test_nobody_begins_anew(self, place):
        with pytest.raises(UserError, match="interval: 0"):
            former(place, "interval: 0\n", Scripted(alone=True))

    def test_a_folder_in_its_place(self, place):
        place.config.mkdir()
        with pytest.raises(UserError, match=str(place.config)):
            former_config(Scripted(), place)
