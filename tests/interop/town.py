"""The world of one story: a sandbox, the people on it, and those who watch the owner's SyftBox."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.mailboxes import Mail
from syft_notify.sandbox.tokens import DRIVE, GMAIL_SEND
from tests.interop.environment import programs_for_jobs
from tests.interop.people import Person
from tests.interop.watchman import Watchman

DO = "do@example.org"


@dataclass(frozen=True, order=True)
class Told:
    """What a story compares of a mail."""

    to: str
    event: str
    subject: str
    headline: str


class Town:
    """Everything lives below one temporary folder and ends with `people`."""

    def __init__(self, folder: Path, python: Path, sandbox: Sandbox, people: ExitStack) -> None:
        self._folder = folder
        self._python = python
        self._people = people
        self._path = f"{programs_for_jobs(folder / 'bin')}:/usr/bin:/bin"
        self._read = 0
        self.sandbox = sandbox

    def people(self, do: str, *scientists: str) -> list[Person]:
        """The owner and the scientists, logged in."""
        persons = [self._starts("do", do, self._python), *(self._starts("ds", ds, self._python) for ds in scientists)]
        for person in persons:
            person.wait_for_login()
        return persons

    def joins(self, role: str, email: str, python: Path) -> Person:
        """One more person, with a client of their own choice."""
        person = self._starts(role, email, python)
        person.wait_for_login()
        return person

    def watchman(self, name: str) -> Watchman:
        """A daemon of ours for the owner, with a ledger of its own that is still empty."""
        return Watchman(
            self._folder / name,
            {
                "do_email": DO,
                "syftbox_root": str(self._folder / DO / f"SyftBox_{DO}"),
                "drive_token_path": str(self._token(f"{name}.drive", DO, DRIVE)),
                "gmail_token_path": str(self._token(f"{name}.gmail", DO, GMAIL_SEND)),
                "drive_api_endpoint": self.sandbox.drive_endpoint,
                "gmail_api_endpoint": self.sandbox.gmail_endpoint,
                "oauth_token_uri": self.sandbox.token_uri,
            },
        )

    def told_by(self, watchman: Watchman) -> list[Told]:
        """The mails of one poll, sorted."""
        watchman.polls()
        sent = self.sandbox.mailbox(DO).sent
        new, self._read = sent[self._read :], len(sent)
        return sorted(_told(mail) for mail in new)

    def mail(self, to: str, headline: str) -> Mail:
        """The one mail in a person's inbox with this headline."""
        (found,) = (mail for mail in self.sandbox.mailbox(to).received if _headline(mail) == headline)
        return found

    def script(self, name: str, text: str) -> str:
        """The path of a file to submit, or of the folder when the name has one."""
        path = self._folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def _starts(self, role: str, email: str, python: Path) -> Person:
        home = self._folder / email
        home.mkdir()
        token = self._token(email, email, DRIVE)
        return self._people.enter_context(
            Person(
                python=python,
                role=role,
                email=email,
                token=token,
                google=f"{self.sandbox.url}/",
                home=home,
                path=self._path,
            )
        )

    def _token(self, name: str, email: str, scope: str) -> Path:
        path = self._folder / f"{name}.token.json"
        path.touch(mode=0o600)
        path.write_text(self.sandbox.token_file(email, (scope,)))
        return path


def _told(mail: Mail) -> Told:
    (to,) = mail.to
    return Told(to, mail.header("X-Syft-Event"), mail.subject, _headline(mail))


def _headline(mail: Mail) -> str:
    return mail.text.partition("\n")[0].strip()
