"""The local Google as one object: start it, give people tokens, look at what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType

from flask import Flask

from syft_notify.sandbox.batch import Batch
from syft_notify.sandbox.consent import AUTH_PATH, Consent
from syft_notify.sandbox.content import Content
from syft_notify.sandbox.control import Control
from syft_notify.sandbox.drive import Drive
from syft_notify.sandbox.drive_changes import DriveChanges
from syft_notify.sandbox.faults import Faults
from syft_notify.sandbox.front import Front
from syft_notify.sandbox.gmail import Gmail
from syft_notify.sandbox.journal import Journal
from syft_notify.sandbox.mailboxes import Mailbox
from syft_notify.sandbox.oauth import OAuth
from syft_notify.sandbox.people import People
from syft_notify.sandbox.permissions import Permissions
from syft_notify.sandbox.tokens import DRIVE, FAR_FUTURE, GMAIL_SEND, Tokens
from syft_notify.sandbox.web import World, install, install_refusals
from syft_notify.sandbox.wire import LOOPBACK, Wire


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """Drive v3, Gmail v1 and OAuth on loopback. Everything is in memory and ends with the object.

    `now` is the clock of its time stamps and token expiry; give another one to play with time.
    """

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._world = World(now)
        self._wire: Wire | None = None
        self._port = 0
        self.crashes: list[BaseException] = []
        app = Flask(__name__, static_folder=None)
        self._front = Front(app, self._world.tokens, now)
        services = (
            Drive(self._world),
            DriveChanges(self._world),
            Permissions(self._world),
            Gmail(self._world),
            OAuth(self._world),
            Consent(self._world),
            Batch(lambda call: self._front.answer(call, batched=True)),
            Control(self._world, self._front),
        )
        for service in services:
            install(app, self._world, service.routes())
        install_refusals(app, self.crashes)
        self.drive = Content(self._world)

    def start(self, port: int = 0) -> Sandbox:
        """Listen on this port of 127.0.0.1, or on a free one; returns itself. After `stop` it may start again."""
        self._front.stopping.clear()
        self._wire = Wire(port, self._front.answer, self.crashes.append)
        self._port = self._wire.server_port
        self._wire.start()
        return self

    def stop(self) -> None:
        """Break all connections and give the port back. Does nothing when it does not run."""
        wire, self._wire = self._wire, None
        if wire is not None:
            self._front.stopping.set()
            wire.stop()

    def __enter__(self) -> Sandbox:
        return self if self._wire else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The root, like `http://127.0.0.1:4711`, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def drive_endpoint(self) -> str:
        """For `drive_api_endpoint`, and `client_options.api_endpoint` of Drive."""
        return f"{self.url}/drive/v3/"

    @property
    def gmail_endpoint(self) -> str:
        """For `gmail_api_endpoint`, and `client_options.api_endpoint` of Gmail."""
        return f"{self.url}/"

    @property
    def token_uri(self) -> str:
        """For `oauth_token_uri`, and `token_uri` of credentials."""
        return f"{self.url}/token"

    @property
    def auth_uri(self) -> str:
        """Where a browser asks a person for consent, for `auth_uri` of credentials."""
        return f"{self.url}{AUTH_PATH}"

    @property
    def tokens(self) -> Tokens:
        """To revoke and expire, and for the OAuth client's id and secret."""
        return self._world.tokens

    @property
    def people(self) -> People:
        """How Google writes addresses, and whose it hides."""
        return self._world.people

    @property
    def faults(self) -> Faults:
        """What fails on purpose."""
        return self._front.faults

    @property
    def requests(self) -> Journal:
        """What was asked and answered."""
        return self._front.journal

    def token_file(self, email: str, scopes: Iterable[str] = (DRIVE, GMAIL_SEND), expiry: datetime = FAR_FUTURE) -> str:
        """The text of an authorized-user file for this person; `expiry` (aware) of its access token may be past."""
        with self._world.lock:
            return self._world.tokens.file(email, scopes, self.token_uri, expiry)

    def client_file(self) -> str:
        """The text of a `credentials.json` of this Google."""
        return self._world.tokens.client_file(self.auth_uri, self.token_uri)

    def mailbox(self, email: str) -> Mailbox:
        """What this person sent and received so far."""
        with self._world.lock:
            return self._world.mail.of(email)

    def wait_for_mail(self, email: str, count: int, timeout: float = 10) -> Mailbox:
        """The mailbox once it has received `count` mails. Raises `TimeoutError` after `timeout` seconds."""
        box = self.mailbox(email)
        with self._world.mail.arrived:
            if not self._world.mail.arrived.wait_for(lambda: len(box.received) >= count, timeout):
                raise TimeoutError(f"{email} received {len(box.received)} of {count} mails in {timeout} s")
        return box
