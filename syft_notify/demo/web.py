"""The page over HTTP: its files, what it shows, and its buttons."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from flask import Flask, Response, abort, request

from syft_notify.daemon.tail import last_lines
from syft_notify.demo import access, view
from syft_notify.demo.actions import Actions
from syft_notify.demo.owner import OwnerSetup
from syft_notify.domain.errors import UserError
from syft_notify.engine.health import read_health
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.mailboxes import Mail

LOG_LINES = 200
_LARGEST_REQUEST = 10_000
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Pages:
    """The views of the page."""

    def __init__(self, google: Sandbox, owner_setup: OwnerSetup, actions: Actions) -> None:
        self._google = google
        self._owner_setup = owner_setup
        self._actions = actions
        self._token = secrets.token_urlsafe(24)

    def app(self) -> Flask:
        """The WSGI application."""
        app = Flask(__name__, static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
        app.before_request(self._guard)
        app.after_request(_protected)
        app.add_url_rule("/", view_func=self.index)
        app.add_url_rule("/page/<name>", view_func=self.file)
        app.add_url_rule("/state", view_func=self.state)
        app.add_url_rule("/mails/<mail_id>", view_func=self.mail)
        app.add_url_rule("/mails/<mail_id>/html", view_func=self.mail_html)
        app.add_url_rule("/acts/<act>", view_func=self.act, methods=["POST"])
        return app

    def _guard(self) -> None:
        if not access.is_loopback(request.host):
            abort(403, "This page is for this machine only.")
        if request.method == "POST" and not access.may_act(request.host, dict(request.headers), self._token):
            abort(403, "Only the page itself may press its buttons.")

    def index(self) -> Response:
        """The page, with the token that its buttons need."""
        html = _page_file("index.html").replace("{{ token }}", self._token)
        return Response(html, content_type="text/html; charset=utf-8")

    def file(self, name: str) -> Response:
        """What the page consists of."""
        names = {entry.name for entry in files(__package__).joinpath("page").iterdir()}
        if name not in names:
            abort(404)
        return Response(_page_file(name), content_type=f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8")

    def state(self) -> Response:
        """All that changes; 304 when it did not."""
        body = json.dumps(self._state()).encode()
        response = Response(body, content_type="application/json")
        response.set_etag(hashlib.sha256(body).hexdigest())
        response.make_conditional(request)
        return response

    def _state(self) -> Mapping[str, Any]:
        owner, *scientists = self._persons()
        log = self._owner_setup.files.log
        return {
            **view.people(self._actions),
            "mailboxes": {
                person: view.conversations(self._google.mailbox(person).received) for person in (owner, *scientists)
            },
            "daemon": view.daemon(read_health(self._owner_setup.files.health)),
            "log": last_lines(log, LOG_LINES) if log.exists() else [],
        }

    def mail(self, mail_id: str) -> Response:
        """One mail's text and headers."""
        return Response(json.dumps(view.opened(self._mail(mail_id))), content_type="application/json")

    def mail_html(self, mail_id: str) -> Response:
        """One mail's HTML, for a frame in which nothing of it can act."""
        response = Response(self._mail(mail_id).html, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = access.MAIL_POLICY
        return response

    def act(self, act: str) -> tuple[str, int]:
        """Press a button: 204, or 409 with the reason why not now."""
        said = request.get_json(silent=True)
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            abort(400)
        try:
            self._actions.perform(act, said)
        except KeyError:
            abort(404)
        except UserError as error:
            return str(error), 409
        return "", 204

    def _mail(self, mail_id: str) -> Mail:
        mails = (mail for person in self._persons() for mail in self._google.mailbox(person).received)
        found = next((mail for mail in mails if mail.id == mail_id), None)
        return found or abort(404)

    def _persons(self) -> list[str]:
        return [self._owner_setup.owner, *self._actions.scientists]


def _protected(response: Response) -> Response:
    for name, value in {**access.HEADERS, "Content-Security-Policy": access.PAGE_POLICY}.items():
        response.headers.setdefault(name, value)
    return response


def _page_file(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")
