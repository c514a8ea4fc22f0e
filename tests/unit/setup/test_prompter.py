"""Questions: bad answers are explained and asked again, failures may be tried again, and nobody is never waited for."""

from __future__ import annotations

import pytest

from syft_notify.domain.errors import TransientFault, UserError
from syft_notify.setup.prompter import GivenUp, NoAnswer, ask_until, confirm, persist, picked
from tests.facts import lacking
from tests.unit.setup.scripted import Scripted


def a_number(text: str) -> int:
    if not text.isdigit():
        raise UserError(f"{text!r} is no number", "Type digits")
    return int(text)


class TestAskUntil:
    def test_a_bad_answer_is_explained_in_a_line_and_asked_again(self):
        person = Scripted("x", "", "7")
        assert ask_until(person, "How many", a_number) == 7
        assert person.told.count("? How many []") == 3
        assert [text for text in person.told if not lacking(text, "'x'", "digits")]

    def test_enter_takes_the_proposal(self):
        assert ask_until(Scripted(""), "How many", a_number, "3") == 3

    def test_the_end_of_the_answers_names_the_flag(self):
        with pytest.raises(NoAnswer, match=r"'How many'.*--count") as error:
            ask_until(Scripted("x"), "How many", a_number, flag="--count")
        assert len(str(error.value).splitlines()) == 1

    def test_nobody_is_asked_twice(self):
        with pytest.raises(UserError, match="'x' is no number"):
            ask_until(Scripted(alone=True), "How many", a_number, "x")


@pytest.mark.parametrize(
    ("answers", "default", "yes"),
    [
        (["y"], False, True),
        (["YES"], False, True),
        (["n"], True, False),
        ([""], True, True),
        (["maybe", ""], False, False),
    ],
)
def test_yes_and_no(answers, default, yes):
    assert confirm(Scripted(*answers), "Go on?", default=default) is yes


class TestPersist:
    def failing(self, times: int):
        left = [TransientFault("Drive answered 503")] * times

        def act() -> str:
            if left:
                raise left.pop()
            return "done"

        return act

    def test_a_failure_is_told_and_tried_again_as_often_as_wanted(self):
        person = Scripted("y", "")
        assert persist(person, self.failing(2)) == "done"
        assert person.told.count("Drive answered 503.") == 2

    def test_who_does_not_want_to_try_again_gives_up(self):
        with pytest.raises(GivenUp):
            persist(Scripted("n"), self.failing(1))

    def test_for_nobody_it_fails_at_once(self):
        with pytest.raises(TransientFault):
            persist(Scripted(alone=True), self.failing(1))

    def test_the_end_of_the_answers_is_no_failure_of_the_act(self):
        with pytest.raises(NoAnswer):
            persist(Scripted(), self.failing(1))


@pytest.mark.parametrize(
    ("text", "means"), [("1", "a"), ("2", "b"), ("3", "3"), ("0", "0"), ("a", "a"), ("²", "²"), ("", "")]
)
def test_a_number_means_what_was_offered_under_it(text, means):
    assert picked(text, ["a", "b"]) == means
