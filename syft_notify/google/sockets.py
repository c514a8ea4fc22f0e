"""Sockets to a server: through the user's proxy, with the user's certificates, and with an end to every wait."""

from __future__ import annotations

import base64
import http.client
import io
import re
import select
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

import httplib2

from syft_notify.google.environment import Proxy, certificates, proxy_for

CONNECT_SECONDS = 10.0  # for each address of a host: the next one may answer
_PIECE_BYTES = 65_536
_SCHEME = re.compile(r"(?:^|,) *([a-z]{1,20})(?= |,|$)")  # of a challenge (RFC 9110, section 11.6.1)
_OTHER_LOGIN = "Ask for a login of the kind Basic, or run a proxy of your own that logs in, such as cntlm"


class NeverConnected(ConnectionError):
    """No connection came about, so the service cannot have seen the request. `reason` and `hint` are for people."""

    def __init__(self, reason: str, hint: str = "Check the network") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Clock:
    """The time of one request: `silence` is how many seconds the other side may take for each step."""

    def __init__(self, silence: float, seconds: float) -> None:
        self._silence = silence
        self._deadline = time.monotonic() + seconds

    def left(self) -> float:
        """How many seconds the next step may take. Raises `TimeoutError` when none are left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time of the request is over")
        return min(left, self._silence)


class TimedSocket:
    """A socket as `http.client` uses it, whose every step ends with the time of the request in hand."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self.clock = clock
        self._sock = sock

    def is_idle(self) -> bool:
        """Whether nothing came meanwhile, which before a request can only be the end of the connection."""
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        return not poller.poll(0)

    def sendall(self, data: bytes) -> None:
        """In pieces, so that the other side cannot take one byte at a time for ever."""
        view = memoryview(data)
        for start in range(0, len(view), _PIECE_BYTES):
            self._sock.settimeout(self.clock.left())
            self._sock.sendall(view[start : start + _PIECE_BYTES])

    def makefile(self, mode: str) -> io.BufferedReader:
        """What arrives, to be read."""
        return io.BufferedReader(_TimedReader(self._sock, self.clock))

    def close(self) -> None:
        """Close the socket as soon as the answer in hand was read."""
        self._sock.close()


class _TimedReader(io.RawIOBase):
    """What arrives at a socket, which it keeps open until it is closed itself."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self._sock = sock
        self._clock = clock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def plain_socket(host: str, port: int, clock: Clock) -> socket.socket:
    """A connection to this machine. Raises `NeverConnected`."""
    try:
        return _connected(host, port, clock)
    except OSError as error:
        raise NeverConnected(words(error)) from error


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Whom we trust. Raises `NeverConnected`. It takes long to make.

    Without a choice of the user the authorities of this machine count, and those that come with our libraries.
    """
    context, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificates(environ)
    if trusted is None:
        context.load_default_certs()
        context.load_verify_locations(httplib2.CA_CERTS)
        return context
    try:
        if trusted.path.is_dir():
            context.load_verify_locations(capath=trusted.path)
        else:
            context.load_verify_locations(trusted.path)
    except OSError:
        reason = f"{trusted.variable} names {trusted.path}, which cannot be read as certificates"
        raise NeverConnected(reason, f"Correct {trusted.variable}") from None
    return context


def tls_socket(
    host: str, port: int, context: ssl.SSLContext, environ: Mapping[str, str], clock: Clock
) -> socket.socket:
    """An encrypted connection, on the way that the environment names. Raises `NeverConnected`."""
    try:
        proxy = proxy_for(host, port, environ)
    except ValueError as error:
        raise NeverConnected(str(error), "Write http://HOST:PORT, with USER:PASSWORD@ before the host") from None
    try:
        sock = _connected(host, port, clock) if proxy is None else _proxied(host, port, proxy, clock)
    except NeverConnected:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise NeverConnected(words(error) if proxy is None else f"{proxy}: {words(error)}") from error
    try:
        return _encrypted(sock, host, context, environ, clock, f", through {proxy}" if proxy else "")
    except BaseException:
        sock.close()
        raise


def words(error: BaseException) -> str:
    """An error's kind without its text: texts of network libraries can hold whole requests."""
    if isinstance(error, TimeoutError):
        return "timeout"
    detail = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else getattr(error, "strerror", None)
    return detail or type(error).__name__


def _connected(host: str, port: int, clock: Clock) -> socket.socket:
    """Each address of the host is tried in turn, none of them for the whole time of the request."""
    failure = OSError("the host has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return _connected_to(socket.socket(family, kind, protocol), address, clock)
        except OSError as error:  # also: a kernel that knows no sockets of the family
            failure = error
    raise failure


def _connected_to(sock: socket.socket, address: Any, clock: Clock) -> socket.socket:
    try:
        sock.settimeout(min(CONNECT_SECONDS, clock.left()))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _proxied(host: str, port: int, proxy: Proxy, clock: Clock) -> socket.socket:
    if proxy.kind == "http":
        sock = _connected(proxy.host, proxy.port, clock)
        try:
            _ask_for_tunnel(sock, host, port, proxy, clock)
        except BaseException:
            sock.close()
            raise
        return sock
    return _through_socks(host, port, proxy, clock)


def _through_socks(host: str, port: int, proxy: Proxy, clock: Clock) -> socket.socket:
    import socks  # few people need it

    try:
        through: socket.socket = socks.create_connection(
            (host, port),
            timeout=clock.left(),
            proxy_type={"socks4": socks.SOCKS4, "socks5": socks.SOCKS5}[proxy.kind],
            proxy_addr=proxy.host,
            proxy_port=proxy.port,
            proxy_username=proxy.user or None,
            proxy_password=proxy.password or None,
        )
    except socks.ProxyError as error:
        cause = error.socket_err or error
        if isinstance(cause, socks.SOCKS5AuthError):
            raise _unwelcome(proxy) from None
        raise cause from None
    return through


def _ask_for_tunnel(sock: socket.socket, host: str, port: int, proxy: Proxy, clock: Clock) -> None:
    """RFC 9110, section 9.3.6, with the password as in RFC 7617."""
    timed = TimedSocket(sock, clock)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.user or proxy.password:
        secret = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    timed.sendall("\r\n".join([*lines, "", ""]).encode())
    with http.client.HTTPResponse(timed, method="CONNECT") as response:  # type: ignore[arg-type]
        response.begin()
    if response.status == 407:
        kinds = _SCHEME.findall(",".join(response.headers.get_all("proxy-authenticate", ())).lower())
        if kinds and "basic" not in kinds:
            raise NeverConnected(f"{proxy} wants a login of the kind {kinds[0]}, which we do not know", _OTHER_LOGIN)
        raise _unwelcome(proxy)
    if not 200 <= response.status < 300:
        raise NeverConnected(f"{proxy} answered {response.status}", "Ask who runs the proxy")


def _unwelcome(proxy: Proxy) -> NeverConnected:
    given = proxy.user or proxy.password
    wants = "does not accept this user name and password" if given else "wants a user name and password"
    return NeverConnected(
        f"{proxy} {wants}",
        f"Write them into {proxy.variable}: USER:PASSWORD@ before the host, special characters percent-encoded",
    )


def _encrypted(
    sock: socket.socket, host: str, context: ssl.SSLContext, environ: Mapping[str, str], clock: Clock, way: str
) -> ssl.SSLSocket:
    try:
        sock.settimeout(clock.left())
        return context.wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        trusted = certificates(environ)
        used = f"; now {trusted} count" if trusted else ""
        raise NeverConnected(
            f"its certificate is not trusted: {error.verify_message}{way}",
            f"If a proxy opens the traffic, set SSL_CERT_FILE to the file of its certificate authority{used}",
        ) from error
    except OSError as error:
        raise NeverConnected(f"{words(error)}{way}") from error
