"""Takes a `multipart/…` body apart, byte for byte: content may be binary, line ends may be of either kind."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from werkzeug.http import parse_options_header

from syft_notify.sandbox.refusals import Refusal

_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True)
class Part:
    """One part; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes


def split(content_type: str, body: bytes) -> list[Part]:
    """The parts in their order. Raises `Refusal` 400 when there is no boundary or no end."""
    boundary = parse_options_header(content_type)[1].get("boundary", "").encode("latin-1", "replace")
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = list(delimiter.finditer(body)) if boundary else []
    if not marks or not marks[-1].group(1):
        raise Refusal(400, "badContent", "Malformed multipart body.")
    return [_part(body[start.end() : end.start()]) for start, end in pairwise(marks)]


def headers_of(text: str) -> dict[str, str]:
    """Header lines as a mapping with names in lower case."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def split_head(text: bytes) -> tuple[str, bytes]:
    """What stands before the first blank line, and what after it."""
    match = _HEAD_END.search(text)
    if match is None:
        return text.decode("latin-1"), b""
    return text[: match.start()].decode("latin-1"), text[match.end() :]


def _part(text: bytes) -> Part:
    head, body = split_head(text)
    headers = headers_of(head)
    if headers.get("content-transfer-encoding", "").lower() == "base64":
        body = base64.b64decode(body)
    return Part(headers, body)
