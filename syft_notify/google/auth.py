"""Tokens: read from an authorized-user file or lent by a client, refreshed, and written back whole."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import google_auth_httplib2
from google.auth.exceptions import RefreshError, TransportError
from google.oauth2.credentials import Credentials

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.permissions import access_of_others
from syft_notify.config.regular_files import open_to_read
from syft_notify.domain.errors import ConfigError, CredentialFault, UserError
from syft_notify.google.errors import CONNECTION_ERRORS, Named, translated
from syft_notify.google.http import TOKENS, Http

log = logging.getLogger(__name__)

GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_SCOPE = "https://www.googleapis.com/auth/"
DRIVE_SCOPES = (f"{_SCOPE}drive.readonly", f"{_SCOPE}drive")
GMAIL_SCOPES = (f"{_SCOPE}gmail.send", f"{_SCOPE}gmail.compose", f"{_SCOPE}gmail.modify", "https://mail.google.com/")
# With any of them Gmail says whose mailbox it is; `gmail.send` alone does not.
PROFILE_SCOPES = frozenset({*GMAIL_SCOPES[1:], f"{_SCOPE}gmail.readonly", f"{_SCOPE}gmail.metadata"})
ENDS_AT = "syft_notify_consent_ends_at"  # our own key in a token file
PROVEN_AT = "syft_notify_renewed_at"  # and another
# So long after Google renewed a token its consent is taken for good.
PROOF_LIFE = timedelta(minutes=10)
LARGEST_FILE = 1_000_000
_REQUIRED = ("refresh_token", "client_id", "client_secret")


class Token(Named, Protocol):
    """Where credentials come from; its name is for people and never holds a secret.

    `consent` tells one consent of a person from the next one and nothing else, empty where that is not ours to watch;
    `scopes` are those that were granted, `ends_at` when the consent ends, each as far as known.
    """

    @property
    def ends_at(self) -> datetime | None: ...

    @property
    def consent(self) -> str: ...

    @property
    def scopes(self) -> frozenset[str]: ...

    def credentials(self) -> Any:
        """Valid google-auth credentials. Raises `CredentialFault` when a person must act, else a passing fault."""

    def prove(self, now: datetime) -> datetime | None:
        """When Google renewed the token last, not long before now; None where nobody may ask. Raises as `credentials`.

        That an access token still works says nothing: it outlives the consent by up to an hour.
        """


class LentToken:
    """Credentials that live in memory only: those of a client in the same notebook (Colab), or a consent just given."""

    consent = ""
    scopes: frozenset[str] = frozenset()
    ends_at: datetime | None = None

    def __init__(
        self,
        credentials: Any,
        name: str = "the login of the notebook's client",
        fix: str = "Log in again with the client",
        service: str = "Drive",
    ) -> None:
        self.name = name
        self.fix = fix
        self.service = service
        self._credentials = credentials

    def credentials(self) -> Any:
        """The lent credentials, refreshed when they are stale."""
        return _refreshed(self._credentials, self)

    def prove(self, now: datetime) -> None:
        """Only that they are valid: when to renew them is a matter of who lends them."""
        self.credentials()


class _Request(google_auth_httplib2.Request):  # type: ignore[misc]
    """Carries google-auth's requests, and keeps the last answer: some of its errors do not say what the answer was."""

    _answer = b""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        response = super().__call__(*args, **kwargs)
        self._answer = response.data
        return response

    @contextmanager
    def told(self) -> Iterator[_Request]:
        """Give every `RefreshError` of the block the answer that caused it, as google-auth does with most of them."""
        try:
            yield self
        except RefreshError as error:
            try:
                answer = json.loads(self._answer)
            except (ValueError, RecursionError):
                raise error from None
            raise RefreshError(*error.args[:1], answer) from None  # type: ignore[no-untyped-call]


class _Credentials(Credentials):
    """Google's, which stumble over a token service that answers 200 without a token, as some proxies do.

    They also let some broken connections look like ones of the request that needed the token. A batch refreshes over a
    connection of its own, which follows redirects and has no limits: so ours is used instead of the one given.
    """

    def refresh(self, request: Any) -> None:
        http = Http(TOKENS.seconds, TOKENS)
        try:
            with _Request(http).told() as own:
                super().refresh(own)  # type: ignore[no-untyped-call]
        except CONNECTION_ERRORS as error:
            raise TransportError(error) from error  # type: ignore[no-untyped-call]
        except (TypeError, AttributeError, OverflowError):  # the last one: of a lifetime beyond all calendars
            self.token = None
        finally:
            http.close()
        self.token = _header_safe(self.token)
        if self.token is None:
            raise RefreshError("the answer holds no token")  # type: ignore[no-untyped-call]


class TokenFile:
    """An authorized-user token file. A new file put in its place is noticed and used."""

    def __init__(
        self, path: Path, service: str, scopes: Collection[str], token_uri: str | None = None, *, fix: str = ""
    ) -> None:
        """`scopes` are those of which one suffices; `token_uri` replaces Google's; `fix` is what makes a new file.

        Raises `ConfigError` for a file that cannot be used and `CredentialFault` for one that lacks the scopes.
        """
        self.name = str(path)
        self.fix = fix or f"Run `syft-notify init --renew {service.lower()}`"
        self.service = service
        self._path = path
        self._wanted = scopes
        self._token_uri = token_uri or GOOGLE_TOKEN_URI
        self._read_only = False
        self._load()

    def credentials(self) -> Any:
        """Valid credentials. Raises `CredentialFault` for a file that was corrupted since, else as Google answers."""
        self._follow()
        credentials = _refreshed(self._credentials, self)
        if credentials.token != self._document.get("token"):
            self._write_back()
        return credentials

    def prove(self, now: datetime) -> datetime:
        """As the protocol has it: asks Google when the last time is `PROOF_LIFE` ago, and notes it in the file."""
        self._follow()
        last = _moment(self._document.get(PROVEN_AT))
        if last and last <= now < last + PROOF_LIFE:
            return last
        fresh = self.proven().credentials()
        # The object stays: connections hold it.
        self._credentials.token, self._credentials.expiry = fresh.token, fresh.expiry
        self._document[PROVEN_AT] = now.isoformat()
        self._write_back()
        return now

    @property
    def consent(self) -> str:
        """A fingerprint of the refresh token."""
        return hashlib.sha256(self._document["refresh_token"].encode()).hexdigest()[:16]

    @property
    def scopes(self) -> frozenset[str]:
        """What was granted, by the file."""
        return frozenset(_granted(self._document))

    @property
    def ends_at(self) -> datetime | None:
        """When the consent ends, if the file tells: that of an app in Testing lives for seven days."""
        return _moment(self._document.get(ENDS_AT))

    def proven(self) -> LentToken:
        """The token with an access that Google gives just now, which proves that the file is good; it is not written.

        Raises as `credentials`.
        """
        credentials = credentials_of({**self._document, "token": None}, self._token_uri)
        return LentToken(_refreshed(credentials, self), self.name, self.fix, self.service)

    def _follow(self) -> None:
        """Read a file that changed. Raises `CredentialFault`."""
        try:
            if self._stamp() != self._loaded:
                self._load()
        except ConfigError as error:
            raise CredentialFault(error.title, error.hint) from error

    def _stamp(self) -> tuple[int, int, int]:
        status = self._status()
        return status.st_mtime_ns, status.st_ino, status.st_size

    def _status(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError as error:
            raise ConfigError(f"The {self.service} token file {self._path} is missing", self.fix) from error

    def _load(self) -> None:
        """A file that cannot be used changes nothing, so that the next call reads it again and says the same."""
        stamp = self._stamp()
        document = self._read()
        granted = _granted(document)
        if granted and not granted & set(self._wanted):
            raise CredentialFault(
                f"The {self.service} token file {self._path} lacks the scope {next(iter(self._wanted))}", self.fix
            )
        with suppress(OSError):  # gone since it was read, which the next call says
            if access_of_others(self._path).is_open:
                log.warning("others can read %s; `chmod 600` it", self._path)
        self._document = document
        self._credentials = credentials_of(document, self._token_uri)
        self._loaded = stamp

    def _read(self) -> dict[str, Any]:
        known = f"The {self.service} token file {self._path}"
        try:
            with open_to_read(self._path) as file:
                document = json.loads(file.read(LARGEST_FILE))
        except OSError as error:
            raise ConfigError(f"{known} cannot be read: {error.strerror}", self.fix) from error
        except (ValueError, RecursionError):
            raise ConfigError(f"{known} is not valid JSON", self.fix) from None
        if not isinstance(document, dict):
            raise ConfigError(f"{known} holds no JSON object", self.fix)
        missing = [key for key in _REQUIRED if not _is_printable(document.get(key))]
        if missing:
            hint = "It looks like credentials.json; a token file is what consent gives. "
            hint = hint if "installed" in document else ""
            raise ConfigError(f"{known} lacks {', '.join(missing)}", hint + self.fix)
        return document

    def _write_back(self) -> None:
        """Keep the fresh token for the next start; everything else in the file stays as it is.

        A file that was put there in the meantime is the person's: the next call reads it.
        """
        self._document["token"] = self._credentials.token
        if self._credentials.expiry is not None:
            self._document["expiry"] = self._credentials.expiry.isoformat() + "Z"
        try:
            if self._stamp() != self._loaded:
                return
            write_atomically(self._path, json.dumps(self._document).encode())
            self._loaded = self._stamp()
        except UserError as error:
            if not self._read_only:
                log.warning("the refreshed token is kept in memory only: %s", error)
            self._read_only = True


def credentials_of(document: Mapping[str, Any], token_uri: str) -> Any:
    """google-auth credentials of what a token file holds.

    Without `scopes` a refresh keeps all that were granted: the file may serve another program too.
    """
    return _Credentials(  # type: ignore[no-untyped-call]
        _header_safe(document.get("token")),
        refresh_token=document["refresh_token"],
        token_uri=token_uri,
        client_id=document["client_id"],
        client_secret=document["client_secret"],
        expiry=_expiry(document.get("expiry")),
    )


def _is_printable(value: object) -> bool:
    """Half a character, which JSON can hold, cannot be sent."""
    return isinstance(value, str) and value.isprintable()


def scopes_in(path: Path) -> frozenset[str]:
    """What a token file says was granted, be it usable or not; empty when it does not say or is none."""
    try:
        with open_to_read(path) as file:
            document = json.loads(file.read(LARGEST_FILE))
    except (OSError, ValueError, RecursionError):
        return frozenset()
    return frozenset(_granted(document)) if isinstance(document, dict) else frozenset()


def _refreshed(credentials: Any, token: Named) -> Any:
    if not credentials.valid:
        http = Http(TOKENS.seconds, TOKENS)
        try:
            with translated("Google's token service", token), _Request(http).told() as request:
                credentials.refresh(request)
        finally:
            http.close()
    return credentials


def _granted(document: Mapping[str, Any]) -> set[str]:
    scopes = document.get("scopes")
    if isinstance(scopes, str):
        return set(scopes.split())
    return set(map(str, scopes)) if isinstance(scopes, list) else set()


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _header_safe(token: object) -> str | None:
    """The token when it can stand in a header. An error about a header would show it."""
    return token if isinstance(token, str) and token and token.isascii() and token.isprintable() else None


def _expiry(text: object) -> datetime | None:
    """google-auth wants naive UTC. A file without a readable time counts as expired, which costs one refresh."""
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return datetime(1970, 1, 1)  # noqa: DTZ001 - the form that google-auth wants
