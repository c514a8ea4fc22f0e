"""`syft-notify demo`: the whole story on a local Google."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syft_notify.atomic import write_atomically
from syft_notify.cli import output
from syft_notify.errors import ExitCode, UserError

if TYPE_CHECKING:
    from syft_notify.app import App
    from syft_notify.sandbox import Sandbox
    from syft_notify.sandbox.mailboxes import Mail
    from syft_notify.sandbox.story import Step

DO, DS = "olivia@hospital.example.org", "sam_lee@university.example.org"
_OURS = re.compile(r"\d\d-[a-z0-9-]+\.(eml|html)")


@click.command(short_help="See the whole story on a local Google; no account needed.")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("syft-notify-demo"),
    show_default=True,
    help="Where the mails go, as .eml and .html files.",
)
def demo(folder: Path) -> int:
    """Play a story on a Google of our own on this machine: a scientist asks, submits jobs, an owner decides.

    Everything is real but the people: the same program looks at Drive and sends through Gmail, both over HTTP.
    No account and no network is needed. Exit code 0 when every mail arrived that had to, and no other.

    \b
    Examples:
      syft-notify demo
      syft-notify demo --output /tmp/mails
    """
    try:
        from syft_notify.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise UserError(f"The demo needs {error.name}", "Install it: pip install 'syft-notify[sandbox]'") from error
    from syft_notify.sandbox.actors import Owner, Scientist
    from syft_notify.sandbox.story import steps

    _make_folder(folder)
    with tempfile.TemporaryDirectory(prefix="syft-notify-demo-") as temporary, Sandbox().start() as google:
        home = Path(temporary)
        scientist, owner = Scientist(google, DS), Owner(google, DO, home / f"SyftBox_{DO}")
        output.line(f"A Google of our own runs at {google.url}: Drive, Gmail and OAuth, for {DO} and {DS}.\n")
        with _watchman(google, home) as app:
            from syft_notify.app import utc_now

            wrong = [
                text
                for number, step in enumerate(steps(scientist, owner, utc_now), 1)
                for text in _play(number, step, app, google)
            ]
        count = _write_mails(google, folder)
    for text in wrong:
        output.error(text)
    output.line(f"{count} mails were sent. They lie in {folder.resolve()}; open the .html files in a browser.")
    return ExitCode.FAILED if wrong else ExitCode.OK


@contextmanager
def _watchman(google: Sandbox, home: Path) -> Iterator[App]:
    """Our program set up as an owner would: a daemon.yaml and two token files."""
    from syft_notify.app import open_app
    from syft_notify.config import load_config

    settings = {
        "do_email": DO,
        "syftbox_root": home / f"SyftBox_{DO}",
        "drive_api_endpoint": google.drive_endpoint,
        "gmail_api_endpoint": google.gmail_endpoint,
        "oauth_token_uri": google.token_uri,
    }
    config = home / "daemon.yaml"
    config.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    for name in ("token_do.json", "gmail_token.json"):
        token = home / name
        token.touch(mode=0o600)
        token.write_text(google.token_file(DO))
    with open_app(load_config(config, {}, home)) as app:
        yield app


def _play(number: int, step: Step, app: App, google: Sandbox) -> list[str]:
    """Do the step, poll, show the mails; returns what is wrong with them."""
    from syft_notify.cli.live import LiveNarrator
    from syft_notify.cli.watch import local_now

    before = {person: len(google.mailbox(person).received) for person in (DO, DS)}
    output.line(f"{number}. {step.title}")
    for act in step.acts:
        act()
    troubles: list[str] = []
    narrator = LiveNarrator(troubles.append, local_now)
    report = app.poll(narrator)
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


def headline(mail: Mail) -> str:
    """A mail's title: the first line of its text part."""
    return mail.text.lstrip().splitlines()[0]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in folder.iterdir():
            if _OURS.fullmatch(file.name):
                file.unlink()
    except OSError as error:
        raise UserError(f"{folder} cannot be used: {error.strerror}", "Name another with --output") from error


def _write_mails(google: Sandbox, folder: Path) -> int:
    mails = [(person, mail) for person in (DO, DS) for mail in google.mailbox(person).received]
    mails.sort(key=lambda entry: entry[1].at)
    for number, (person, mail) in enumerate(mails, 1):
        side = "owner" if person == DO else "scientist"
        slug = re.sub(r"[^a-z0-9]+", "-", headline(mail).lower()).strip("-")[:60]
        stem = f"{number:02}-{side}-{slug}"
        for name, content in ((f"{stem}.eml", mail.raw), (f"{stem}.html", mail.html.encode())):
            write_atomically(folder / name, content)
    return len(mails)
