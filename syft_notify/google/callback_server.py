"""The page on this machine where the browser lands after the consent; its address holds Google's answer."""

from __future__ import annotations

import queue
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from syft_notify.domain.errors import UserError

LOOPBACK = "127.0.0.1"
_LOOK_SECONDS = 0.05
_PAGE = (
    b'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>syft-notify</title>\n'
    b'<body style="font-family: sans-serif; margin: 3em auto; max-width: 30em">\n'
    b"<h1>syft-notify has the answer</h1>\n<p>Go back to it: it says how it went. You can close this page.\n"
)


class CallbackServer:
    """Listens while a person gives consent; `fileno` can be read as soon as somebody landed."""

    def __init__(self, port: int = 0) -> None:
        """`port` on the loopback, 0 for a free one. Raises `UserError` when it cannot be used."""
        try:
            self._server = _Server(port, self._landed)
        except OSError as error:
            raise UserError(
                f"Port {port} cannot be used: {error.strerror}", "Name another one, between 1024 and 65535"
            ) from error
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._bell, self._rope = socket.socketpair()
        serve = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK_SECONDS,), name="callback-server", daemon=True
        )
        serve.start()

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Where the browser shall be sent. The number, not the name: a name could lead elsewhere (RFC 8252, 8.3)."""
        return f"http://{LOOPBACK}:{self.port}/"

    def fileno(self) -> int:
        """What to wait for."""
        return self._bell.fileno()

    def answer(self) -> str:
        """The address at which the browser landed. Blocks until it does."""
        self._bell.recv(1)
        return self._answers.get()

    def __enter__(self) -> CallbackServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._bell.close()
        self._rope.close()

    def _landed(self, target: str) -> None:
        self._answers.put(f"http://{LOOPBACK}:{self.port}{target}")
        self._rope.send(b".")


def usable_port(wanted: int) -> int:
    """The wanted port if nobody listens there, else 0 for a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return 0
    return wanted


class _Server(socketserver.ThreadingTCPServer):
    """A thread a connection: browsers open some in advance and say nothing on them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, port: int, landed: Callable[[str], None]) -> None:
        self.landed = landed
        super().__init__((LOOPBACK, port), _Exchange)

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers go away in the middle; the next one is as good."""


class _Exchange(BaseHTTPRequestHandler):
    """One request of the browser. Only one that carries an answer counts: browsers ask for icons, too."""

    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if not asked.keys() & {"code", "error"}:
            self.send_error(404)
            return
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(_PAGE))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(_PAGE)
        self.server.landed(self.path)

    def log_message(self, format: str, *args: object) -> None:
        """The address holds a secret: no log of it."""
