"""HTTP/1.1 on loopback: connections that stay open, and break exactly when they are told to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from werkzeug.datastructures import Headers

from syft_notify.sandbox.replies import Cut, Incoming, Reply

LOOPBACK = "127.0.0.1"
_POLL = 0.05


class Wire(ThreadingHTTPServer):
    """Carries requests to `answer` and its replies back, one thread a connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, answer: Callable[[Incoming], Reply]) -> None:
        self.answer = answer
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), _Exchange)
        self._listener = threading.Thread(target=self.serve_forever, args=(_POLL,), name="sandbox", daemon=True)

    def start(self) -> None:
        """Take connections, in a thread of its own."""
        self._listener.start()

    def stop(self) -> None:
        """Break all connections; returns when no thread is left."""
        self.shutdown()
        self._listener.join()
        with self._guard:
            threads = dict(self._open)
        for connection in threads.values():
            _hang_up(connection)
        for thread in threads:
            thread.join()
        self.server_close()

    def process_request_thread(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        me = threading.current_thread()
        with self._guard:
            self._open[me] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                del self._open[me]

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may vanish at any time; that is what some tests are about."""


class _Exchange(BaseHTTPRequestHandler):
    """One connection: requests in, answers out, until somebody hangs up."""

    server: Wire
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _exchange(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self.close_connection = True
            self._send(Reply(411))
            return
        body = self.rfile.read(int(length))
        headers = Headers([(name, value) for name, value in self.headers.items()])
        reply = self.server.answer(Incoming(self.command, self.path, headers, body))
        if reply.cut is None:
            self._send(reply)
        else:
            self._break_off(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _exchange  # noqa: N815 (http.server's names)

    def _send(self, reply: Reply) -> None:
        self._send_head(reply)
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status, HTTPStatus(reply.status).phrase)
        for name, value in reply.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        if reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()

    def _break_off(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.cut is Cut.HALF:
            self._send_head(reply)
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.wfile.flush()
        elif reply.cut is Cut.RESET:
            # Lingering for no time makes the kernel send RST where it would send FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: object) -> None:
        """The journal is the only log."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
