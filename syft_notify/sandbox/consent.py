"""Google's consent page: who asks for what, which account, which boxes; the answer travels in the browser's address.

Sources: developers.google.com/identity/protocols/oauth2/native-app, …/oauth2/resources/granular-permissions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, redirect, request

from syft_notify.sandbox import tokens
from syft_notify.sandbox.tokens import Grant
from syft_notify.sandbox.web import Route, World

AUTH_PATH = "/o/oauth2/auth"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PURPOSES = {
    tokens.DRIVE: "See, edit, create, and delete all of your Google Drive files",
    tokens.DRIVE_READONLY: "See and download all your Google Drive files",
    tokens.DRIVE_METADATA_READONLY: "See information about your Google Drive files",
    tokens.GMAIL_SEND: "Send email on your behalf",
    tokens.GMAIL_READONLY: "View your email messages and settings",
    tokens.GMAIL_MODIFY: "Read, compose, and send emails from your Gmail account",
    tokens.GMAIL_METADATA: "View your email message metadata such as labels and headers, but not the email body",
    tokens.GMAIL_COMPOSE: "Manage drafts and send emails",
    tokens.GMAIL_ALL: "Read, compose, send, and permanently delete all your email from Gmail",
}


class PageRefusal(Exception):
    """Google shows an error page of its own instead of sending the person back to a program that it does not trust."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status


class Consent:
    """The page and what its two buttons do. Whoever comes is trusted to be the account that they choose."""

    def __init__(self, world: World) -> None:
        self._tokens = world.tokens
        self._people = world.people

    def routes(self) -> Sequence[Route]:
        return (
            Route("oauth.consent.page", "GET", AUTH_PATH, self.page),
            Route("oauth.consent.answer", "POST", AUTH_PATH, self.answer),
        )

    def page(self) -> Response:
        try:
            asked = self._checked(request.args)
        except PageRefusal as refusal:
            return _html(_error_page(refusal), refusal.status)
        return _html(_page(asked, self._people.everybody()))

    def answer(self) -> Any:
        """Send the browser back with a code, or with `access_denied` when nothing was allowed."""
        form = request.form
        try:
            asked = self._checked(form)
        except PageRefusal as refusal:
            return _html(_error_page(refusal), refusal.status)
        ticked = tuple(scope for scope in asked["scope"].split() if scope in form.getlist("granted"))
        account = form.get("account", "").strip()
        if form.get("decision") != "allow" or not ticked or "@" not in account:
            return _sent_back(asked, {"error": "access_denied"})
        offline = asked.get("access_type") == "offline"
        forced = "consent" in asked.get("prompt", "").split()
        grant = Grant(
            self._people.register(account),
            ticked,
            asked["redirect_uri"],
            asked.get("code_challenge", ""),
            offline=offline and (forced or not self._tokens.has_consent(account)),
        )
        return _sent_back(asked, {"code": self._tokens.code(grant), "scope": " ".join(ticked)})

    def _checked(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """What the program asks for. Raises `PageRefusal`."""
        if given.get("client_id") != self._tokens.client_id:
            raise PageRefusal("invalid_client", "The OAuth client was not found.", 401)
        if given.get("response_type") != "code":
            raise PageRefusal("invalid_request", "Required parameter is missing: response_type")
        place = urlsplit(given.get("redirect_uri", ""))
        if place.scheme != "http" or place.hostname not in _LOOPBACK:
            raise PageRefusal("redirect_uri_mismatch", "The redirect URI does not fit a client of this type.")
        scopes = given.get("scope", "").split()
        if not scopes:
            raise PageRefusal("invalid_request", "Missing required parameter: scope")
        if unknown := set(scopes) - _PURPOSES.keys():
            raise PageRefusal("invalid_scope", f"Some requested scopes were invalid: {', '.join(sorted(unknown))}")
        return given


def _sent_back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Any:
    place = asked["redirect_uri"]
    known = {"state": asked["state"]} if "state" in asked else {}
    return redirect(f"{place}{'&' if '?' in place else '?'}{urlencode({**known, **answer})}")


def _page(asked: Mapping[str, str], people: Sequence[str]) -> str:
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in asked.items()
    )
    boxes = "".join(
        f'<p><label><input type="checkbox" name="granted" value="{escape(scope)}" checked> '
        f"{escape(_PURPOSES[scope])}</label>\n"
        for scope in asked["scope"].split()
    )
    hint = asked.get("login_hint", "")
    accounts = "".join(f'<option value="{escape(person)}">\n' for person in people)
    return _frame(
        "Sign in with the local Google",
        f'<form method="post" action="{AUTH_PATH}">\n{kept}'
        f'<p><label>Account <input name="account" list="people" value="{escape(hint)}" required></label>\n'
        f'<datalist id="people">{accounts}</datalist>\n'
        f"<p>A program on this machine wants to:\n{boxes}"
        '<p><button name="decision" value="allow">Allow</button>\n'
        '<button name="decision" value="deny">Cancel</button>\n</form>',
    )


def _error_page(refusal: PageRefusal) -> str:
    return _frame("Access blocked", f"<p>{escape(refusal.description)}\n<p>Error {refusal.status}: {refusal.error}")


def _frame(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<body style="font-family: sans-serif; max-width: 36em; margin: 2em auto">\n'
        f"<h1>{title}</h1>\n{body}\n"
    )


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/html; charset=UTF-8")
