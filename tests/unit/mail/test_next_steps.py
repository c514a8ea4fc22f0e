"""What a person types next."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from syft_notify.domain.jobs import JobLayout, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import PeerFacts, Role
from syft_notify.domain.notifications import Notification
from syft_notify.mail.next_steps import next_steps
from tests.unit.makers import DO, DS, job_event, job_facts, peer_event, routed

HOSTILE = '"\'\n\\"); import os # \u202e{}'
JOB_KINDS = [kind for kind in Kind if kind.value.startswith("job")]


def _notifications(kind: Kind, **facts: Any) -> Iterator[Notification]:
    facts.setdefault("job", "sales")
    facts.setdefault("key", f"{DS}/{facts['job']}")
    yield from routed(job_event(kind, facts=job_facts(**facts)))[1]


def _of(kind: Kind, role: Role, **facts: Any) -> str:
    notification = next(n for n in _notifications(kind, **facts) if n.role is role)
    return "\n".join(step.code for step in next_steps(notification))


def _of_peer(kind: Kind, role: Role, version: str) -> str:
    event = peer_event(kind, facts=PeerFacts(DO, DS, version))
    notification = next(n for n in routed(event)[1] if n.role is role)
    return "\n".join(step.code for step in next_steps(notification))


@pytest.mark.parametrize("layout", [*JobLayout, None])
@pytest.mark.parametrize("kind", JOB_KINDS)
def test_every_job_mail_has_commands_that_are_python_for_any_name(kind: Kind, layout: JobLayout | None) -> None:
    for notification in _notifications(kind, job=HOSTILE, key=f"{DS}/{HOSTILE}", layout=layout):
        tree = ast.parse("\n".join(step.code for step in next_steps(notification)))

        imported = {name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in _names(node)}
        assert imported <= {"syft_client"}, "nothing of the name is executed"


def _names(node: ast.Import) -> list[str]:
    return [alias.name for alias in node.names]


@pytest.mark.parametrize(
    ("layout", "login"),
    [
        (JobLayout.J0, "import syft_client as sc"),
        (JobLayout.J1, "import syft_client as sc"),
        (JobLayout.J2, "import syft_client as sc"),
        (JobLayout.J3, "from syft_rds import login_do"),
        (None, "from syft_rds import login_do"),
    ],
)
def test_the_client_is_the_one_that_made_the_job(layout: JobLayout | None, login: str) -> None:
    assert _of(Kind.JOB_SUBMITTED, Role.DO, layout=layout).startswith(login)


def test_where_the_client_knows_no_rejection_none_is_shown() -> None:
    for layout in (JobLayout.J0, JobLayout.J1):
        assert "reject" not in _of(Kind.JOB_SUBMITTED, Role.DO, layout=layout)
    assert 'job.reject("why")' in _of(Kind.JOB_SUBMITTED, Role.DO, layout=JobLayout.J2)


def test_a_submission_that_nobody_can_read_is_not_approved_by_name() -> None:
    commands = _of(Kind.JOB_SUBMITTED, Role.DO, unidentified=Unidentified.ENCRYPTED, layout=None)

    assert "client.jobs" in commands
    assert "approve" not in commands


def _listed(folder: str, *, do: str = DO, claims: tuple[str, str] = ("", "")) -> SimpleNamespace:
    """A job in a client's list: where it lies, and what its own config claims to be its DS and name."""
    path = PurePosixPath(folder)
    ds, name = (claimed or real for claimed, real in zip(claims, (path.parent.name, path.name), strict=True))
    return SimpleNamespace(location=path, submitted_by=ds, name=name, user=do, datasite_owner_email=do)


def _picked(kind: Kind, role: Role, layout: JobLayout, jobs: list[SimpleNamespace], **facts: Any) -> SimpleNamespace:
    """Runs the commands that pick the job of the mail on a client that lists these jobs, the newest first."""
    notification = next(n for n in _notifications(kind, layout=layout, **facts) if n.role is role)
    code = "\n".join(step.code for step in next_steps(notification))
    choice, end, _ = code[code.index("job = ") :].partition("\n)")
    scope = {"client": SimpleNamespace(jobs=jobs)}
    exec(choice + end, scope)  # noqa: S102 - the mail asks a person to run this
    picked: Any = scope["job"]
    return picked


@pytest.mark.parametrize("layout", [JobLayout.J1, JobLayout.J2, JobLayout.J3])
def test_of_two_jobs_of_one_name_the_owner_picks_the_one_in_the_mail(layout: JobLayout) -> None:
    jobs = [_listed("job/newer@example.org/sales"), _listed(f"job/{DS}/other"), _listed(f"job/{DS}/sales")]

    assert _picked(Kind.JOB_SUBMITTED, Role.DO, layout, jobs) is jobs[2]


@pytest.mark.parametrize("layout", JobLayout)
def test_of_two_jobs_of_one_name_the_scientist_picks_the_one_at_this_owner(layout: JobLayout) -> None:
    jobs = [_listed(f"job/{DS}/sales", do="newer@example.org"), _listed(f"job/{DS}/sales", do=DO)]

    assert _picked(Kind.JOB_EXECUTED, Role.DS, layout, jobs) is jobs[1]


@pytest.mark.parametrize("layout", [JobLayout.J1, JobLayout.J2, JobLayout.J3])
def test_an_address_with_capitals_is_found(layout: JobLayout) -> None:
    job = _listed("job/Ds@Example.org/sales", do="Do@Example.org")

    assert _picked(Kind.JOB_SUBMITTED, Role.DO, layout, [job]) is job
    assert _picked(Kind.JOB_EXECUTED, Role.DS, layout, [job]) is job


@pytest.mark.parametrize(("layout", "folder"), [(JobLayout.J0, "job/mine"), (JobLayout.J1, "job/mallory@x.org/mine")])
def test_a_job_that_claims_to_be_the_one_in_the_mail_is_not_picked(layout: JobLayout, folder: str) -> None:
    real = _listed("job/sales" if layout is JobLayout.J0 else f"job/{DS}/sales")
    key = "sales" if layout is JobLayout.J0 else f"{DS}/sales"
    jobs = [_listed(folder, claims=(DS, "sales")), real]

    assert _picked(Kind.JOB_SUBMITTED, Role.DO, layout, jobs, key=key) is real


def test_a_job_that_drive_says_is_from_another_is_picked_by_the_folder_it_lies_in() -> None:
    jobs = [_listed(f"job/{DS}/sales"), _listed("job/first@example.org/sales")]

    assert _picked(Kind.JOB_SUBMITTED, Role.DO, JobLayout.J2, jobs, key="first@example.org/sales") is jobs[1]


def test_a_hostile_name_picks_its_job_and_does_nothing_else() -> None:
    jobs = [_listed(f"job/{DS}/x"), _listed(f"job/{DS}/x", claims=("", HOSTILE))]

    assert _picked(Kind.JOB_SUBMITTED, Role.DO, JobLayout.J3, jobs, job=HOSTILE) is jobs[1]


@pytest.mark.parametrize(
    ("version", "login"),
    [("0.10.0", "from syft_rds"), ("0.1.117", "import syft_client"), ("", "import syft_client")],
)
def test_a_peer_request_is_answered_in_the_client_of_its_folder(version: str, login: str) -> None:
    commands = _of_peer(Kind.PEER_REQUESTED, Role.DO, version)

    assert commands.startswith(login)
    assert f'client.approve_peer_request("{DS}")' in commands
    assert f'client.reject_peer_request("{DS}")' in commands


def test_a_grant_names_no_client_version_so_it_shows_the_client_of_today() -> None:
    assert _of_peer(Kind.PEER_GRANTED, Role.DS, "").startswith("from syft_rds import login_ds")


@pytest.mark.interop
def test_all_that_is_typed_exists_in_the_client_of_today() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not ours: what the clients import
        import syft_rds
        from syft_job.job import JobInfo
        from syft_rds.client import SyftRDSClient
    owners = {"client": SyftRDSClient, "job": JobInfo, "j": JobInfo}
    notifications = [n for kind in JOB_KINDS for n in _notifications(kind, layout=JobLayout.J3)]
    notifications += [n for kind in (Kind.PEER_REQUESTED, Kind.PEER_GRANTED) for n in routed(_today(kind))[1]]
    typed: set[tuple[str, str]] = set()
    for notification in notifications:
        for node in ast.walk(ast.parse("\n".join(step.code for step in next_steps(notification)))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                typed.add((node.value.id, node.attr))
            if isinstance(node, ast.ImportFrom):
                assert all(hasattr(syft_rds, alias.name) for alias in node.names)

    assert ("job", "approve") in typed
    assert [missing for missing in sorted(typed) if not hasattr(owners[missing[0]], missing[1])] == []


def _today(kind: Kind) -> Any:
    return peer_event(kind, facts=PeerFacts(DO, DS, "0.10.0"))
