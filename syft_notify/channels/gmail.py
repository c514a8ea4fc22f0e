"""Sends mails through the Gmail API, from the account that the token belongs to."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from typing import Any

from syft_notify.config.settings import Config
from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.errors import Fault, MissingFault, RejectedFault, ScopeFault
from syft_notify.domain.notifications import Message, Receipt
from syft_notify.domain.ports import ChannelState, Consent, Limits
from syft_notify.google import token_life
from syft_notify.google.auth import PROFILE_SCOPES, Token, TokenFile
from syft_notify.google.session import Session
from syft_notify.google.token_files import gmail_token
from syft_notify.mail.mime import mime

# Gmail takes 60 mails a minute: 100 of 6,000 quota units each.
LARGEST_MINUTE = 60


class GmailChannel:
    """`ports.Channel` over `users.messages.send`."""

    name = "gmail"

    def __init__(
        self, token: TokenFile, endpoint: str | None = None, *, daily_cap: int | None = None, **options: Any
    ) -> None:
        """`options` are those of `Session`."""
        self.limits = Limits(LARGEST_MINUTE, daily_cap)
        self._token = token
        self._endpoint, self._options = endpoint, options
        self._session = self._opened(token)
        self._asked_for = self._account = ""

    @property
    def consent(self) -> Consent | None:
        """That of the token."""
        return token_life.consent_of(self._token)

    def send(self, message: Message) -> Receipt:
        """Send once. Only a thread that this mailbox does not know is answered by a second try without it.

        A thread id is good in one mailbox only, so it fails after the owner changed the sending account.
        """
        body = {"raw": base64.urlsafe_b64encode(mime(message).as_bytes()).decode()}
        if not message.thread.remote_id:
            return self._post(body)
        try:
            return self._post({**body, "threadId": message.thread.remote_id})
        except (RejectedFault, MissingFault):
            return self._post(body)

    def check(self, now: datetime, *, full: bool = False) -> ChannelState:
        """Whether Google renews the token; a full check also asks Gmail, whose refusal is the best answer to no mail.

        The scope to send lets us ask for nothing else.
        """
        if full:
            return ChannelState(self._proven_account(), now, self._token.ends_at)
        good_as_of = self._token.prove(now)
        return ChannelState(self._known_account(), good_as_of, self._token.ends_at)

    def reaches(self, recipient: str) -> str:
        """As every mail."""
        return why_unreachable(recipient)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _opened(self, token: Token) -> Session:
        return Session("gmail", "v1", token, self._endpoint, **self._options)

    def _proven_account(self) -> str:
        with closing(self._opened(self._token.proven())) as session:
            try:
                return _address(session)
            except ScopeFault:
                return ""

    def _known_account(self) -> str:
        """Asked for once with each consent, if the token may ask; it is not worth a second try."""
        if self._asked_for != self._token.consent:
            self._asked_for, self._account = self._token.consent, ""
            if self._token.scopes & PROFILE_SCOPES:
                with suppress(Fault):
                    self._account = _address(self._session)
        return self._account

    def _post(self, body: dict[str, str]) -> Receipt:
        return self._session.send(
            lambda gmail: _receipt(gmail.users().messages().send(userId="me", body=body).execute())
        )


def open_gmail(config: Config, *, heartbeat: Callable[[], None], timeout: float | None) -> GmailChannel:
    """The owner's Gmail. Raises as `TokenFile`."""
    options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    token = gmail_token(config)
    return GmailChannel(token, config.gmail_api_endpoint, daily_cap=config.daily_cap, heartbeat=heartbeat, **options)


def _address(session: Session) -> str:
    return session.read(
        lambda gmail: str(gmail.users().getProfile(userId="me", fields="emailAddress").execute()["emailAddress"])
    )


def _receipt(answer: object) -> Receipt:
    """Raises `ValueError` for an answer that names no message: whether the mail went out is then unknown."""
    if not isinstance(answer, dict) or not answer.get("id"):
        raise ValueError("an answer without a message id")
    return Receipt(str(answer["id"]), str(answer.get("threadId", "")))
