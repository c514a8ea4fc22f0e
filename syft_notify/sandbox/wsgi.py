"""From a request off the wire to a Flask application, and back."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from flask import Flask
from werkzeug.wrappers import Response

from syft_notify.sandbox.replies import Incoming, Reply


def carried_out(app: Flask, incoming: Incoming) -> Reply:
    """What the application answers."""
    response = Response.from_app(app.wsgi_app, _environ(incoming))
    return replace(Reply(response.status_code, response.get_data()), headers=response.headers)


def _environ(incoming: Incoming) -> dict[str, Any]:
    """The request in the words of WSGI (PEP 3333)."""
    host, _, port = incoming.headers.get("Host", "localhost").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": incoming.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(incoming.path, "latin-1"),
        "QUERY_STRING": incoming.query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(incoming.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(incoming.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in incoming.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = value
    return environ
