"""How we connect: with a time limit, and through the proxy that the environment names, but to ourselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httplib2


def connection(url: str | None, timeout: float, kind: type[httplib2.Http] = httplib2.Http) -> Any:
    """A connection for requests to the service at `url`, None for Google; `timeout` in seconds.

    The config allows plain http to this machine only.
    """
    if url is not None and urlsplit(url).scheme == "http":
        return kind(timeout=timeout, proxy_info=None)
    return kind(timeout=timeout)
