"""What Google's discovery documents allow: every exchange with the simulator is compared with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import fastjsonschema
import googleapiclient

from syft_notify.sandbox.fields import Mask, parse
from syft_notify.sandbox.refusals import Refusal

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
_SERVICES = {"drive": "drive.v3", "gmail": "gmail.v1"}
_DESCRIBED = re.compile(r"/(?:upload/)?(drive|gmail)/")
_FORMATS = {"int64": r"^-?\d{1,19}\Z", "uint64": r"^\d{1,20}\Z", "byte": r"^[A-Za-z0-9_-]*={0,2}\Z"}
_BOUNDS = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"minimum": 0, "maximum": 2**32 - 1},
}
_Validator = Callable[[Any], Any]


class Violation(Exception):
    """An exchange that Google's documents do not allow."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer: `status` and `answer`, the body."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = "application/json"
    status: int = 200
    answer: bytes = b""


@dataclass(frozen=True)
class Method:
    """A method of an API as its document describes it, at one of its paths."""

    service: str
    path: str
    described: Mapping[str, Any]

    @property
    def uploads(self) -> bool:
        return self.path.startswith("/upload/")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{\w+\}", "[^/]+", self.path))

    def schema(self, direction: str) -> str:
        """The name of the schema of the `request` or the `response`; empty when it has none."""
        return str(self.described.get(direction, {}).get("$ref", ""))


def check(exchange: Exchange, planted: Collection[str] = ()) -> None:
    """Raise `Violation` if an accepted request, or the answer to it, is not as the API's document describes it.

    A request that is refused may be wrong. OAuth, and the envelope of a batch, have no document. The properties
    `planted` are odd on purpose and not looked at.
    """
    if not _DESCRIBED.match(exchange.path) or exchange.status >= 400:
        return
    try:
        method = method_of(exchange)
        asked = _check_query(method, exchange)
        _check_request(method, exchange)
        _check_answer(method, exchange, asked, planted)
    except (Violation, Refusal, ValueError) as error:
        place = f"{exchange.method} {exchange.path}?{exchange.query} -> {exchange.status}"
        raise Violation(f"{place}: {error}") from error


def fits(service: str, schema: str, value: object) -> bool:
    """Whether the value has the form of the schema."""
    try:
        _validator(service, schema)(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def method_of(exchange: Exchange) -> Method:
    """What was called; the chunks of a resumable upload belong to the method that began it. Raises `Violation`."""
    is_chunk = (exchange.method, exchange.path[:8]) == ("PUT", "/upload/") and "upload_id=" in exchange.query
    verbs = ("POST", "PATCH") if is_chunk else (exchange.method,)
    described = _DESCRIBED.match(exchange.path)
    for method in _methods(_SERVICES[described[1]]) if described else ():
        if method.described["httpMethod"] in verbs and method.pattern.fullmatch(exchange.path):
            return method
    raise Violation("the API has no such method")


def _check_query(method: Method, exchange: Exchange) -> dict[str, list[str]]:
    """The parameters of the query, once they are checked."""
    rules = _rules(method.service, method.described["id"])
    asked = parse_qs(exchange.query, keep_blank_values=True)
    values = {name: _values(rules.get(name, {}), texts) for name, texts in asked.items()}
    if exchange.method == "PUT" and method.uploads:
        values.pop("upload_id", None)  # belongs to the protocol of uploads
    _query_validator(method.service, method.described["id"])(values)
    return asked


def _check_request(method: Method, exchange: Exchange) -> None:
    body = exchange.body
    if exchange.content_type.startswith("multipart/"):
        message = message_from_bytes(b"Content-Type: %s\r\n\r\n%s" % (exchange.content_type.encode(), body))
        body = message.get_payload(0).get_payload(decode=True)  # type: ignore[union-attr, assignment]
    elif method.uploads and (exchange.method == "PUT" or "uploadType=resumable" not in exchange.query):
        return  # content alone
    if not method.schema("request"):
        if body:
            raise Violation("the method takes no body")
        return
    # Content that is uploaded may stand in place of a property that is required.
    required_by = "" if method.uploads else method.described["id"]
    _validator(method.service, method.schema("request"), required_by)(_without_nulls(json.loads(body or b"{}")))


def _check_answer(method: Method, exchange: Exchange, asked: Mapping[str, list[str]], planted: Collection[str]) -> None:
    begins = "resumable" in asked.get("uploadType", ()) and "upload_id" not in asked
    if "media" in asked.get("alt", ()):
        if not method.described.get("supportsMediaDownload"):
            raise Violation("the method has no media")
    elif begins or exchange.status == 308 or not method.schema("response"):
        if exchange.answer:
            raise Violation("the answer has no body")
    else:
        document = json.loads(exchange.answer)
        mask = parse(asked.get("fields", ["*"])[0])
        _check_mask(mask, _document(method.service)["schemas"], {"$ref": method.schema("response")})
        if mask.applied(document) != document:
            raise Violation("the answer holds more than `fields` asks for")
        _validator(method.service, method.schema("response"))(_without(planted, document))


def _check_mask(mask: Mask, schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    while "$ref" in schema or "items" in schema:
        schema = schemas[schema["$ref"]] if "$ref" in schema else schema["items"]
    for name, inner in mask.parts.items():
        part = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if part is None:
            raise Violation(f"`fields` names {name}, which the answer never has")
        _check_mask(inner, schemas, part)


def _values(rule: Mapping[str, Any], texts: list[str]) -> Any:
    values = [_value(rule.get("type"), text) for text in texts]
    return values if rule.get("repeated") or len(values) > 1 else values[0]


def _value(kind: str | None, text: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return int(text) if kind == "integer" and re.fullmatch(r"-?\d+", text) else text


def _without_nulls(value: Any) -> Any:
    """A null in a request clears a property, whatever its type."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return value


def _without(names: Collection[str], value: Any) -> Any:
    if names and isinstance(value, dict):
        return {name: _without(names, part) for name, part in value.items() if name not in names}
    if names and isinstance(value, list):
        return [_without(names, part) for part in value]
    return value


@cache
def _document(service: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCUMENTS / f"{service}.json").read_text(encoding="utf-8"))
    return document


@cache
def _methods(service: str) -> list[Method]:
    """Every method at each of its paths, those with the fewest variables first: they win."""
    document = _document(service)
    found = []
    for described in _described(document):
        found.append(Method(service, f"/{document['servicePath']}{described['flatPath']}", described))
        if "mediaUpload" in described:
            found.append(Method(service, described["mediaUpload"]["protocols"]["simple"]["path"], described))
    return sorted(found, key=lambda method: method.path.count("{"))


def _described(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _described(inner)


@cache
def _rules(service: str, method_id: str) -> dict[str, Any]:
    """The rules of all parameters of a query, by their names."""
    own = next(method.described["parameters"] for method in _methods(service) if method.described["id"] == method_id)
    every = {**_document(service)["parameters"], **own}
    return {name: rule for name, rule in every.items() if rule["location"] == "query"}


@cache
def _query_validator(service: str, method_id: str) -> _Validator:
    rules = _rules(service, method_id)
    required = [name for name, rule in rules.items() if rule.get("required")]
    types = {name: _json_schema(rule) for name, rule in rules.items()}
    types |= {name: {"type": "array", "items": types[name]} for name, rule in rules.items() if rule.get("repeated")}
    schema = {"type": "object", "properties": types, "required": required, "additionalProperties": False}
    return fastjsonschema.compile(schema, formats=_FORMATS)


@cache
def _validator(service: str, name: str, required_by: str = "") -> _Validator:
    """Checks values against a schema, and for what the method `required_by` requires of it."""
    schemas = _document(service)["schemas"]
    required = [
        key
        for key, part in schemas[name].get("properties", {}).items()
        if required_by in part.get("annotations", {}).get("required", ())
    ]
    definitions = {key: _json_schema(schema) for key, schema in schemas.items()}
    schema = {**definitions[name], "required": required, "definitions": definitions}
    return fastjsonschema.compile(schema, formats=_FORMATS)


def _json_schema(node: Mapping[str, Any]) -> dict[str, Any]:
    """The discovery documents' dialect as JSON Schema: a property that is not declared is wrong."""
    if "$ref" in node:
        return {"$ref": f"#/definitions/{node['$ref']}"}
    schema = {key: node[key] for key in ("type", "enum", "pattern") if node.get(key) != "any" and key in node}
    schema |= {key: int(node[key]) for key in ("minimum", "maximum") if key in node}
    if node.get("format") in ("date", "date-time", "google-datetime", *_FORMATS):
        schema["format"] = node["format"].replace("google-datetime", "date-time")
    if "items" in node:
        schema["items"] = _json_schema(node["items"])
    if node.get("type") == "object":
        schema["properties"] = {name: _json_schema(part) for name, part in node.get("properties", {}).items()}
        schema["additionalProperties"] = (
            _json_schema(node["additionalProperties"]) if "additionalProperties" in node else False
        )
    return {**_BOUNDS.get(node.get("format", ""), {}), **schema}
