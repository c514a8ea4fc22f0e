"""Google's OAuth endpoints: tokens for refresh tokens and codes, and taking them back.

Sources: RFC 6749 section 5, developers.google.com/identity/protocols/oauth2/native-app.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from syft_notify.sandbox.tokens import LIFETIME, TESTING_LIFETIME, TokenRefusal
from syft_notify.sandbox.web import Route, World


class OAuth:
    """The views of the token server; nobody is logged in here."""

    def __init__(self, world: World) -> None:
        self._tokens = world.tokens

    def routes(self) -> Sequence[Route]:
        return (
            Route("oauth.token", "POST", "/token", self.token),
            Route("oauth.revoke", "POST", "/revoke", self.revoke),
        )

    def token(self) -> Any:
        form = request.form
        # RFC 6749 section 2.3.1: the client names itself in the form, or with HTTP Basic.
        client = request.authorization or {"username": form.get("client_id"), "password": form.get("client_secret")}
        if client.get("username") != self._tokens.client_id:
            raise TokenRefusal("invalid_client", "The OAuth client was not found.", 401)
        if client.get("password") != self._tokens.client_secret:
            raise TokenRefusal("invalid_client", "Unauthorized", 401)
        grant_type = form.get("grant_type", "")
        if grant_type == "refresh_token":
            return self._refreshed(form.get("refresh_token", ""), form.get("scope", "").split())
        if grant_type == "authorization_code":
            return self._exchanged(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
        raise TokenRefusal("unsupported_grant_type", f"Invalid grant_type: {grant_type}")

    def revoke(self) -> Any:
        if not self._tokens.revoke(request.values.get("token", "")):
            raise TokenRefusal("invalid_token", "Token expired or revoked")
        return {}

    def _refreshed(self, refresh: str, asked: list[str]) -> Any:
        """A new access token. A scope that was never granted is an error, fewer than granted are no harm."""
        grant = self._tokens.exchange_refresh(refresh)
        if not set(asked) <= set(grant.scopes):
            raise TokenRefusal("invalid_scope", "Some requested scopes were invalid.")
        scopes = asked or list(grant.scopes)
        return _bearer(self._tokens.access(grant, refresh, scopes=scopes), scopes)

    def _exchanged(self, code: str, redirect_uri: str, verifier: str) -> Any:
        grant, refresh = self._tokens.exchange_code(code, redirect_uri, verifier)
        answer = _bearer(self._tokens.access(grant, refresh), grant.scopes)
        if grant.offline:
            answer["refresh_token"] = refresh
        if grant.offline and self._tokens.in_testing:
            answer["refresh_token_expires_in"] = int(TESTING_LIFETIME.total_seconds())
        return answer


def _bearer(token: str, scopes: Sequence[str]) -> dict[str, Any]:
    seconds = int(LIFETIME.total_seconds())
    return {"access_token": token, "expires_in": seconds, "scope": " ".join(scopes), "token_type": "Bearer"}
