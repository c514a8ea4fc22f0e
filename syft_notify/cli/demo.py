"""`syft-notify demo`: the whole story on a local Google."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.cli import output
from syft_notify.config.atomic_file import write_atomically
from syft_notify.domain.errors import ExitCode, UserError

if TYPE_CHECKING:
    from syft_notify.demo.actions import Actions
    from syft_notify.demo.owner import OwnerSetup
    from syft_notify.engine.app import App
    from syft_notify.sandbox import Sandbox
    from syft_notify.sandbox.story import Step

DO, DS = "olivia@hospital.example.org", "sam_lee@university.example.org"
_OURS = re.compile(r"\d\d-[a-z0-9-]+\.(eml|html)")


@click.command(
    short_help="See the whole story on a local Google; no account needed.",
    help="""Tell a story on a local simulator of Google: a scientist asks, submits jobs, an owner decides.

    Everything is real but the people: the same program looks at Drive and sends through Gmail, both over HTTP.
    No account and no network is needed. Then a page for your browser shows both mailboxes, with buttons for what
    people do, while the real service polls; Ctrl+C ends it. Without a terminal, and in CI, it ends as with --once.
    Exit code 0 when every mail of the story arrived that had to, and no other.

    \b
    Examples:
      syft-notify demo
      syft-notify demo --port 8000
      syft-notify demo --once --output /tmp/mails
    """,
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("syft-notify-demo"),
    show_default=True,
    help="Where the mails go, as .eml and .html files.",
)
@click.option("--once", is_flag=True, help="End after the story, without the page.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port of the page on 127.0.0.1; a free one when not given.",
)
def demo(folder: Path, once: bool, port: int) -> int:
    _check_installed()
    from syft_notify.demo.actions import Actions
    from syft_notify.demo.owner import OwnerSetup
    from syft_notify.domain.clock import utc_now
    from syft_notify.sandbox import Sandbox

    _make_folder(folder)
    with tempfile.TemporaryDirectory(prefix="syft-notify-demo-") as temporary, Sandbox().start() as google:
        owner_setup = OwnerSetup(google, Path(temporary), DO)
        actions = Actions(google, owner_setup, DS, utc_now)
        if once or os.environ.get("CI") or not sys.stdout.isatty():
            return _tell(google, owner_setup, actions, folder)
        return _show(google, owner_setup, actions, folder, port)


def _check_installed() -> None:
    """Raises `UserError` when the extra of the demo is not installed."""
    if find_spec("flask"):
        return
    clone = (Path(__file__).parents[2] / "pyproject.toml").is_file()
    raise UserError("The demo needs Flask", f"`pip install '{'.' if clone else 'syft-notify'}[demo]'` installs it")


def _show(google: Sandbox, owner_setup: OwnerSetup, actions: Actions, folder: Path, port: int) -> int:
    """Tell the story, and stay with the page until Ctrl+C."""
    from syft_notify.demo.server import PageServer
    from syft_notify.demo.web import Pages

    with owner_setup.logging(), PageServer(Pages(google, owner_setup, actions).app(), port) as page:
        output.line(f"Both mailboxes: {page.url}\n")
        code = _tell(google, owner_setup, actions, folder)

        def invite() -> None:
            actions.open()
            output.line(f"\nNow it is your turn: {page.url} has buttons for all that people do. Ctrl+C ends it.")

        owner_setup.watch(invite)
    output.line("\nThe demo ended.")
    return code


def _tell(google: Sandbox, owner_setup: OwnerSetup, actions: Actions, folder: Path) -> int:
    """Play the story and leave its mails in the folder; the exit code."""
    from syft_notify.domain.clock import utc_now
    from syft_notify.engine.app import open_app
    from syft_notify.sandbox.story import steps

    output.line(f"The simulator of Google runs at {google.url}: Drive, Gmail and OAuth, for {DO} and {DS}.\n")
    with open_app(owner_setup.config) as app:
        wrong = [
            text
            for number, step in enumerate(steps(actions.first, actions.owner, utc_now), 1)
            for text in _play(number, step, app, google)
        ]
    count = _write_mails(google, folder)
    for text in wrong:
        output.error(text)
    output.line(f"{count} mails were sent. They lie in {folder.resolve()}; open the .html files in a browser.")
    return ExitCode.FAILED if wrong else ExitCode.OK


def _play(number: int, step: Step, app: App, google: Sandbox) -> list[str]:
    """Do the step, poll, show the mails; returns what is wrong with them."""
    from syft_notify.daemon.log_reporter import LogReporter
    from syft_notify.demo.view import headline

    before = {person: len(google.mailbox(person).received) for person in (DO, DS)}
    output.line(f"{number}. {step.title}")
    for act in step.acts:
        act()
    report = app.poll(LogReporter())
    arrived = [
        (person, headline(mail)) for person in (DO, DS) for mail in google.mailbox(person).received[before[person] :]
    ]
    for person, text in arrived:
        output.line(f"     mail to {person}: {text}")
    if not arrived:
        output.line("     no mail")
    output.line()
    wrong = [f"Step {number}: {problem}." for problem in report.problems]
    wrong += [f"Step {number}: the mail '{text}' to {to} did not come." for to, text in _less(step.mails, arrived)]
    return wrong + [f"Step {number}: the mail '{text}' to {to} was not due." for to, text in _less(arrived, step.mails)]


def _less(some: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list((Counter(some) - Counter(others)).elements())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in folder.iterdir():
            if _OURS.fullmatch(file.name):
                file.unlink()
    except OSError as error:
        raise UserError(f"{folder} cannot be used: {error.strerror}", "Name another with --output") from error


def _write_mails(google: Sandbox, folder: Path) -> int:
    from syft_notify.demo.view import headline

    mails = [(person, mail) for person in (DO, DS) for mail in google.mailbox(person).received]
    mails.sort(key=lambda entry: entry[1].at)
    for number, (person, mail) in enumerate(mails, 1):
        side = "owner" if person == DO else "scientist"
        slug = re.sub(r"[^a-z0-9]+", "-", headline(mail).lower()).strip("-")[:60]
        stem = f"{number:02}-{side}-{slug}"
        for name, content in ((f"{stem}.eml", mail.raw), (f"{stem}.html", mail.html.encode())):
            write_atomically(folder / name, content)
    return len(mails)
