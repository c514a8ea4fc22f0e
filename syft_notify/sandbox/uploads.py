"""How content comes in: in one piece, together with its metadata, or resumably in chunks.

Source: developers.google.com/workspace/drive/api/guides/manage-uploads.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Request, Response, request

from syft_notify.sandbox import multipart
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.web import json_body, json_object

CHUNK_UNIT = 256 * 1024
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class Upload:
    """What came in: the metadata, the content (None: metadata alone) and the content's type."""

    metadata: dict[str, Any]
    content: bytes | None = None
    content_type: str = ""


@dataclass
class _Session:
    """A resumable upload under way; `finish` says what happens with the whole."""

    caller: str
    metadata: dict[str, Any]
    content_type: str
    finish: Callable[[Upload], Any]
    received: bytearray = field(default_factory=bytearray)
    answer: Any = None


class Sessions:
    """The resumable uploads under way."""

    def __init__(self) -> None:
        self._open: dict[str, _Session] = {}

    def receive(self, caller: str, finish: Callable[[Upload], Any]) -> Any:
        """Read what this request brings and finish it; a resumable upload is finished by its last chunk."""
        if not request.path.startswith("/upload/"):
            return finish(Upload(json_body(request)))
        if request.args.get("uploadType") == "resumable":
            return self._begin(caller, finish)
        return finish(read_whole(request))

    def _begin(self, caller: str, finish: Callable[[Upload], Any]) -> Response:
        """The answer says where the chunks go, on the host that was called, with the parameters of this call."""
        content_type = request.headers.get("X-Upload-Content-Type", "application/octet-stream")
        session = secrets.token_urlsafe(24)
        self._open[session] = _Session(caller, json_body(request), content_type, finish)
        query = request.query_string.decode("ascii", "replace")
        place = f"{request.host_url.rstrip('/')}{request.path}?{query}&upload_id={session}"
        return Response(status=200, headers={"Location": place, "X-GUploader-UploadID": session})

    def go_on(self, caller: str) -> Any:
        """Take a chunk, or say how far the upload is; the whole upload's answer after the last chunk."""
        session = self._open.get(request.args.get("upload_id", ""))
        if session is None or session.caller != caller:
            raise Refusal(404, "notFound", "Not Found")
        if session.answer is not None:
            return session.answer
        total = self._take(session, request.headers.get("Content-Range", ""), request.get_data())
        if total is None or len(session.received) < total:
            return self._unfinished(session)
        session.answer = session.finish(Upload(session.metadata, bytes(session.received), session.content_type))
        return session.answer

    def _take(self, session: _Session, content_range: str, data: bytes) -> int | None:
        """Append the chunk; the size of the whole, if it is known by now."""
        if not content_range:
            session.received[:] = data
            return len(data)
        match = _RANGE.fullmatch(content_range)
        if match is None:
            raise _bad_range()
        first, last, whole = match.groups()
        total = None if whole == "*" else int(whole)
        if first is not None:
            _append(session.received, int(first), int(last), data, total)
        return total

    def _unfinished(self, session: _Session) -> Response:
        response = Response(status=308)
        if session.received:
            response.headers["Range"] = f"bytes=0-{len(session.received) - 1}"
        return response


def _append(received: bytearray, first: int, last: int, data: bytes, total: int | None) -> None:
    """Lay the bytes `first` to `last` behind what is there; all chunks but the last have whole units."""
    is_last = total is not None and last + 1 == total
    if last - first + 1 != len(data) or first > len(received) or (len(data) % CHUNK_UNIT and not is_last):
        raise _bad_range()
    del received[first:]
    received += data


def _bad_range() -> Refusal:
    return Refusal(400, "badRequest", "Failed to parse Content-Range header.")


def read_whole(incoming: Request) -> Upload:
    """An upload that came in one request. Raises `Refusal` 400."""
    if incoming.args.get("uploadType") == "multipart" or incoming.mimetype.startswith("multipart/"):
        return _read_multipart(incoming)
    return Upload({}, incoming.get_data(), incoming.headers.get("Content-Type", "application/octet-stream"))


def _read_multipart(incoming: Request) -> Upload:
    parts = multipart.split(incoming.headers.get("Content-Type", ""), incoming.get_data())
    if len(parts) != 2:
        raise Refusal(400, "badContent", "Malformed multipart body.")
    metadata, content = parts
    return Upload(json_object(metadata.body), content.body, content.headers.get("content-type", ""))
