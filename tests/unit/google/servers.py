"""Servers of a few lines that answer what no good server does."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

STOLEN = b'{"access_token": "stolen", "refresh_token": "stolen", "expires_in": 3600}'

ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"  # the head of an answer that ends with the connection


class Server:
    """Answers each connection with the pieces that `answer` makes of its first request; `pause` seconds between them.

    `got` holds the first requests; `ended` is set when the other side hung up before all was sent.
    """

    def __init__(self, answer: Callable[[bytes], Iterable[bytes]], pause: float = 0.0, *, reads: bool = True) -> None:
        self._answer = answer
        self._pause = pause
        self._reads = reads
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.got: list[bytes] = []
        self.ended = threading.Event()
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def wait_until_all_are_closed(self) -> None:
        """From now on no connection of before is open."""
        for thread in self._threads[1:]:
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._talk, args=(caller,)))
            self._threads[-1].start()

    def _talk(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            request = received(caller) if self._reads else b""
            self.got.append(request)
            for piece in self._answer(request):
                try:
                    caller.sendall(piece)
                except OSError:
                    self.ended.set()
                    return
                if self._over.wait(self._pause):
                    return


def received(caller: socket.socket) -> bytes:
    """One request with its content, if it says how long that is."""
    request = b""
    while b"\r\n\r\n" not in request and (piece := caller.recv(65_536)):
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while sizes and len(body) < int(sizes[0]) and (piece := caller.recv(65_536)):
        body += piece
    return head + b"\r\n\r\n" + body


def response(content: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer after which the connection ends."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers, "", "")
    return "\r\n".join(lines).encode() + content


def packing(url: str) -> Callable[[bytes], Iterable[bytes]]:
    """The answers of a server of this machine, packed."""
    place = urlsplit(url)

    def answer(request: bytes) -> Iterable[bytes]:
        line, _, rest = request.partition(b"\r\n")
        method, path, _ = line.decode().split(" ")
        head, _, body = rest.partition(b"\r\n\r\n")
        headers = dict(field.split(": ", 1) for field in head.decode().split("\r\n"))
        with closing(http.client.HTTPConnection(place.hostname or "", place.port)) as behind:
            behind.request(method, path, body, headers | {"accept-encoding": "identity"})
            found = behind.getresponse()
            kind = f"Content-Type: {found.headers['content-type']}"
            packed = gzip.compress(found.read())
        yield response(packed, kind, "Content-Encoding: gzip", status=f"{found.status} {found.reason}")

    return answer


@contextmanager
def serving(answer: Callable[[bytes], Iterable[bytes]], pause: float = 0.0, *, reads: bool = True) -> Iterator[Server]:
    """A server that lives as long as the block; it answers without having read anything unless it `reads`."""
    server = Server(answer, pause, reads=reads)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The endpoint of a server that answers each request with these bytes, and the requests it got."""
    with serving(lambda request: [answer]) as server:
        yield server.url, server.got


@contextmanager
def elsewhere(status: int) -> Iterator[tuple[str, list[bytes]]]:
    """The endpoint of a server that sends everybody to another one, and the requests that the other one got."""
    with answering(response(STOLEN)) as (place, got):
        redirect = response(STOLEN, f"Location: {place}", status=f"{status} Go")
        with answering(redirect) as (endpoint, _):
            yield endpoint, got
