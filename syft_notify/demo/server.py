"""Serves the page on loopback until it is left."""

from __future__ import annotations

import logging
from types import TracebackType

from flask import Flask

from syft_notify.domain.errors import UserError
from syft_notify.sandbox.wire import LOOPBACK, Wire
from syft_notify.sandbox.wsgi import carried_out

log = logging.getLogger(__name__)


class PageServer:
    """Has its port from the beginning; answers between `with` and its end."""

    def __init__(self, app: Flask, port: int = 0) -> None:
        """`port` 0 takes a free one. Raises `UserError` for one that cannot be had."""
        try:
            self._wire = Wire(port, lambda incoming: carried_out(app, incoming), _report)
        except OSError as error:
            raise UserError(f"Port {port} cannot be used: {error.strerror}", "Name another with --port") from error

    @property
    def url(self) -> str:
        """The address for a browser."""
        return f"http://{LOOPBACK}:{self._wire.server_port}/"

    def __enter__(self) -> PageServer:
        self._wire.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._wire.stop()


def _report(error: BaseException) -> None:
    log.error("the page could not answer", exc_info=error)
