"""The two accounts of a notebook, made up on a local Google or real ones, and the mails that come to them."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import CONFIG_NAME, CONFIG_VARIABLE, Files, ServiceFiles, default_folder
from syft_notify.daemon import daemonize
from syft_notify.domain.errors import UserError
from syft_notify.sandbox.client_redirect import lead_clients_to
from syft_notify.sandbox.mailboxes import Mail
from syft_notify.sandbox.programs import programs_for_jobs
from syft_notify.sandbox.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE, GMAIL_SEND
from syft_notify.store.reading import Reader


@dataclass(frozen=True)
class ReceivedMail:
    """A mail that went out: to whom, the event in words, and its headline (of a real one, what the history says)."""

    to: str
    event: str
    headline: str
    text: str


class ReceivedMails(list[ReceivedMail]):
    """Mails as a table in a notebook, and as lines elsewhere."""

    def __repr__(self) -> str:
        return "\n".join(f"{letter.to}  {letter.event}  {letter.headline}" for letter in self) or "No mail."

    def _repr_html_(self) -> str:
        if not self:
            return "<em>No mail.</em>"
        cell = "padding: 2px 16px 2px 0; text-align: left; background: transparent; color: inherit"
        rows = (
            "".join(f'<td style="{cell}">{escape(text)}</td>' for text in (letter.to, letter.event, letter.headline))
            for letter in self
        )
        body = "".join(f'<tr style="background: transparent">{row}</tr>' for row in rows)
        return f'<table style="border: none; color: inherit; margin: 0"><tbody>{body}</tbody></table>'


class Accounts:
    """A data owner and a data scientist, each with a token for their client.

    `settings` are the keys of daemon.yaml that syft-notify needs to meet the Google of these accounts.
    """

    def __init__(self, do: str, ds: str, do_token: Path, ds_token: Path, settings: Mapping[str, object]) -> None:
        self.do = do
        self.ds = ds
        self.do_token = do_token
        self.ds_token = ds_token
        self.settings = settings
        self._read = len(self._sent())

    def expect_mails(
        self, *, to_do: Sequence[str] = (), to_ds: Sequence[str] = (), within: float = 120
    ) -> ReceivedMails:
        """The mails that went out since this was asked last, once those named by their events are among them.

        Raises `UserError` when one of them has not come after `within` seconds, came twice, or another one came.
        """
        wanted = Counter([*((self.do, event) for event in to_do), *((self.ds, event) for event in to_ds)])
        deadline = time.monotonic() + within
        while True:
            new = ReceivedMails(self._sent()[self._read :])
            came = Counter((letter.to, letter.event) for letter in new)
            if not wanted - came or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self._read += len(new)
        if wanted != came:
            raise UserError(f"Mails missing: {_named(wanted - came)}; mails too many: {_named(came - wanted)}")
        return new

    def close(self) -> None:
        """Leave nothing behind."""

    def _sent(self) -> Sequence[ReceivedMail]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.do} and {self.ds}>"


_MOST_MAILS = 100_000


class RealAccounts(Accounts):
    """Accounts at Google, whose mails `syft-notify history` knows: its state is in its usual place."""

    def __init__(self, do: str, ds: str, do_token: str | Path, ds_token: str | Path) -> None:
        """The tokens are those that `login_do` and `login_ds` take."""
        files = Files(default_folder(Path.home()) / "notification_state.json")
        self._reader = Reader(files.database, lambda: FileLock(files.lock))
        tokens = (Path(do_token).expanduser(), Path(ds_token).expanduser())
        super().__init__(do.strip().lower(), ds.strip().lower(), *tokens, {})

    def _sent(self) -> Sequence[ReceivedMail]:
        return [
            ReceivedMail(
                delivery.to,
                _words(delivery.kind),
                ", ".join(key for key, _ in delivery.marks),
                f"Look into the inbox of {delivery.to}.",
            )
            for delivery in self._reader.history(_MOST_MAILS)
        ]


class SandboxAccounts(Accounts):
    """Accounts of a local Google, in a home of their own: nothing of yours is touched.

    Everything ends with `close`, or with this process. Make it before you import the SyftBox client. The home stands in
    the environment, for the client and for `syft-notify`; jobs run in this Python instead of an environment of theirs.
    """

    def __init__(self, do: str = "owner@example.org", ds: str = "scientist@example.org") -> None:
        self._google = _google_for_clients()
        self._home = Path(tempfile.mkdtemp(prefix="syft-notify-"))
        self._folder = self._home / ".syft-creds"
        self._folder.mkdir(mode=0o700)
        google = {
            "interval": 1,
            "drive_api_endpoint": self._google.drive_endpoint,
            "gmail_api_endpoint": self._google.gmail_endpoint,
            "oauth_token_uri": self._google.token_uri,
        }
        self._write(CONFIG_NAME, "".join(f"{key}: {value}\n" for key, value in google.items()))
        gmail_token = self._write("gmail_token.json", self._google.token_file(do, (GMAIL_SEND,)))
        places = {"gmail_token_path": gmail_token, "state_path": self._folder / "notification_state.json"}
        drive_tokens = (
            self._write("token_do.json", self._google.token_file(do, (DRIVE,))),
            self._write("token_ds.json", self._google.token_file(ds, (DRIVE,))),
        )
        self._former = self._move_in()
        atexit.register(self.close)
        super().__init__(do, ds, *drive_tokens, {**google, **places})

    def close(self) -> None:
        """Stop a daemon of this home and the local Google, and remove the home. Does nothing the second time."""
        if not self._home.exists():
            return
        files = ServiceFiles(self._folder)
        daemonize.stop(files.lock, files.pid)
        self._google.stop()
        _set_environment(self._former)
        shutil.rmtree(self._home)

    def _move_in(self) -> Mapping[str, str | None]:
        """Returns what the environment said before."""
        jobs, ours = programs_for_jobs(self._home / "bin"), Path(sys.executable).parent
        return _set_environment(
            {
                "HOME": str(self._home),
                "PATH": f"{jobs}:{ours}:{os.environ['PATH']}",
                "no_proxy": "127.0.0.1",
                CONFIG_VARIABLE: str(self._folder / CONFIG_NAME),
            }
        )

    def _write(self, name: str, text: str) -> Path:
        path = self._folder / name
        write_atomically(path, text.encode())
        return path

    def _sent(self) -> Sequence[ReceivedMail]:
        return [_letter(mail) for mail in self._google.mailbox(self.do).sent]


def _google_for_clients() -> Sandbox:
    google = Sandbox().start()
    try:
        lead_clients_to(f"{google.url}/")
    except RuntimeError as error:
        google.stop()
        raise UserError("A SyftBox client was imported before", "Restart the kernel and run this cell first") from error
    return google


def _set_environment(values: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Returns what was there before; None stands for a variable that is not there."""
    former = {name: os.environ.get(name) for name in values}
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return former


def _letter(mail: Mail) -> ReceivedMail:
    text = mail.text.strip()
    return ReceivedMail(", ".join(mail.to), _words(mail.header("X-Syft-Event")), text.partition("\n")[0], text)


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _named(mails: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{event} to {to}" for to, event in mails.elements()) or "none"
