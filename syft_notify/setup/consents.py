"""The two tokens: what is there is proven, what is missing or dead is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syft_notify.config.paths import is_there
from syft_notify.config.settings import Config
from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.errors import ConfigError, CredentialFault, UserError
from syft_notify.domain.ports import Clock
from syft_notify.google.auth import DRIVE_SCOPES, GMAIL_SCOPES, LentToken, TokenFile, scopes_in
from syft_notify.google.callback_server import usable_port
from syft_notify.google.consent import Consent, ask_consent
from syft_notify.google.drive import DriveFiles
from syft_notify.google.oauth_client import OAuthClient
from syft_notify.google.token_files import drive_token, gmail_token
from syft_notify.setup.browser import USUAL_PORT, Ways, open_page
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.prompter import Prompter, persist, refuse


@dataclass(frozen=True)
class Service:
    """One of the two things that need consent. `scopes` are those of which one is enough, the narrowest first."""

    name: str
    title: str
    purpose: str
    scopes: tuple[str, ...]
    file: Callable[[Config], Path]
    token: Callable[[Config], TokenFile]


DRIVE = Service(
    "drive",
    "Drive",
    "to read your Drive, where requests and jobs arrive; it changes nothing there",
    DRIVE_SCOPES,
    lambda config: config.drive_token_path,
    drive_token,
)
GMAIL = Service(
    "gmail",
    "Gmail",
    "to send mails as you; it cannot read any",
    GMAIL_SCOPES,
    lambda config: config.gmail_token_path,
    gmail_token,
)
SERVICES = {service.name: service for service in (DRIVE, GMAIL)}


class Consents:
    """Asks Google and the person until a token is good."""

    def __init__(self, prompter: Prompter, place: SetupPaths, ways: Ways, clock: Clock) -> None:
        self._prompter = prompter
        self._place = place
        self._ways = ways
        self._clock = clock
        self._introduced: set[Service] = set()
        self._told_of_testing = False

    def is_good(self, service: Service, config: Config) -> bool:
        """Whether the token that is there can be used; says why not.

        Raises `UserError` when that cannot be found out.
        """
        path = service.file(config)
        try:
            if not is_there(path):
                return False
        except OSError as error:
            raise UserError(f"{path} cannot be seen: {error.strerror}", "Check who owns its folder") from error
        try:
            token = service.token(config)
            proven = persist(self._prompter, lambda: _proven(token))
        except (ConfigError, CredentialFault) as error:
            proven = str(error.title)
        problem = proven if isinstance(proven, str) else self._wrong_account(service, config, proven)
        if problem:
            self._prompter.tell(f"{service.title}: {problem}.")
            return False
        until = f" until {_local(token.ends_at)}" if token.ends_at else ""
        self._prompter.tell(f"{service.title}: the consent in {self._place.shown(path)} is good{until}.")
        return True

    def obtained(self, service: Service, config: Config, client: OAuthClient) -> Consent:
        """A new consent that is whole and of the right account. Raises `UserError` when the person gives up."""
        while True:
            consent = persist(self._prompter, lambda: self._asked(service, config, client))
            problem = self._wrong_account(service, config, consent.token())
            if not problem:
                break
            refuse(
                self._prompter, UserError(f"{service.title}: {problem}", f"Choose {config.do_email} on Google's page")
            )
        if service is GMAIL:
            self._prompter.tell("Gmail: you agreed. Mails will come from the account that you chose on Google's page.")
        else:
            self._prompter.tell(f"{service.title}: you agreed, as {config.do_email}.")
        self._tell_of_testing(service, consent.ends_at)
        return consent

    def _asked(self, service: Service, config: Config, client: OAuthClient) -> Consent:
        port = self._ways.port or (0 if self._ways.browser else usable_port(USUAL_PORT))
        person = _AtTheBrowser(
            self._prompter, service, config.do_email, browser=self._ways.browser, again=service in self._introduced
        )
        self._introduced.add(service)
        return ask_consent(
            client, self._scopes(service, config), person, self._clock, account=config.do_email, port=port
        )

    def _scopes(self, service: Service, config: Config) -> frozenset[str]:
        """The narrowest scope, unless the file had others: then what else uses it shall not lose them."""
        former = frozenset(scope for scope in scopes_in(service.file(config)) if scope.startswith("https://"))
        if former - {service.scopes[0]}:
            names = ", ".join(sorted(scope.rpartition("/")[2] or scope for scope in former))
            self._prompter.tell(f"The token file had {names}: you are asked for that again, as others may use it.")
        return former if former & set(service.scopes) else former | {service.scopes[0]}

    def _wrong_account(self, service: Service, config: Config, token: LentToken) -> str:
        """Whose Drive it is, if not the owner's. The narrow Gmail scope does not let us ask."""
        if service is not DRIVE:
            return ""

        def account() -> str:
            with closing(DriveFiles(token, config.drive_api_endpoint)) as drive:
                return drive.account()

        found = persist(self._prompter, account)
        if is_same_account(found, config.do_email):
            return ""
        return f"this is the consent of {found}, but the owner is {config.do_email}"

    def _tell_of_testing(self, service: Service, ends_at: datetime | None) -> None:
        if ends_at is None:
            return
        self._prompter.tell(f"Google ends this consent on {_local(ends_at)}, because your app is in Testing.")
        publish = 'press "Publish app" at https://console.cloud.google.com/auth/audience, and then '
        again = self._place.command(f"init --renew {service.name}")
        self._prompter.tell(f"To keep it longer, {'' if self._told_of_testing else publish}run {again}")
        self._told_of_testing = True


class _AtTheBrowser:
    """The person at their browser, as `ask_consent` reaches them; who was there before needs no introduction."""

    def __init__(self, prompter: Prompter, service: Service, email: str, *, browser: bool, again: bool) -> None:
        self._prompter = prompter
        self._service = service
        self._email = email
        self._browser = browser
        self._again = again

    def invite(self, address: str, port: int) -> None:
        """Show Google's page, and say how its answer comes back."""
        if not self._again:
            self._introduce()
        if self._browser:
            where = "Your browser opens Google's page. If it does not, open this address:"
        else:
            where = "Open this address in a browser, on whatever machine:"
        self._prompter.tell(f"\n{where}\n\n  {address}\n")
        if not self._again:
            self._tell_ways_back(port)
        if self._browser:
            open_page(address)

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """As the prompter has it."""
        return self._prompter.typed_or(descriptor, seconds)

    def tell(self, text: str) -> None:
        """As the prompter has it."""
        self._prompter.tell(text)

    def _introduce(self) -> None:
        tell = self._prompter.tell
        tell(f"\nConsent for {self._service.title}: {self._service.purpose}.")
        tell(f"On Google's page log in as {self._email} and leave every box ticked. If it warns that the app is not")
        tell('verified, choose "Advanced" and go on: the app is your own.')

    def _tell_ways_back(self, port: int) -> None:
        tell = self._prompter.tell
        if self._browser:
            tell("Waiting for your answer there.")
            return
        tell(f"After your answer the browser goes to an address that begins with http://127.0.0.1:{port}/.")
        tell("When it cannot show that page, copy its whole address and paste it here.")
        if self._prompter.pastes:
            tell("(So that it can: run this on the machine of the browser, before you answer.)")
            tell(f"  ssh -L {port}:127.0.0.1:{port} you@this-machine")


def _proven(token: TokenFile) -> LentToken | str:
    """The token with a fresh access, or why it is dead. Raises a passing `Fault`."""
    try:
        return token.proven()
    except CredentialFault as error:
        return error.title


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
