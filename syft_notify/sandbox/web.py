"""What every service of the local Google shares: the state of the world and the shape of a route."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from syft_notify.sandbox import fields
from syft_notify.sandbox.fields import Mask
from syft_notify.sandbox.mailboxes import Mailboxes
from syft_notify.sandbox.people import People
from syft_notify.sandbox.refusals import Refusal
from syft_notify.sandbox.replies import JSON, Reply, not_found_page, refusal_reply
from syft_notify.sandbox.store import Store
from syft_notify.sandbox.tokens import TokenRefusal, Tokens


class World:
    """Everything that the local Google knows. Whoever reads or changes it holds `lock`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.people = People()
        self.tokens = Tokens(self.people, now)
        self.store = Store(self.people, now)
        self.mail = Mailboxes(self.people, now, self.lock)


@dataclass(frozen=True)
class Route:
    """One method of an API. `kind` names it in the request log and in fault rules.

    The view gets the caller's key first, then the parts of the path. Without `scopes` anybody may call it. `alone`
    says that it runs while nobody else changes the world.
    """

    kind: str
    method: str
    path: str
    view: Callable[..., Any]
    scopes: tuple[str, ...] = ()
    alone: bool = True


def install(app: Flask, world: World, routes: Iterable[Route]) -> None:
    """Make the routes reachable. Routes of one kind share one view."""
    for route in routes:
        view = app.view_functions.get(route.kind) or _guarded(world, route)
        app.add_url_rule(route.path, route.kind, view, methods=[route.method], provide_automatic_options=False)


def _guarded(world: World, route: Route) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        with world.lock if route.alone else nullcontext():
            caller: tuple[str, ...] = ()
            if route.scopes:
                caller = (world.tokens.authorize(request.headers.get("Authorization", ""), route.scopes),)
            return _written(route.view(*caller, **parts))

    return view


def _written(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status=204)
    return Response(json.dumps(answer), content_type=JSON)


def install_refusals(app: Flask, crashes: list[BaseException]) -> None:
    """Answer refusals as Google does; what breaks in the sandbox itself is kept in `crashes`."""

    def as_response(reply: Reply) -> Response:
        return Response(reply.body, reply.status, reply.headers)

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return as_response(refusal_reply(refusal))

    @app.errorhandler(TokenRefusal)
    def token_refused(refusal: TokenRefusal) -> Response:
        document = {"error": refusal.error, "error_description": refusal.description}
        return Response(json.dumps(document), refusal.status, content_type=JSON)

    @app.errorhandler(InternalServerError)
    def crashed(error: InternalServerError) -> Response:
        crashes.append(error.original_exception or error)
        return as_response(refusal_reply(Refusal(500, "internalError", "Internal Error")))

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response:
        return as_response(not_found_page())


def json_body(incoming: Request) -> dict[str, Any]:
    """The JSON object of a request; empty when there is no body. Raises `Refusal` 400."""
    return json_object(incoming.get_data())


def json_object(text: bytes) -> dict[str, Any]:
    """A JSON object, or nothing at all. Raises `Refusal` 400 for anything else."""
    if not text.strip():
        return {}
    try:
        document = json.loads(text)
    except ValueError:
        raise Refusal(400, "parseError", "Parse Error") from None
    if not isinstance(document, dict):
        raise Refusal(400, "parseError", "Parse Error")
    return document


def wanted_fields(default: str, known: Mapping[str, Any]) -> Mask:
    """The `fields` of this request. Raises `Refusal` 400 for a name that the answer cannot have."""
    mask = fields.parse(request.args.get("fields") or default)
    mask.check(known)
    return mask


def flag(name: str, default: bool = False) -> bool:
    """A boolean query parameter. Raises `Refusal` 400."""
    text = request.args.get(name)
    if text is None:
        return default
    if text not in ("true", "false"):
        raise Refusal(400, "invalidParameter", f"Invalid boolean value: '{text}'.", location=name)
    return text == "true"


def number(name: str, default: int, low: int, high: int) -> int:
    """An integer query parameter within bounds. Raises `Refusal` 400."""
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        message = f"Invalid value '{text}'. Values must be within the range: [{low}, {high}]"
        raise Refusal(400, "invalidParameter", message, location=name)
    return int(text)
