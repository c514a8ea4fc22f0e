"""Asks a person for consent: shows Google's page, takes the answer from the browser or from a paste, gets the token.

Sources: developers.google.com/identity/protocols/oauth2/native-app, RFC 6749 section 4.1, RFC 7636 (PKCE), RFC 8252.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from syft_notify.domain.errors import TransientFault, UserError
from syft_notify.domain.ports import Clock
from syft_notify.google.auth import ENDS_AT, LentToken, credentials_of
from syft_notify.google.callback_server import CallbackServer
from syft_notify.google.errors import translated
from syft_notify.google.http import TOKENS, Http
from syft_notify.google.oauth_client import OAuthClient
from syft_notify.google.reasons import Meaning, refusal_of

PATIENCE_SECONDS = 600.0
_TOKEN_SERVICE = "Google's token service"  # noqa: S105 - a name
_GOOGLE_AUTH_URI = "https://accounts.google.com/o/oauth2/auth"
_SCOPE = "https://www.googleapis.com/auth/"
# What Google writes beside the boxes of the scopes that we ask for.
_BOXES = {
    f"{_SCOPE}drive.readonly": "See and download all your Google Drive files",
    f"{_SCOPE}drive": "See, edit, create, and delete all of your Google Drive files",
    f"{_SCOPE}gmail.send": "Send email on your behalf",
}
_WORD = re.compile(r"[a-z_]{1,40}")
_AGAIN = "Begin again: an answer is good once, and for a few minutes"
_REFUSALS = {
    "invalid_grant": _AGAIN,
    "invalid_client": "Download the file of the client again (docs/google-setup.md)",
    "unauthorized_client": "Make a client of the type Desktop app (docs/google-setup.md)",
    "redirect_uri_mismatch": "Make a client of the type Desktop app (docs/google-setup.md)",
    "org_internal": "Log in with an account of the organisation, or make the app External (docs/google-setup.md)",
}


class Person(Protocol):
    """Whom we ask, and how they are reached."""

    def invite(self, address: str, port: int) -> None:
        """Get them to open Google's page at the address; the browser then lands at the port of this machine."""

    def typed_or(self, descriptor: int, seconds: float) -> str | None:
        """A line that they typed; None as soon as the descriptor can be read, or when the time is up."""

    def tell(self, text: str) -> None:
        """Say something that does not end the waiting."""


class NotTheAnswer(UserError):
    """What came is not Google's answer to our question; the right one may still come."""


@dataclass(frozen=True)
class Consent:
    """What a person agreed to. `document` is the content of a token file; `ends_at` when Google said that it ends."""

    document: Mapping[str, Any] = field(repr=False)
    token_uri: str
    ends_at: datetime | None = None

    def token(self) -> LentToken:
        """The token, to be tried before it is written anywhere."""
        return LentToken(credentials_of(self.document, self.token_uri), "the consent", "Give consent again")

    def file(self) -> bytes:
        """The content of the token file."""
        return json.dumps(self.document, indent=1).encode()


@dataclass(frozen=True)
class _Question:
    """What was asked, and by what the answer is known."""

    address: str
    state: str
    verifier: str = field(repr=False)
    place: str
    scopes: tuple[str, ...]


def ask_consent(
    client: OAuthClient,
    scopes: Collection[str],
    person: Person,
    clock: Clock,
    *,
    account: str = "",
    port: int = 0,
    patience: float = PATIENCE_SECONDS,
) -> Consent:
    """The person's consent to all the scopes, for an access that outlives the session.

    `account` is proposed on Google's page. Raises `UserError` when they say no, do not answer within `patience`
    seconds, or leave a box unticked, and a passing `Fault` when Google cannot be reached.
    """
    with CallbackServer(port) as callback_server:
        question = _question(client, scopes, callback_server.address, account)
        person.invite(question.address, callback_server.port)
        code = _awaited(callback_server, question, person, patience)
    answer = _exchanged(client, question, code)
    _check_boxes(scopes, str(answer.get("scope") or " ".join(question.scopes)).split())
    return _consent(client, question, answer, clock())


def _question(client: OAuthClient, scopes: Collection[str], place: str, account: str) -> _Question:
    """oauthlib makes no address without TLS, not even on this machine: so it makes Google's, and ours takes its query.

    The page is asked to offer all accounts, and to give a refresh token even if there was consent before.
    """
    from google_auth_oauthlib.flow import Flow  # as heavy as all the rest, and of no use to who gave consent before

    known = {"client_id": client.client_id, "auth_uri": _GOOGLE_AUTH_URI, "token_uri": client.token_uri}
    flow = Flow.from_client_config({"installed": known}, sorted(scopes), redirect_uri=place)
    hint = {"login_hint": account} if account else {}
    address, state = flow.authorization_url(prompt="select_account consent", **hint)
    return _Question(
        f"{client.auth_uri}?{urlsplit(address).query}", state, flow.code_verifier, place, tuple(sorted(scopes))
    )


def _awaited(callback_server: CallbackServer, question: _Question, person: Person, patience: float) -> str:
    """The code, from whichever comes first: the browser that lands, or an address that is typed."""
    deadline = time.monotonic() + patience
    while (left := deadline - time.monotonic()) > 0:
        typed = person.typed_or(callback_server.fileno(), left)
        if typed is None and time.monotonic() >= deadline:
            break
        try:
            return _code(typed if typed is not None else callback_server.answer(), question)
        except NotTheAnswer as error:
            person.tell(str(error))
    raise UserError(f"No answer came within {patience / 60:g} minutes", "Begin again when you have the time")


def _code(text: str, question: _Question) -> str:
    """The code in the address where the browser landed.

    Raises `NotTheAnswer` for anything else, and `UserError` when the answer is no.
    """
    answer = _answer_in(text)
    if answer.get("state") != question.state:
        raise NotTheAnswer("That answers another question than this one", "Use the page of the newest address")
    if "error" in answer:
        raise _refusal(answer["error"])
    if not answer.get("code"):
        raise NotTheAnswer("That address holds no answer", "Copy it where the browser ends after the consent")
    if "scope" in answer:
        _check_boxes(question.scopes, answer["scope"].split())
    return answer["code"]


def _answer_in(text: str) -> Mapping[str, str]:
    """What an address carries; people copy it with quotes or brackets around it."""
    address = text.strip().strip("'\"<>")
    try:
        answer = dict(parse_qsl(urlsplit(address).query))
    except ValueError:
        answer = {}
    if answer.keys() & {"code", "error"}:
        return answer
    if "code_challenge" in answer:
        raise NotTheAnswer(
            "That is the address of Google's page", "Open it in a browser, and bring the address where it ends"
        )
    raise NotTheAnswer(
        "That is not the address of the page where the browser ended",
        "Copy all of it: it begins with http://127.0.0.1 and holds code=",
    )


def _refusal(word: str) -> UserError:
    """`access_denied` and what else Google sends the browser back with."""
    if word == "access_denied":
        return UserError("The consent was denied on Google's page", "Nothing works without it; allow it there")
    return UserError(f"Google gave no consent ({_shown(word)})", _hint({"error": word}, "See docs/google-setup.md"))


def _shown(word: str) -> str:
    return word if _WORD.fullmatch(word) else "an unknown error"


def _hint(answer: Mapping[str, Any], otherwise: str) -> str:
    """What to do about an error of Google's, which says less while consent is given than of a consent that died."""
    word, refusal = str(answer["error"]), refusal_of(answer)
    if word in _REFUSALS:
        return _REFUSALS[word]
    return refusal.hint("Give consent again") if refusal.meaning is Meaning.CONSENT else otherwise


def _check_boxes(asked: Collection[str], granted: Sequence[str]) -> None:
    """On Google's page each scope has a box of its own. Raises `UserError` when one was left unticked."""
    missing = sorted(set(asked) - set(granted))
    if missing:
        boxes = ", ".join(f"'{_BOXES.get(scope, scope.removeprefix(_SCOPE))}'" for scope in missing)
        raise UserError(f"The consent lacks {boxes}: its box was not ticked", "Tick every box on Google's page")


def _exchanged(client: OAuthClient, question: _Question, code: str) -> Mapping[str, Any]:
    """What the token service gives for the code.

    Not by way of oauthlib: it logs tokens, refuses http on this machine, follows redirects, and raises when scopes
    differ.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": question.place,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "code_verifier": question.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    http = Http(TOKENS.seconds, TOKENS)
    try:
        with translated(_TOKEN_SERVICE, client):
            response, content = http.request(client.token_uri, "POST", urlencode(form), headers)
            answer = json.loads(content)
    finally:
        http.close()
    return _judged(response.status, answer)


def _judged(status: int, answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, dict) or status >= 500:
        raise TransientFault(f"{_TOKEN_SERVICE} gave an answer that cannot be understood", "Try again")
    if "error" in answer:
        shown = _shown(str(answer["error"]))
        raise UserError(f"Google did not take the answer ({shown})", _hint(answer, _AGAIN))
    if not all(isinstance(answer.get(key), str) for key in ("access_token", "refresh_token")):
        raise UserError(
            "Google gave no refresh token",
            "Remove the app's access at https://myaccount.google.com/connections and give consent again",
        )
    return answer


def _consent(client: OAuthClient, question: _Question, answer: Mapping[str, Any], now: datetime) -> Consent:
    """In the form of an authorized-user file, as Google's libraries write and read it."""
    document = {
        "token": answer["access_token"],
        "refresh_token": answer["refresh_token"],
        "token_uri": client.token_uri,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scopes": str(answer.get("scope") or " ".join(question.scopes)).split(),
        "universe_domain": "googleapis.com",
        "account": "",
        "expiry": f"{(now + _seconds(answer.get('expires_in'))).replace(tzinfo=None).isoformat()}Z",
    }
    lifetime = _seconds(answer.get("refresh_token_expires_in"))
    if not lifetime:
        return Consent(document, client.token_uri)
    ends_at = (now + lifetime).replace(microsecond=0)
    return Consent({**document, ENDS_AT: ends_at.isoformat()}, client.token_uri, ends_at)


def _seconds(value: object) -> timedelta:
    """A lifetime that Google tells; what is none counts as nothing."""
    return timedelta(seconds=value) if isinstance(value, int) and 0 < value < 10**9 else timedelta()
