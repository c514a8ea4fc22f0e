"""What a person types next in the SyftBox client, for every notification and every generation of the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syft_notify.domain.jobs import JobLayout
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Facts, JobFacts, PeerFacts, Role
from syft_notify.domain.notifications import Notification
from syft_notify.domain.text import literal

# The releases called `syft-client`; today's is called `syft-rds`. What is typed was run in syft-client 0.1.117 and
# syft-rds 0.6.1, and compared with the sources of older ones (syft-client from 0.1.93, syft-job from 0.1.21).
_SYFT_CLIENT = frozenset({JobLayout.J0, JobLayout.J1, JobLayout.J2})
_WITHOUT_REVIEW = frozenset({JobLayout.J0, JobLayout.J1})
_AND = "\n    and "
_PRINT_FILES = (
    'for path in sorted(job.location.rglob("*")):',
    "    if path.is_file():",
    '        print(path, path.read_text(), sep="\\n")',
)


@dataclass(frozen=True)
class Step:
    """One thing to do next: in words, and the commands that do it."""

    title: str
    code: str


def next_steps(notification: Notification) -> tuple[Step, ...]:
    """The steps for the recipient; each goes on in the session that the first one opens."""
    facts = notification.facts
    if notification.members:
        return _list_all(notification.role, facts)
    if isinstance(facts, PeerFacts):
        return _PEER_STEPS.get((notification.kind, notification.role), _nothing)(facts)
    if facts.unidentified:
        return _UNIDENTIFIED_STEPS[notification.role](facts)
    return _JOB_STEPS.get((notification.kind, notification.role), _nothing)(facts)


def _nothing(facts: Facts) -> tuple[Step, ...]:
    return ()


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _login(role: Role, email: str, *, syft_client: bool) -> str:
    login = f"login_{role.value}"
    source, call = (
        ("import syft_client as sc", f"sc.{login}") if syft_client else (f"from syft_rds import {login}", login)
    )
    return _lines(
        source,
        f"client = {call}(",
        f"    email={literal(email)},",
        '    # token_path="..." outside Colab',
        ")",
    )


def _job_login(role: Role, facts: JobFacts) -> str:
    email = facts.do if role is Role.DO else facts.ds
    return _login(role, email, syft_client=facts.layout in _SYFT_CLIENT)


def _pick(facts: JobFacts, role: Role) -> str:
    """Finds exactly this job: by its name alone the client takes the newest, whoever it is from or for.

    J0 and J1 show the name and the sender that the DS wrote into the job, so there its folder is compared. The DS is
    the one of the job's folder, which stands in the job's key. Addresses are lower case here and as typed there.
    """
    conditions = [f"{'j.location.name' if facts.layout in _WITHOUT_REVIEW else 'j.name'} == {literal(facts.job)}"]
    if role is Role.DS:
        owner = "j.user" if facts.layout is JobLayout.J0 else "j.datasite_owner_email"
        conditions.append(f"{owner}.lower() == {literal(facts.do)}")
    elif (ds := facts.key.removesuffix(f"/{facts.job}")) != facts.key:
        sender = "j.location.parent.name" if facts.layout is JobLayout.J1 else "j.submitted_by"
        conditions.append(f"{sender}.lower() == {literal(ds)}")
    return _lines("job = next(", "    j for j in client.jobs", f"    if {_AND.join(conditions)}", ")")


def _review(facts: JobFacts) -> tuple[Step, ...]:
    """J0 and J1 know no rejection, and their jobs show no code: the files are read as they lie.

    The code of a bash job is its run script; the client shows no other.
    """
    code = () if facts.code_type == "bash" else ("print(job.code)",)
    fetch = Step("Fetch and list the jobs", _lines(_job_login(Role.DO, facts), "client.jobs"))
    look, approve = "Read what this one will run", _lines("job.approve()", _run(facts))
    if facts.layout in _WITHOUT_REVIEW:
        return (
            fetch,
            Step(look, _lines(_pick(facts, Role.DO), *_PRINT_FILES)),
            Step("If you agree: approve it, and run all approved jobs. A job that you leave alone never runs", approve),
        )
    return (
        fetch,
        Step(look, _lines(_pick(facts, Role.DO), "print(job.run_script)", *code)),
        Step("If you agree: approve it, then run all approved jobs and share their results", approve),
        Step("If not: reject it, with a reason for the scientist", _lines('job.reject("why")', "client.sync()")),
    )


def _run(facts: JobFacts) -> str:
    """Runs what is approved. In J0 results are always shared, and the call takes no such argument."""
    if facts.layout is JobLayout.J0:
        return "client.process_approved_jobs()"
    return _lines("client.process_approved_jobs(", "    share_outputs_with_submitter=True", ")")


def _after_failure(facts: JobFacts) -> tuple[Step, ...]:
    look = _lines(_job_login(Role.DO, facts), _pick(facts, Role.DO), "print(job.stderr)", "print(job.stdout)")
    again = Step("Run it once more, when the cause is gone", _lines("job.rerun()", _run(facts)))
    return Step("Read all of its output", look), again


def _list_all(role: Role, facts: Facts) -> tuple[Step, ...]:
    if isinstance(facts, JobFacts):
        return (Step("Fetch and list the jobs", _lines(_job_login(role, facts), "client.jobs")),)
    email = facts.do if role is Role.DO else facts.ds
    return (Step("List the peers", _lines(_peer_login(role, email, facts), "client.peers")),)


def _peer_login(role: Role, email: str, facts: PeerFacts) -> str:
    return _login(role, email, syft_client=not facts.version or facts.version.startswith("0.1."))


def _watch(facts: JobFacts) -> tuple[Step, ...]:
    return (Step("See how it stands", _lines(_job_login(Role.DS, facts), "client.jobs")),)


def _results(facts: JobFacts) -> tuple[Step, ...]:
    listing = ("for path in job.output_paths:", "    print(path)")
    return (Step("Find the results", _lines(_job_login(Role.DS, facts), _pick(facts, Role.DS), *listing)),)


def _submit_again(facts: JobFacts) -> tuple[Step, ...]:
    submit = _submit(facts.do, "a new name")
    return (Step("Submit it again, changed and under a new name", _lines(_job_login(Role.DS, facts), submit)),)


def _submit(do: str, name: str) -> str:
    return _lines(
        "client.submit_python_job(",
        f"    {literal(do)},",
        '    "main.py",  # or a folder',
        f"    job_name={literal(name)},",
        ")",
    )


def _fetch_unidentified(facts: JobFacts) -> tuple[Step, ...]:
    return (Step("Fetch it, and list the jobs", _lines(_job_login(Role.DO, facts), "client.jobs")),)


def _decide_on_peer(facts: PeerFacts) -> tuple[Step, ...]:
    login = _peer_login(Role.DO, facts.do, facts)
    ds = literal(facts.ds)
    return (
        Step("List your peers and their requests", _lines(login, "client.peers")),
        Step(
            "If you know them: accept, and fetch what they sent",
            _lines(f"client.approve_peer_request({ds})", "client.sync()"),
        ),
        Step("If you do not: reject", f"client.reject_peer_request({ds})"),
    )


def _watch_peer(facts: PeerFacts) -> tuple[Step, ...]:
    login = _peer_login(Role.DS, facts.ds, facts)
    return (Step("See how your request stands", _lines(login, "client.peers")),)


def _first_job(facts: PeerFacts) -> tuple[Step, ...]:
    login = _login(Role.DS, facts.ds, syft_client=facts.version.startswith("0.1."))
    return (Step("Submit a job", _lines(login, "client.sync()", _submit(facts.do, "my first job"))),)


_JOB_STEPS: Mapping[tuple[Kind, Role], Callable[[JobFacts], tuple[Step, ...]]] = {
    (Kind.JOB_SUBMITTED, Role.DO): _review,
    (Kind.JOB_SUBMITTED, Role.DS): _watch,
    (Kind.JOB_CHANGED, Role.DO): _review,
    (Kind.JOB_APPROVED, Role.DS): _watch,
    (Kind.JOB_EXECUTED, Role.DS): _results,
    (Kind.JOB_FAILED, Role.DO): _after_failure,
    (Kind.JOB_FAILED, Role.DS): _submit_again,
    (Kind.JOB_REJECTED, Role.DS): _submit_again,
}
_UNIDENTIFIED_STEPS: Mapping[Role, Callable[[JobFacts], tuple[Step, ...]]] = {
    Role.DO: _fetch_unidentified,
    Role.DS: _watch,
}
_PEER_STEPS: Mapping[tuple[Kind, Role], Callable[[PeerFacts], tuple[Step, ...]]] = {
    (Kind.PEER_REQUESTED, Role.DO): _decide_on_peer,
    (Kind.PEER_REQUESTED, Role.DS): _watch_peer,
    (Kind.PEER_GRANTED, Role.DS): _first_job,
}
