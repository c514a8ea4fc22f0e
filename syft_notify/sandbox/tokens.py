"""The tokens that the local Google has given out: for whom, for what, until when."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syft_notify.sandbox.people import People
from syft_notify.sandbox.refusals import insufficient_scopes, invalid_credentials, login_required

DRIVE = "https://www.googleapis.com/auth/drive"
DRIVE_READONLY = "https://www.googleapis.com/auth/drive.readonly"
DRIVE_METADATA_READONLY = "https://www.googleapis.com/auth/drive.metadata.readonly"
DRIVE_WRITERS = (DRIVE,)
DRIVE_READERS = (DRIVE, DRIVE_READONLY)
DRIVE_LISTERS = (DRIVE, DRIVE_READONLY, DRIVE_METADATA_READONLY)
GMAIL_SEND = "https://www.googleapis.com/auth/gmail.send"
GMAIL_READONLY = "https://www.googleapis.com/auth/gmail.readonly"
GMAIL_MODIFY = "https://www.googleapis.com/auth/gmail.modify"
GMAIL_METADATA = "https://www.googleapis.com/auth/gmail.metadata"
GMAIL_COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
GMAIL_ALL = "https://mail.google.com/"

FAR_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
LIFETIME = timedelta(seconds=3599)
TESTING_LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Grant:
    """A person's consent: a refresh token, or a code on its way to become one.

    Google gives a refresh token for one that is `offline`; it ends at `until`, if anything is said.
    """

    person: str
    scopes: tuple[str, ...]
    redirect_uri: str = ""
    challenge: str = ""
    offline: bool = True
    until: datetime | None = None


@dataclass(frozen=True)
class Access:
    """A living access token; `refresh` is the refresh token that it came from."""

    person: str
    scopes: frozenset[str]
    expiry: datetime
    refresh: str


class TokenRefusal(Exception):
    """The token endpoint's no: `error` is the word of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status


class Tokens:
    """Gives tokens out, takes them back, and says who is calling."""

    def __init__(self, people: People, now: Callable[[], datetime]) -> None:
        self._people = people
        self._now = now
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, Grant] = {}
        self.client_id = f"{secrets.randbelow(10**12):012d}-sandbox.apps.googleusercontent.com"
        self.client_secret = f"sandbox-{secrets.token_hex(8)}"
        self.in_testing = False  # the app's publishing status: in "Testing" every consent ends after seven days

    def client_file(self, auth_uri: str, token_uri: str) -> str:
        """The text of `client_secret_….json` as the Cloud console offers it for a client of type Desktop app."""
        client = {
            "client_id": self.client_id,
            "project_id": "sandbox",
            "auth_uri": auth_uri,
            "token_uri": token_uri,
            "client_secret": self.client_secret,
            "redirect_uris": ["http://localhost"],
        }
        return json.dumps({"installed": client})

    def file(self, email: str, scopes: Iterable[str], token_uri: str, expiry: datetime) -> str:
        """The text of an authorized-user file with fresh tokens."""
        grant = Grant(self._people.register(email), tuple(scopes))
        refresh = self.remember(grant)
        document = {
            "token": self.access(grant, refresh, expiry=expiry),
            "refresh_token": refresh,
            "token_uri": token_uri,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scopes": list(grant.scopes),
            "universe_domain": "googleapis.com",
            "account": email,
            "expiry": expiry.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z",
        }
        return json.dumps(document, indent=2)

    def code(self, grant: Grant) -> str:
        """An authorization code, good for one exchange."""
        code = "4/" + secrets.token_urlsafe(24)
        self._codes[code] = grant
        return code

    def remember(self, grant: Grant) -> str:
        """A refresh token for the grant; one of an app in Testing does not live long."""
        if self.in_testing:
            grant = replace(grant, until=self._now() + TESTING_LIFETIME)
        token = "1//" + secrets.token_urlsafe(32)
        self._refresh[token] = grant
        return token

    def access(self, grant: Grant, refresh: str, *, scopes: Iterable[str] = (), expiry: datetime | None = None) -> str:
        """A new access token of the grant, for all its scopes unless fewer are named."""
        token = "ya29." + secrets.token_urlsafe(32)
        granted = frozenset(scopes) or frozenset(grant.scopes)
        self._access[token] = Access(grant.person, granted, expiry or self._now() + LIFETIME, refresh)
        return token

    def exchange_code(self, code: str, redirect_uri: str, verifier: str) -> tuple[Grant, str]:
        """The grant behind a code and its new refresh token, which is only told when the grant is offline.

        Raises `TokenRefusal` (invalid_grant).
        """
        grant = self._codes.pop(code, None)
        if grant is None:
            raise TokenRefusal("invalid_grant", "Malformed auth code.")
        if grant.redirect_uri and grant.redirect_uri != redirect_uri:
            raise TokenRefusal("redirect_uri_mismatch", "Bad Request")
        if grant.challenge and grant.challenge not in (verifier, _challenge_of(verifier)):
            raise TokenRefusal("invalid_grant", "Invalid code verifier.")
        return grant, self.remember(grant)

    def exchange_refresh(self, token: str) -> Grant:
        """The grant behind a refresh token. Raises `TokenRefusal` (invalid_grant)."""
        grant = self._refresh.get(token)
        if grant is None or (grant.until and grant.until <= self._now()):
            raise TokenRefusal("invalid_grant", "Token has been expired or revoked.")
        return grant

    def has_consent(self, email: str) -> bool:
        """Whether the person said yes before, and did not take it back."""
        return any(grant.person == email.lower() for grant in self._refresh.values())

    def revoke(self, token: str) -> bool:
        """Kill a refresh token with all that came from it, or the grant of an access token; whether it was known."""
        known = self._access.get(token)
        refresh = known.refresh if known else token
        found = self._refresh.pop(refresh, None) is not None or known is not None
        self._access = {key: access for key, access in self._access.items() if access.refresh != refresh}
        return found

    def revoke_person(self, email: str) -> None:
        """The person takes back every consent."""
        for refresh in [token for token, grant in self._refresh.items() if grant.person == email.lower()]:
            self.revoke(refresh)

    def expire_access(self, email: str) -> None:
        """All access tokens of the person run out now; refresh tokens live on."""
        self._access = {key: access for key, access in self._access.items() if access.person != email.lower()}

    def person(self, authorization: str) -> str:
        """Who calls with this header; empty when nobody can be told. For logs and faults, not for permission."""
        access = self._access.get(authorization.removeprefix("Bearer "))
        return access.person if access else ""

    def owner_of_refresh(self, token: str) -> str:
        """Whose refresh token this is; empty when nobody's."""
        grant = self._refresh.get(token)
        return grant.person if grant else ""

    def authorize(self, authorization: str, scopes: Iterable[str]) -> str:
        """Who calls, if the token lives and has one of the scopes. Raises `Refusal` 401 or 403."""
        if not authorization:
            raise login_required()
        access = self._access.get(authorization.removeprefix("Bearer "))
        if access is None or access.expiry <= self._now():
            raise invalid_credentials()
        if access.scopes.isdisjoint(scopes):
            raise insufficient_scopes(" ".join(scopes))
        return access.person


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
