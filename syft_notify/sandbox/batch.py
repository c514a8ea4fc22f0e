"""Batch requests: up to 100 calls in one round trip.

Source: developers.google.com/workspace/drive/api/guides/performance.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask import Response, request
from werkzeug.datastructures import Headers

from syft_notify.sandbox import multipart
from syft_notify.sandbox.multipart import Part
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.replies import Incoming, Reply
from syft_notify.sandbox.web import Route

MAX_CALLS = 100


class Batch:
    """The batch endpoints; `answer` carries out one call as if it had come alone."""

    def __init__(self, answer: Callable[[Incoming], Reply]) -> None:
        self._answer = answer

    def routes(self) -> Sequence[Route]:
        return (
            Route("drive.batch", "POST", "/batch/drive/v3", self.run, alone=False),
            Route("gmail.batch", "POST", "/batch/gmail/v1", self.run, alone=False),
            Route("gmail.batch", "POST", "/batch", self.run, alone=False),
        )

    def run(self) -> Response:
        parts = multipart.split(request.headers.get("Content-Type", ""), request.get_data())
        if len(parts) > MAX_CALLS:
            message = f"The batch request has too many calls; the limit is {MAX_CALLS}."
            raise Refusal(400, "badRequest", message)
        boundary = f"batch_{secrets.token_urlsafe(16)}"
        answers = [_answer_part(part, self._answer(_call(part))) for part in parts]
        body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), answer) for answer in answers)
        content_type = f"multipart/mixed; boundary={boundary}"
        return Response(body + b"--%s--\r\n" % boundary.encode(), content_type=content_type)


def _call(part: Part) -> Incoming:
    """The call inside a part; without a token of its own it has the batch's."""
    head, body = multipart.split_head(part.body.lstrip())
    line, _, rest = head.partition("\n")
    words = line.split()
    if len(words) < 2:
        raise Refusal(400, "badRequest", "Failed to parse batch request.")
    headers = Headers(multipart.headers_of(rest).items())
    headers.setdefault("Authorization", request.headers.get("Authorization", ""))
    headers["Host"] = request.host
    target = words[1] if words[1].startswith("/") else "/" + words[1].partition("://")[2].partition("/")[2]
    return Incoming(words[0].upper(), target, headers, body)


def _answer_part(part: Part, reply: Reply) -> bytes:
    content_id = part.headers.get("content-id", "").removeprefix("<").removesuffix(">")
    lines = ["Content-Type: application/http"]
    if content_id:
        lines.append(f"Content-ID: <response-{content_id}>")
    lines += ["", f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items() if name.lower() != "content-length"]
    lines += [f"Content-Length: {len(reply.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + reply.body
