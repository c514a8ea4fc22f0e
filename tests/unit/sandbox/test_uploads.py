"""Uploads: in one piece, with metadata, and resumably in chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from googleapiclient.http import MediaInMemoryUpload

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.multipart import split
from syft_notify.sandbox.refusals import Refusal
from tests.unit.sandbox.test_drive_files import DO, DS, refused

Service = Callable[..., Any]
UNIT = 256 * 1024
BIG = bytes(range(256)) * 2500


def begin(call: Any, body: str = '{"name": "a"}', query: str = "") -> str:
    """Start a resumable upload; the path where its chunks go."""
    answer, _ = call(
        "POST",
        f"/upload/drive/v3/files?uploadType=resumable{query}",
        body,
        Content_Type="application/json",
        X_Upload_Content_Type="text/plain",
    )
    assert answer.status_code == 200
    place = urlsplit(answer.headers["location"])
    return f"{place.path}?{place.query}"


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n", b"\r\n--x\r\n\r\n\x00\xff", BIG])
@pytest.mark.parametrize("resumable", [False, True])
def test_any_bytes_come_through_the_clients_uploads(
    sandbox: Sandbox, drive: Service, content: bytes, resumable: bool
) -> None:
    media = MediaInMemoryUpload(content, "text/plain", chunksize=UNIT, resumable=resumable)
    made = drive(DS).files().create(body={"name": "a"}, media_body=media, fields="id,size,mimeType").execute()
    assert made == {"id": made["id"], "size": str(len(content)), "mimeType": "text/plain"}
    assert sandbox.drive.read(made["id"]) == content


def test_a_resumable_update_moves_and_fills_in_one_go(sandbox: Sandbox, drive: Service) -> None:
    folder, file_id = sandbox.drive.folder(DS, "f"), sandbox.drive.file(DS, "a", b"old")
    media = MediaInMemoryUpload(BIG, chunksize=UNIT, resumable=True)
    call = (
        drive(DS)
        .files()
        .update(fileId=file_id, media_body=media, addParents=folder, removeParents="root", fields="parents")
    )
    assert call.execute() == {"parents": [folder]}
    assert sandbox.drive.read(file_id) == BIG
    assert sandbox.requests.count("drive.files.update") == 1
    assert [call.status for call in sandbox.requests.find("drive.files.chunk")] == [308, 308, 200]


def test_content_alone_makes_an_untitled_file(sandbox: Sandbox, caller: Callable[..., Any]) -> None:
    answer, made = caller(DS)("POST", "/upload/drive/v3/files?uploadType=media", b"x", Content_Type="text/csv")
    assert (answer.status_code, made["name"], made["mimeType"]) == (200, "Untitled", "text/csv")
    assert sandbox.drive.read(made["id"]) == b"x"


def test_an_interrupted_upload_says_how_far_it_came_and_goes_on(sandbox: Sandbox, caller: Callable[..., Any]) -> None:
    call = caller(DS)
    place = begin(call, query="&fields=size")
    answer, _ = call("PUT", place, Content_Range="bytes */*", Content_Length="0")
    assert (answer.status_code, "range" in answer.headers) == (308, False)
    answer, _ = call("PUT", place, BIG[:UNIT], Content_Range=f"bytes 0-{UNIT - 1}/*")
    assert (answer.status_code, answer.headers["range"]) == (308, f"bytes=0-{UNIT - 1}")
    assert sandbox.drive.find("a") == []
    rest = BIG[UNIT:]
    content_range = f"bytes {UNIT}-{len(BIG) - 1}/{len(BIG)}"
    answer, made = call("PUT", place, rest, Content_Range=content_range)
    assert (answer.status_code, made) == (200, {"size": str(len(BIG))})
    assert call("PUT", place, rest, Content_Range=content_range)[1] == made
    assert sandbox.drive.read(sandbox.drive.find("a")[0]) == BIG


def test_a_whole_file_may_follow_without_a_range(sandbox: Sandbox, caller: Callable[..., Any]) -> None:
    call = caller(DS)
    answer, made = call("PUT", begin(call), b"all of it")
    assert (answer.status_code, made["mimeType"]) == (200, "text/plain")
    assert sandbox.drive.read(made["id"]) == b"all of it"


@pytest.mark.parametrize(
    ("content_range", "size"),
    [
        ("bytes 0-9/100", 10),  # a chunk that is not the last has whole units
        ("bytes 5-14/15", 10),  # a hole
        ("bytes 0-99/100", 10),
        ("bytes=0-9/10", 10),
        ("nonsense", 10),
    ],
)
def test_a_wrong_range_is_refused(sandbox: Sandbox, caller: Callable[..., Any], content_range: str, size: int) -> None:
    call = caller(DS)
    answer, body = call("PUT", begin(call), b"x" * size, Content_Range=content_range)
    assert (answer.status_code, body["error"]["errors"][0]["reason"]) == (400, "badRequest")
    assert sandbox.drive.find("a") == []


def test_an_upload_belongs_to_who_began_it(caller: Callable[..., Any]) -> None:
    place = begin(caller(DS))
    assert caller(DO)("PUT", place, b"x")[0].status_code == 404
    assert caller(DS)("PUT", "/upload/drive/v3/files?uploadType=resumable&upload_id=none", b"x")[0].status_code == 404


def test_nobody_uploads_into_a_file_of_somebody_else(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"old", share={DO: "reader"})
    for resumable in (False, True):
        media = MediaInMemoryUpload(b"new", resumable=resumable)
        assert refused(drive(DO).files().update(fileId=file_id, media_body=media))[0] == 403
    assert sandbox.drive.read(file_id) == b"old"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/related", b"--x\r\n\r\n{}\r\n--x\r\n\r\n\r\n--x--"),
        ("multipart/related; boundary=x", b"no parts"),
        ("multipart/related; boundary=x", b"--x\r\n\r\n{}\r\n--x\r\n\r\ncut off"),
        ("multipart/related; boundary=x", b"--x\r\n\r\n{}\r\n--x--"),
        ("multipart/related; boundary=x", b"--x\r\n\r\nnot json\r\n--x\r\n\r\n\r\n--x--"),
        ("multipart/related; boundary=x", b"--x\r\n\r\n[]\r\n--x\r\n\r\n\r\n--x--"),
    ],
)
def test_a_malformed_body_is_refused(
    sandbox: Sandbox, caller: Callable[..., Any], content_type: str, body: bytes
) -> None:
    answer, _ = caller(DS)("POST", "/upload/drive/v3/files?uploadType=multipart", body, Content_Type=content_type)
    assert answer.status_code == 400
    assert sandbox.drive.find("Untitled") == []


def test_parts_are_split_with_either_line_end_and_their_encoding_undone() -> None:
    encoded = b"Content-Transfer-Encoding: base64\n\neA=="
    body = b'preamble\n--b "\nA: 1\n\none\n--b "\r\n\r\ntwo\r\n\r\n--b "\n' + encoded + b'\n--b "--\n'
    parts = split('multipart/mixed; boundary="b \\""', body)
    assert [(dict(part.headers), part.body) for part in parts] == [
        ({"a": "1"}, b"one"),
        ({}, b"two\r\n"),
        ({"content-transfer-encoding": "base64"}, b"x"),
    ]
    with pytest.raises(Refusal):
        split("multipart/mixed; boundary=b", b"--bb\n\n--b")
