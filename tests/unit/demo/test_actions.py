"""What the visitor of the demo can let people do, and when."""

from __future__ import annotations

import json

import pytest

from syft_notify.demo.actions import LONGEST_NAME, Actions, JobState, check_name
from syft_notify.demo.owner import OwnerSetup
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import UserError
from syft_notify.sandbox import Sandbox
from tests.unit.demo.conftest import DO, DS


@pytest.mark.parametrize(
    "name", ["a", "average age", "<script>alert(1)", "ä" * (LONGEST_NAME // 2), "a.b", "\"'&%s{{x}}"]
)
def test_a_name_that_a_folder_can_have_is_taken(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../../x", "a\0b", "a\nb", "\u202eevil", "x" * (LONGEST_NAME + 1)]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UserError):
        check_name(name)


def test_nobody_acts_while_the_story_is_played(sandbox: Sandbox, owner_setup: OwnerSetup) -> None:
    actions = Actions(sandbox, owner_setup, DS, utc_now)
    with pytest.raises(UserError, match="story"):
        actions.perform("ask", {})
    assert list(actions.scientists) == [DS]


def test_an_act_that_nobody_knows_is_no_act(actions: Actions) -> None:
    with pytest.raises(KeyError):
        actions.perform("erase", {})


@pytest.mark.parametrize(
    ("acts", "state", "next_acts"),
    [
        ((), JobState.WAITING, ("approve", "reject")),
        (("approve",), JobState.APPROVED, ("run", "run-failing")),
        (("reject",), JobState.REJECTED, ()),
        (("approve", "run"), JobState.DONE, ()),
        (("approve", "run-failing"), JobState.FAILED, ()),
    ],
)
def test_a_job_is_decided_once_and_run_once(
    actions: Actions, acts: tuple[str, ...], state: JobState, next_acts: tuple[str, ...]
) -> None:
    actions.perform("submit", {"ds": DS, "job": "x"})
    (job,) = actions.jobs
    for act in acts:
        actions.perform(act, {"job": job.id})
    assert (job.state, job.acts) == (state, next_acts)
    for act in {"approve", "reject", "run", "run-failing"} - set(next_acts):
        with pytest.raises(UserError):
            actions.perform(act, {"job": job.id})
    assert job.state is state


def test_two_jobs_of_one_scientist_have_two_names(actions: Actions) -> None:
    actions.perform("submit", {"ds": DS, "job": "x"})
    with pytest.raises(UserError):
        actions.perform("submit", {"ds": DS, "job": " x "})
    assert len(actions.jobs) == 1


def test_a_scientist_submits_after_the_owner_accepted(actions: Actions) -> None:
    actions.perform("ask", {})
    newcomer = list(actions.scientists)[-1]
    with pytest.raises(UserError):
        actions.perform("submit", {"ds": newcomer, "job": "x"})
    actions.perform("accept", {"ds": newcomer})
    actions.perform("submit", {"ds": newcomer, "job": "x"})
    with pytest.raises(UserError):
        actions.perform("accept", {"ds": newcomer})


def test_there_are_always_more_scientists(actions: Actions) -> None:
    for _ in range(12):
        actions.perform("ask", {})
    assert len(actions.scientists) == 13


def test_gmail_is_broken_once_and_repaired_whole(sandbox: Sandbox, actions: Actions) -> None:
    for _ in range(2):
        actions.perform("break-gmail", {})
    assert len(sandbox.faults.rules()) == 1
    assert not actions.outages.gmail_works
    actions.perform("repair-gmail", {})
    assert sandbox.faults.rules() == []
    assert actions.outages.gmail_works


def test_only_the_token_for_gmail_dies_and_a_new_one_takes_its_place(
    sandbox: Sandbox, actions: Actions, owner_setup: OwnerSetup
) -> None:
    def owners() -> list[str]:
        files = (owner_setup.config.drive_token_path, owner_setup.config.gmail_token_path)
        return [sandbox.tokens.owner_of_refresh(json.loads(file.read_text())["refresh_token"]) for file in files]

    actions.perform("kill-token", {})
    assert (owners(), actions.outages.token_lives) == ([DO, ""], False)
    actions.perform("renew-token", {})
    assert (owners(), actions.outages.token_lives) == ([DO, DO], True)
    assert owner_setup.config.gmail_token_path.stat().st_mode & 0o777 == 0o600
