"""A certificate authority of our own, a server that speaks TLS with it, and proxies before that; all on loopback."""

from __future__ import annotations

import base64
import datetime
import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates. `file` holds its own, which whoever trusts it must know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of the tests")])
        extensions = (
            x509.BasicConstraints(ca=True, path_length=0),
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()),
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._signed(self._name, self._key, *extensions))

    def context(self, *hosts: str) -> ssl.SSLContext:
        """For a server of these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([*map(x509.DNSName, hosts), x509.IPAddress(ip_address("127.0.0.1"))])
        file = self._folder / "server.pem"
        written = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(written + self._signed(x509.Name([]), key, names))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Listener:
    """Serves each connection in a thread of its own until it is closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._callers: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._threads[0].join()
        for caller in self._callers:
            with suppress(OSError):
                caller.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def serve(self, caller: socket.socket) -> None:
        raise NotImplementedError

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self._callers.append(caller)
            self._threads.append(threading.Thread(target=self._guarded, args=(caller,)))
            self._threads[-1].start()

    def _guarded(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            self.serve(caller)


class TlsFront(Listener):
    """Speaks TLS before a plain server of this machine."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        self._context = context
        self._behind = port
        super().__init__()

    def serve(self, caller: socket.socket) -> None:
        with self._context.wrap_socket(caller, server_side=True) as encrypted:
            connect(encrypted, self._behind)


class HttpProxy(Listener):
    """A proxy that knows CONNECT; with `login` (`user:password`) it asks for it. All hosts lead to one `port`."""

    def __init__(
        self, port: int, login: str = "", refusal: str = "407 Authenticate", challenge: str = 'Basic realm="x"'
    ) -> None:
        self._behind = port
        self._login = login
        self._refusal = f"{refusal}\r\nProxy-Authenticate: {challenge}"
        self.asked: list[str] = []
        super().__init__()

    def serve(self, caller: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (piece := caller.recv(65_536)):
            head += piece
        lines = head.decode().split("\r\n")
        self.asked.append(lines[0])
        wanted = base64.b64encode(self._login.encode()).decode()
        if self._login and f"Proxy-Authorization: Basic {wanted}" not in lines:
            caller.sendall(f"HTTP/1.1 {self._refusal}\r\nContent-Length: 4\r\n\r\nSTOP".encode())
            return
        caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connect(caller, self._behind)


class SocksProxy(Listener):
    """RFC 1928, version 5, for names that the proxy resolves; with `login` RFC 1929 too."""

    def __init__(self, port: int, login: str = "") -> None:
        self._behind = port
        self._login = login
        self.asked: list[str] = []
        super().__init__()

    def serve(self, caller: socket.socket) -> None:
        stream = caller.makefile("rb")
        offered = stream.read(stream.read(2)[1])
        if self._login and b"\x02" not in offered:
            caller.sendall(b"\x05\xff")
            return
        if self._login:
            caller.sendall(b"\x05\x02")
            stream.read(1)
            words = [stream.read(stream.read(1)[0]).decode() for _ in range(2)]
            welcome = ":".join(words) == self._login
            caller.sendall(b"\x01\x00" if welcome else b"\x01\x01")
            if not welcome:
                return
        else:
            caller.sendall(b"\x05\x00")
        stream.read(4)
        name = stream.read(stream.read(1)[0]).decode()
        self.asked.append(f"{name}:{int.from_bytes(stream.read(2), 'big')}")
        caller.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        connect(caller, self._behind)


def connect(caller: socket.socket, port: int) -> None:
    """Carry bytes between the caller and a server of this machine until one of them ends."""
    with socket.create_connection(("127.0.0.1", port)) as other:
        ends: dict[socket.socket, socket.socket] = {caller: other, other: caller}
        while True:
            pending: Callable[[], int] = getattr(caller, "pending", lambda: 0)
            ready = [caller] if pending() else select.select(list(ends), [], [])[0]
            for source in ready:
                piece = source.recv(65_536)
                if not piece:
                    return
                ends[source].sendall(piece)
