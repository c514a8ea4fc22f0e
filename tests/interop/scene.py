"""The world of one story: a sandbox, the people on it, and those who watch the owner's SyftBox."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.mailboxes import Mail
from syft_notify.sandbox.programs import programs_for_jobs
from syft_notify.sandbox.tokens import DRIVE, GMAIL_SEND
from tests.interop.environment import REPOSITORY
from tests.interop.expected import DO, Told
from tests.interop.notifier import Notifier
from tests.interop.people import Person

ACTOR, NOTEBOOK = (Path(__file__).with_name(name) for name in ("actor.py", "notebook_actor.py"))


class Scene:
    """Everything lives below one temporary folder and ends with `people`."""

    def __init__(self, folder: Path, python: Path, sandbox: Sandbox, people: ExitStack) -> None:
        self._folder = folder
        self._python = python
        self._people = people
        self._path = f"{programs_for_jobs(folder / 'bin')}:/usr/bin:/bin"
        self._read = 0
        self.sandbox = sandbox

    def people(self, do: str, *scientists: str, actor: Path = ACTOR) -> list[Person]:
        """The owner and the scientists, logged in."""
        roles = [("do", do), *(("ds", ds) for ds in scientists)]
        persons = [self._starts(role, email, self._python, actor) for role, email in roles]
        for person in persons:
            person.wait_for_login()
        return persons

    def joins(self, role: str, email: str, *, python: Path | None = None, actor: Path = ACTOR) -> Person:
        """One more person, with a client of their own choice."""
        person = self._starts(role, email, python or self._python, actor)
        person.wait_for_login()
        return person

    def notifier(self, name: str) -> Notifier:
        """A daemon of ours for the owner, with a state of its own that is still empty."""
        where = {"do_email": DO, "syftbox_root": str(self._folder / DO / f"SyftBox_{DO}")}
        drive = {"drive_token_path": str(self._token(f"{name}.drive", DO, DRIVE))}
        return Notifier(self._folder / name, {**where, **drive, **self.settings(name)})

    def settings(self, name: str) -> dict[str, str]:
        """What also somebody who holds the owner's client must say: whose Gmail, and which Google."""
        return {
            "gmail_token_path": str(self._token(f"{name}.gmail", DO, GMAIL_SEND)),
            "drive_api_endpoint": self.sandbox.drive_endpoint,
            "gmail_api_endpoint": self.sandbox.gmail_endpoint,
            "oauth_token_uri": self.sandbox.token_uri,
        }

    def told_after(self, look: Callable[[], None]) -> list[Told]:
        """The mails that went out when somebody looked."""
        look()
        return self.told()

    def told(self) -> list[Told]:
        """All mails that went out since this was asked last, sorted."""
        sent = self.sandbox.mailbox(DO).sent
        new, self._read = sent[self._read :], len(sent)
        return sorted(_told(mail) for mail in new)

    def mail(self, to: str, headline: str) -> Mail:
        """The newest mail in a person's inbox with this headline."""
        found = [mail for mail in self.sandbox.mailbox(to).received if _headline(mail) == headline]
        assert found, f"{to} never heard: {headline}"
        return found[-1]

    def script(self, name: str, text: str) -> str:
        """The path of a file to submit, or of the folder when the name has one."""
        path = self._folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def _starts(self, role: str, email: str, python: Path, actor: Path) -> Person:
        home = self._folder / email
        home.mkdir()
        token = self._token(email, email, DRIVE)
        # Nothing else of our surroundings: a token or a proxy of the machine must not reach the client.
        environment = {
            "HOME": str(home),
            "PATH": self._path,
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
            # One name for each release: a login without a token file finds it here, as on Colab it finds the user.
            "SYFT_TOKEN_PATH": str(token),
            "SYFTCLIENT_TOKEN_PATH": str(token),
        }
        if actor == NOTEBOOK:
            environment["PYTHONPATH"] = str(REPOSITORY)
        command = [str(python), str(actor), role, email, str(token), f"{self.sandbox.url}/"]
        return self._people.enter_context(Person(email, home, command, environment))

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
