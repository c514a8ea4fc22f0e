"""The comparison with Google's discovery documents finds what they do not allow, and the simulator has nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.drive import ABOUT_KNOWN, FILES_KNOWN, Drive
from syft_notify.sandbox.drive_changes import CHANGES_KNOWN, DriveChanges
from syft_notify.sandbox.gmail import Gmail
from syft_notify.sandbox.permissions import PERMISSIONS_KNOWN, Permissions
from syft_notify.sandbox.web import World
from tests.discovery import Exchange, Violation, check, method_of
from tests.unit.sandbox.test_drive_files import DO

FILES, CHANGES = "/drive/v3/files", "/drive/v3/changes"
ONE, SHARED, UPLOAD = f"{FILES}/1", f"{FILES}/1/permissions", f"/upload{FILES}"
SEND, PROFILE = "/gmail/v1/users/me/messages/send", "/gmail/v1/users/me/profile"
RELATED = "multipart/related; boundary=b"
MAIL = {"raw": "SGk_"}


def parts(metadata: str) -> bytes:
    return f"--b\nContent-Type: application/json\n\n{metadata}\n--b\nContent-Type: text/plain\n\nx\n--b--".encode()


def exchange(method: str, path: str, body: Any = None, answer: Any = None, **more: Any) -> Exchange:
    """The path may have a query; documents are written as JSON."""
    path, _, query = path.partition("?")
    sent, answered = (
        part if isinstance(part, bytes) else b"" if part is None else json.dumps(part).encode()
        for part in (body, answer)
    )
    return Exchange(method, path, query, sent, answer=answered, **more)


@pytest.mark.parametrize(
    "allowed",
    [
        exchange("GET", f"{FILES}?pageSize=5&fields=files(id)&alt=json", answer={"files": [{"id": "1"}]}),
        exchange("GET", f"{FILES}/generateIds?count=1", answer={"ids": ["1"], "space": "drive"}),
        exchange("GET", f"{ONE}?fields=appProperties/own", answer={"appProperties": {"own": "x"}}),
        exchange("GET", f"{ONE}?alt=media", answer=b"\xff"),
        exchange("PATCH", ONE, {"description": None, "appProperties": {"own": None}}, {"size": "5"}),
        exchange("DELETE", ONE, status=204),
        exchange("POST", f"{UPLOAD}?uploadType=multipart", parts('{"name": "a"}'), {"id": "1"}, content_type=RELATED),
        exchange("POST", f"{UPLOAD}?uploadType=media", b"\xff", {"id": "1"}),
        exchange("POST", f"{UPLOAD}?uploadType=resumable", {"name": "a"}),
        exchange("PUT", f"{UPLOAD}?uploadType=resumable&upload_id=1", b"\xff", status=308),
        exchange("PUT", f"{UPLOAD}/1?uploadType=resumable&upload_id=1", b"\xff", {"id": "1"}),
        exchange("POST", f"/upload{SEND}", b"To: x", {"id": "1"}, content_type="message/rfc822"),
        exchange("GET", "/gmail/v1/users/me/messages?labelIds=INBOX&labelIds=SENT", answer={}),
        exchange("POST", "/token", b"grant_type=refresh_token", {"access_token": 5}),
        exchange("GET", f"{FILES}?colour=red", status=400, answer=b"refused"),
    ],
)
def test_what_the_documents_describe_is_allowed(allowed: Exchange) -> None:
    check(allowed)


@pytest.mark.parametrize(
    ("violation", "says"),
    [
        (exchange("GET", "/drive/v2/files", answer={}), "no such method"),
        (exchange("DELETE", FILES), "no such method"),
        (exchange("GET", f"{FILES}?colour=red", answer={}), "colour"),
        (exchange("GET", f"{FILES}?upload_id=1", answer={}), "upload_id"),
        (exchange("GET", f"{FILES}?pageSize=many", answer={}), "pageSize must be integer"),
        (exchange("GET", f"{FILES}?pageSize=1001", answer={}), "pageSize must be smaller"),
        (exchange("GET", f"{FILES}?q=a&q=b", answer={}), "q must be string"),
        (exchange("GET", f"{CHANGES}?pageToken=1&includeRemoved=yes", answer={}), "includeRemoved must be boolean"),
        (exchange("GET", CHANGES, answer={}), "pageToken"),
        (exchange("GET", "/gmail/v1/users/me/messages/1?format=odd", answer={}), "format must be one of"),
        (exchange("GET", f"{FILES}?fields=files(colour)", answer={}), "`fields` names colour"),
        (exchange("GET", f"{FILES}?fields=files(", answer={}), "files("),
        (exchange("GET", FILES, {"name": "a"}, {}), "takes no body"),
        (exchange("POST", FILES, {"colour": "red"}, {}), "colour"),
        (exchange("POST", FILES, {"name": 5}, {}), "name must be string"),
        (exchange("POST", FILES, {"modifiedTime": "yesterday"}, {}), "modifiedTime must be date-time"),
        (exchange("POST", FILES, b"{", {}), "Expecting"),
        (exchange("POST", f"{UPLOAD}?uploadType=multipart", parts('{"a": 1}'), {}, content_type=RELATED), "'a'"),
        (exchange("POST", SHARED, {"role": "reader"}, {}), "type"),
        (exchange("POST", SEND, {}, {}), "raw"),
        (exchange("POST", SEND, {"raw": "a+b/"}, {}), "raw must be byte"),
        (exchange("GET", FILES, answer={"files": {}}), "files must be array"),
        (exchange("GET", FILES, answer={"files": [{"size": 5}]}), "size must be string"),
        (exchange("GET", FILES, answer={"files": [{"size": "many"}]}), "size must be int64"),
        (exchange("GET", FILES, answer={"files": [{"colour": "red"}]}), "colour"),
        (exchange("GET", FILES, answer={"files": [{"createdTime": "2026-01-01"}]}), "createdTime must be date-time"),
        (exchange("GET", f"{FILES}?fields=files(id)", answer={"kind": "x"}), "more than `fields` asks for"),
        (exchange("GET", FILES, answer=b"<html>"), "Expecting"),
        (exchange("GET", PROFILE, answer={"messagesTotal": 2**31}), "messagesTotal must be smaller"),
        (exchange("GET", f"{PROFILE}?alt=media", answer=b"x"), "no media"),
        (exchange("DELETE", ONE, answer={}), "the answer has no body"),
        (exchange("POST", f"{UPLOAD}?uploadType=resumable", {}, {"id": "1"}), "the answer has no body"),
    ],
)
def test_what_the_documents_do_not_allow_is_found(violation: Exchange, says: str) -> None:
    with pytest.raises(Violation, match=re.escape(says)):
        check(violation)


def test_only_the_odd_properties_that_a_test_planted_are_passed_over() -> None:
    odd = exchange("GET", FILES, answer={"files": [{"size": 5, "name": 7}]})
    check(odd, {"size", "name"})
    with pytest.raises(Violation, match="name must be string"):
        check(odd, {"size"})


def test_every_test_compares_what_its_simulator_does_and_says(
    sandbox: Sandbox, drive: Callable[..., Any], violations: list[str]
) -> None:
    sandbox.drive.describe(sandbox.drive.file(DO, "odd", b""), size=5)
    drive(DO).files().list(fields="*").execute()
    sandbox.faults.add(Injected.ALTERED, changes={"files": 5})
    drive(DO).files().list().execute()
    assert violations == []
    sandbox.drive.file(DO, "wrong", b"", mime_type=5)  # type: ignore[arg-type]
    batch = drive(DO).new_batch_http_request()
    batch.add(drive(DO).files().list(fields="files/mimeType"))
    batch.execute()
    (violation,) = violations
    assert violation.endswith("mimeType must be string")
    violations.clear()


def test_every_route_is_a_method_of_google_and_takes_no_other_scopes() -> None:
    world = World(lambda: datetime.now(UTC))
    for service in (Drive(world), DriveChanges(world), Permissions(world), Gmail(world)):
        for route in service.routes():
            query = "upload_id=1" if route.method == "PUT" else ""
            method = method_of(Exchange(route.method, re.sub("<.*?>", "x", route.path), query))
            assert set(route.scopes) <= set(method.described["scopes"]), route.kind


def selection(known: Mapping[str, Any]) -> str:
    """The `fields` that name all of these."""
    return ",".join(name if parts is None else f"{name}({selection(parts)})" for name, parts in known.items())


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/drive/v3/about", ABOUT_KNOWN),
        (FILES, FILES_KNOWN),
        (f"{CHANGES}?pageToken=1", CHANGES_KNOWN),
        (SHARED, PERMISSIONS_KNOWN),
    ],
)
def test_fields_may_name_only_what_google_has(path: str, known: Mapping[str, Any]) -> None:
    check(exchange("GET", f"{path}{'&' if '?' in path else '?'}fields={selection(known)}", answer={}))
