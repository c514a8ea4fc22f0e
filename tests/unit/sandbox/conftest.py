"""Google's own client, pointed at the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE, GMAIL_SEND
from tests.discovery import DOCUMENTS

Service = Callable[..., Any]


def credentials(sandbox: Sandbox, email: str, *scopes: str, **options: Any) -> Credentials:
    """A person's credentials; reading them from the file would send renewals to Google, whatever the file says."""
    document = json.loads(sandbox.token_file(email, scopes or (DRIVE, GMAIL_SEND), **options))
    expiry = datetime.fromisoformat(document["expiry"].removesuffix("Z"))
    names = ("refresh_token", "token_uri", "client_id", "client_secret", "scopes")
    return Credentials(document["token"], expiry=expiry, **{name: document[name] for name in names})


def from_document(sandbox: Sandbox, name: str, email: str, *scopes: str) -> Any:
    """A client whose every address is the sandbox's, those of uploads and batches included."""
    document = json.loads((DOCUMENTS / f"{name}.json").read_text())
    document["rootUrl"] = f"{sandbox.url}/"
    return build_from_document(document, credentials=credentials(sandbox, email, *scopes))


@pytest.fixture
def drive(sandbox: Sandbox) -> Iterator[Service]:
    """`drive(email, *scopes)` is Drive as this person's client sees it."""
    with ExitStack() as stack:
        yield lambda *who: stack.enter_context(from_document(sandbox, "drive.v3", *who))


@pytest.fixture
def gmail(sandbox: Sandbox) -> Iterator[Service]:
    """`gmail(email, *scopes)` is Gmail as this person's client sees it."""
    with ExitStack() as stack:
        yield lambda *who: stack.enter_context(from_document(sandbox, "gmail.v1", *who))


class Caller:
    """Plain HTTP as one person, for what no client library would ever send."""

    def __init__(self, sandbox: Sandbox, email: str, *scopes: str) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {credentials(sandbox, email, *scopes).token}"
        self._url = sandbox.url

    def __call__(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> tuple[requests.Response, Any]:
        """The answer and its content; JSON is decoded."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self._url + path
        answer = self._session.request(method, url, data=body, headers=named, allow_redirects=False, timeout=10)
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer, answer.json() if is_json and answer.content else answer.content

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Callable[..., Caller]]:
    """`caller(email, *scopes)` sends plain HTTP requests with this person's token."""
    with ExitStack() as stack:

        def made(email: str, *scopes: str) -> Caller:
            one = Caller(sandbox, email, *scopes)
            stack.callback(one.close)
            return one

        yield made
