"""HTTP/1.1 on loopback: connections that stay open, and break exactly when they are told to."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.datastructures import Headers

from syft_notify.sandbox.replies import Cut, Incoming, Reply

LOOPBACK = "127.0.0.1"
_POLL = 0.1
_Connection = Any  # socketserver allows a datagram here too; ours is always a TCP socket


class Wire(ThreadingHTTPServer):
    """Carries requests to `answer` and its replies back, one thread a connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, answer: Callable[[Incoming], Reply], report: Callable[[BaseException], None]) -> None:
        self.answer = answer
        self._report = report
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), _Exchange)
        self._listener = threading.Thread(target=self.serve_forever, args=(_POLL,), name="sandbox", daemon=True)

    def start(self) -> None:
        """Take connections, in a thread of its own."""
        self._listener.start()

    def stop(self) -> None:
        """Break all connections; returns when no thread is left."""
        self._end_listening()
        with self._guard:
            threads = dict(self._open)
        for connection in threads.values():
            _hang_up(connection)
        for thread in threads:
            thread.join()
        self.server_close()

    def _end_listening(self) -> None:
        """The listener looks whether to end when its time is up, or when somebody knocks: so knock."""
        ending = threading.Thread(target=self.shutdown)
        ending.start()
        socket.create_connection((LOOPBACK, self.server_port)).close()
        ending.join()
        self._listener.join()

    def process_request(self, request: _Connection, client_address: Any) -> None:
        """Serve one connection in a thread that `stop` knows of."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: _Connection, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                del self._open[threading.current_thread()]

    def shutdown_request(self, request: _Connection) -> None:
        """A connection that is to be reset must not say goodbye first."""
        lingers, _ = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if lingers:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: _Connection, client_address: Any) -> None:
        """Clients may vanish at any time, that is what some tests are about; anything else is our fault."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self._report(error)


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
        if len(body) < int(length):
            self.close_connection = True  # the client vanished in the middle; what it wanted is not known
            return
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
