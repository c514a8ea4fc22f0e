"""How we ask: every request within its time and its number of bytes, and none that follows a redirect."""

from __future__ import annotations

import http.client
import os
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httplib2

from syft_notify.config.settings import is_loopback
from syft_notify.google.sockets import Clock, NeverConnected, TimedSocket, plain_socket, tls_context, tls_socket

_PIECE_BYTES = 65_536
_ANY_ZLIB = zlib.MAX_WBITS | 32  # gzip or zlib, whichever comes


@dataclass(frozen=True)
class Bounds:
    """What one request may cost: bytes of its answer, packed and unpacked, and seconds until its last byte."""

    size: int
    seconds: float


TOKENS = Bounds(1_000_000, 30.0)
MAILS = Bounds(1_000_000, 75.0)
LISTS = Bounds(10_000_000, 75.0)
# A hundred listings in one answer: ordinary ones of 800 files each fit. A larger answer is asked for in parts.
BATCHES = Bounds(32_000_000, 90.0)


class BadAnswer(ConnectionError):
    """The answer cannot be used; the text says why and holds nothing of it."""


class Redirected(BadAnswer):
    """The service names another place. What we carry is for this one, so nobody goes there."""


class TooLarge(BadAnswer):
    """The answer has more bytes than the request may cost."""


class Http:
    """What Google's libraries ask of an `httplib2.Http`, for one thread. It repeats no request."""

    def __init__(
        self, timeout: float, bounds: Bounds = LISTS, *, keep: bool = True, environ: Mapping[str, str] = os.environ
    ) -> None:
        """`timeout` is how many seconds the other side may be silent; `bounds` may be changed between requests.

        Without `keep` each request has a connection of its own: an idle one may break unnoticed.
        """
        self.bounds = bounds
        self._timeout = timeout
        self._keep = keep
        self._environ = environ
        self._wires: dict[tuple[str, str, int], _Wire] = {}

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,
        connection_type: None = None,
    ) -> tuple[httplib2.Response, bytes]:
        """The answer and its content. The last two arguments are those of httplib2 and mean nothing here.

        Raises `NeverConnected`, `BadAnswer`, and what sockets and `http.client` raise.
        """
        parts = urlsplit(uri)
        asked = {name.lower(): value for name, value in (headers or {}).items()}
        if "range" not in asked:
            asked.setdefault("accept-encoding", "gzip")
        clock = Clock(self._timeout, self.bounds.seconds)
        wire = self._wire(parts.scheme, parts.hostname or "", parts.port)
        try:
            wire.open(clock)
            wire.request(method, urlunsplit(("", "", parts.path or "/", parts.query, "")), body, asked)
            with wire.getresponse() as response:
                if 300 <= response.status < 400:
                    raise Redirected(f"a redirect ({response.status}), which is never followed")
                content = self._read(response)
        except BaseException:
            self.close()
            raise
        if response.will_close or not self._keep:
            wire.close()
        return httplib2.Response(response), content

    def close(self) -> None:
        """Close the connections; further requests open others."""
        while self._wires:
            self._wires.popitem()[1].close()

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """A refusal counts by its status, whatever its content is."""
        try:
            return _content(response, self.bounds.size)
        except BadAnswer:
            if response.status < 400:
                raise
            response.will_close = True
            return b""

    def _wire(self, scheme: str, host: str, port: int | None) -> _Wire:
        if scheme != "https" and not is_loopback(host):
            raise NeverConnected("its address would send tokens unencrypted", "Use an address with https://")
        place = (scheme, host, port or (443 if scheme == "https" else 80))
        if place not in self._wires:
            self._wires[place] = _Wire(*place, self._environ)
        return self._wires[place]


class _Wire(http.client.HTTPConnection):
    """The connection to one host."""

    sock: Any

    def __init__(self, scheme: str, host: str, port: int, environ: Mapping[str, str]) -> None:
        super().__init__(host, port)
        self._tls = scheme == "https"
        self._environ = environ
        self._context: ssl.SSLContext | None = None
        self.default_port = 443 if self._tls else 80

    def open(self, clock: Clock) -> None:
        """Connect, unless there is a connection that can carry one more request. Raises `NeverConnected`."""
        if self.sock is not None and self.sock.is_idle():
            self.sock.clock = clock
            return
        self.close()
        if self._tls:
            self._context = self._context or tls_context(self._environ)
            sock = tls_socket(self.host, self.port, self._context, self._environ, clock)
        else:
            sock = plain_socket(self.host, self.port, clock)
        self.sock = TimedSocket(sock, clock)


def _content(response: http.client.HTTPResponse, limit: int) -> bytes:
    """The whole content, unpacked. Raises `TooLarge` before it holds more than `limit` bytes, else `BadAnswer`."""
    packing = response.headers.get("content-encoding", "identity").lower()
    if packing not in ("identity", "gzip", "x-gzip", "deflate"):
        raise BadAnswer("content in an unknown encoding")
    unpacker = None if packing == "identity" else zlib.decompressobj(_ANY_ZLIB)
    content, arrived = bytearray(), 0
    while piece := response.read(_PIECE_BYTES):
        arrived += len(piece)
        try:
            content += unpacker.decompress(piece, limit + 1 - len(content)) if unpacker else piece
        except zlib.error:
            raise BadAnswer("content that cannot be unpacked") from None
        if max(arrived, len(content)) > limit:
            raise TooLarge(f"more than {limit:,} bytes")
    if response.length or (unpacker and arrived and (unpacker.unused_data or not unpacker.eof)):
        raise BadAnswer("only a part of its answer")
    return bytes(content)
