"""Requests with a token, whose error answers Google's client library can read.

It parses the body of a 403 and of every error, and raises `TypeError`, `UnboundLocalError` and others for one that is
not of Google's shape, like `{"error": "denied"}` of a proxy (googleapiclient 2.202: `_should_retry_response` and
`HttpError._get_reason`); it also logs such a body whole.
"""

from __future__ import annotations

from typing import Any

import google_auth_httplib2

from syft_notify.google.reasons import canonical


class AuthorizedHttp(google_auth_httplib2.AuthorizedHttp):  # type: ignore[misc]
    """google-auth's, with nothing but Google's reasons in the body of an error."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        response, content = super().request(*args, **kwargs)
        return response, content if response.status < 400 else canonical(content)
