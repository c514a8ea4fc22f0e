"""Which proxy and which certificates the environment names, read as curl and requests document it.

Sources: curl.se/docs/manpage.html ("ENVIRONMENT" and "--noproxy"), requests.readthedocs.io/en/latest/user/advanced/.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from syft_notify.config.settings import is_loopback

# The first one that is set counts; if it is empty, there is no proxy.
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS")
# Scheme -> the default port. Names are always resolved by the proxy; `https` is read as `http`, as it always was.
_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080, "socks": 1080}
_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class Proxy:
    """A proxy and the variable that names it; the text of it is for people and holds no secret."""

    variable: str
    kind: str  # "http", "socks4" or "socks5"
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy {host}:{self.port} of {self.variable}"


@dataclass(frozen=True)
class Certificates:
    """The file or folder of the authorities that are trusted, and the variable that names it."""

    variable: str
    path: Path

    def __str__(self) -> str:
        return f"the certificates of {self.path}, named by {self.variable}"


def proxy_for(host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to a host outside; None for a direct way, as always to this machine.

    Raises `ValueError` with the rest of a sentence that begins with the variable.
    """
    variable = next((name for name in _PROXY_VARIABLES if name in environ), "")
    value = environ.get(variable, "").strip()
    if not value or is_loopback(host) or _excepted(host, port, environ.get("no_proxy", environ.get("NO_PROXY", ""))):
        return None
    parts = urlsplit("")
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        default = _PORTS[parts.scheme]
        named, proxy_port = parts.hostname, parts.port or default
    except (ValueError, KeyError):
        named, proxy_port = None, 0
    # An @ behind the host: a password with # or / in it was taken for host and port.
    if not named or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError(f"{variable} is not the address of a proxy")
    kind = parts.scheme[:6] if parts.scheme.startswith("socks") else "http"
    kind = "socks5" if kind == "socks" else kind
    return Proxy(variable, kind, named, proxy_port, unquote(parts.username or ""), unquote(parts.password or ""))


def certificates(environ: Mapping[str, str]) -> Certificates | None:
    """Whom to trust in place of those whom this machine trusts."""
    named = next((name for name in _CERTIFICATE_VARIABLES if environ.get(name)), None)
    return None if named is None else Certificates(named, Path(environ[named]))


def way_to(url: str, environ: Mapping[str, str]) -> str:
    """How a service is reached, in words to follow its name; empty for the usual way. Raises as `proxy_for`."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return ""
    proxy, trusted = proxy_for(parts.hostname or "", parts.port or 443, environ), certificates(environ)
    return (f", through {proxy}" if proxy else "") + (f", with {trusted}" if trusted else "")


def _excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether `NO_PROXY` names the host: itself, a domain above it, its network, each with or without the port."""
    return any(_matches(host.lower().rstrip("."), port, name) for name in _SEPARATORS.split(exceptions.lower()) if name)


def _matches(host: str, port: int, name: str) -> bool:
    if name == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        pass
    domain, colon, wanted = name.rpartition(":")
    if colon and wanted.isdecimal():
        name = domain
        if int(wanted) != port:
            return False
    name = name.strip("[]").removeprefix("*").strip(".")
    return host == name or host.endswith(f".{name}")
