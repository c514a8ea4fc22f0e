"""The tables of the documents say what the code does: nothing is missing, nothing is made up."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from click.testing import CliRunner
from pydantic.fields import FieldInfo

from syft_notify.cli import cli
from syft_notify.config.paths import CONFIG_VARIABLE
from syft_notify.config.settings import Config
from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.errors import ExitCode
from syft_notify.domain.ids import EventId, JobId, PeerId, SubmissionId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event, JobFacts, PeerFacts, Role
from syft_notify.domain.notifications import Notification, ThreadRef
from syft_notify.domain.routing import Router
from syft_notify.mail.compose import Composer
from tests.docs.markdown import CONFIGURATION, CONTRIBUTING, DOCUMENTS, EVENTS, README, REPOSITORY, code_in

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DO, DS, JOB = "do@example.org", "ds@example.org", "JOB"


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


# Configuration.

TYPES: Mapping[Any, str] = {
    str: "email address",
    Path: "path",
    timedelta: "seconds",
    bool: "true or false",
    int: "number",
    str | None: "URL",
}


def config_table() -> str:
    """The table of docs/configuration.md as the code has it."""
    rows = [(f"`{key}`", _type(field), _default(field), str(field.description)) for key, field in _fields().items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _fields() -> Mapping[str, FieldInfo]:
    return Config.model_fields


def _type(field: FieldInfo) -> str:
    if field is Config.model_fields["email_channel"]:
        return "text"
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    return TYPES[field.annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "Google's"
    if isinstance(field.default, timedelta):
        return f"{field.default.total_seconds():g}"
    return str(field.default).lower() if isinstance(field.default, bool) else f"`{field.default}`"


def test_every_config_key_is_documented_with_type_default_and_meaning():
    table = config_table()
    assert table in CONFIGURATION.text, f"the table of docs/configuration.md should be:\n\n{table}"
    assert len(CONFIGURATION.table("key")) == len(_fields())


# Events.


def routed(kind: Kind) -> tuple[Notification, ...]:
    job = JobFacts(do=DO, ds=DS, job=JOB, key="job", identity="1")
    peer = PeerFacts(do=DO, ds=DS)
    about = PeerId(DS) if kind.is_about_peer else SubmissionId(JobId(DS, JOB), "1", DS)
    event = Event(EventId(about, kind), NOW, peer if kind.is_about_peer else job)
    return Router("gmail").route(event).notifications


def in_general(text: str) -> str:
    return text.replace(DO, "<do>").replace(DS, "<ds>").replace(JOB, "<job>")


def event_row(notification: Notification) -> list[str]:
    message = Composer(UTC).compose(notification, None, ThreadRef("t", "<t@x.invalid>"), NOW)
    key, type_ = notification.mark
    return [
        f"`{notification.kind.value}`",
        notification.role.name,
        f"`{in_general(message.headline)}`",
        f"{'job' if key == 'job' else f'`{in_general(key)}`'}: `{type_}`",
        f"`{CATALOGUE[notification.kind].switch}`",
    ]


def test_every_notification_is_in_the_events_table_with_headline_view_key_and_switch():
    assert EVENTS.table("event") == [event_row(notification) for kind in Kind for notification in routed(kind)]


def subjects(kind: Kind) -> list[str]:
    """What the README says of the owner's mail and of the scientist's: their subjects, or nothing."""
    composer = Composer(UTC)
    mails = {
        notification.role: composer.compose(notification, None, ThreadRef("t", "<t@x.invalid>"), NOW).subject
        for notification in routed(kind)
    }
    return [in_general(mails.get(role, "")).removeprefix("Re: ") for role in (Role.DO, Role.DS)]


def test_the_readme_tells_who_gets_a_mail_of_each_event_and_its_subject():
    told = [(event, *("".join(code_in(cell)) for cell in mails)) for event, _, *mails in README.table("event")]
    assert told == [(kind.value.replace("_", " "), *subjects(kind)) for kind in Kind]


# The command line.


def options_of(*command: str) -> set[str]:
    """The options that a command's `--help` lists, long and short."""
    shown = CliRunner().invoke(cli, [*command, "--help"]).output.partition("Options:\n")[2]
    return {option for line in re.findall(r"^  (-.+?)(?:  |$)", shown, re.MULTILINE) for option in _options(line)}


def _options(text: str) -> list[str]:
    return re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)


def test_every_option_of_run_is_in_the_readme_and_none_is_made_up():
    assert options_of("run") >= {"-c", "--config", "--once"}
    assert options_of("run") - set(_options(README.text)) <= {"-h", "--help", "-v"}
    commands = [(), *((name,) for name in cli.list_commands(None))]
    known = set().union(*(options_of(*command) for command in commands))
    written = [code for document in DOCUMENTS for code in code_in(document.prose) if code.startswith("syft-notify ")]
    assert {option for text in (README.text, *written) for option in _options(text) if option[:2] == "--"} <= known
    assert CONFIG_VARIABLE in README.text


def test_every_command_is_in_the_readme():
    assert [name for name in cli.list_commands(None) if f"syft-notify {name}" not in README.text] == []


def test_the_exit_codes_are_those_of_the_code():
    assert [int(code) for code, _ in README.table("exit code")] == [code.value for code in ExitCode]


# The project.


def names(requirements: Sequence[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement)[0] for requirement in requirements} - {"syft-notify"}


def test_every_dependency_has_a_line_that_says_why(project):
    extras = project["project"]["optional-dependencies"]
    needed = {
        "of the program": names([*project["project"]["dependencies"], *extras["demo"]]),
        "of the tests": names(extras["test"]),
        "of the developers": names(extras["dev"]) - names(extras["test"]),
    }
    explained = {header: {name for name, why in CONTRIBUTING.table(header) if why} for header in needed}
    assert explained == needed


def test_the_layers_are_those_that_the_linter_checks(project):
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert "\n".join(layers) + "\n" in [block.code for block in CONTRIBUTING.blocks("")]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("Only google touches Google's libraries", {"google", "sandbox"}), ("Only rendering imports Jinja2", {"mail"})],
)
def test_a_ban_on_a_library_holds_for_every_folder(project, name, allowed):
    contracts = {contract["name"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    banned = {module.removeprefix("syft_notify.") for module in contracts[name]["source_modules"]}
    parts = {
        code.removesuffix(".py").rstrip("/")
        for row in CONTRIBUTING.table("in `syft_notify/`")
        for code in code_in(row[0])
    }
    assert {part for part in banned if "." not in part} == parts - allowed
