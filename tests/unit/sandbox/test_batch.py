"""Batches: many calls in one request, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from googleapiclient.errors import HttpError

from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.tokens import GMAIL_READONLY
from tests.unit.sandbox.test_drive_files import DO, DS

Service = Callable[..., Any]


def run(service: Any, calls: list[Any]) -> list[Any]:
    """What each call of the batch brought: its answer, or the status of its refusal."""
    brought: dict[str, Any] = {}

    def keep(number: str, answer: Any, error: HttpError | None) -> None:
        brought[number] = error.status_code if error else answer

    batch = service.new_batch_http_request(callback=keep)
    for number, call in enumerate(calls):
        batch.add(call, request_id=str(number))
    batch.execute()
    return [brought[str(number)] for number in range(len(calls))]


def test_each_call_has_its_own_answer(sandbox: Sandbox, drive: Service) -> None:
    kept, deleted = sandbox.drive.file(DS, "kept", b""), sandbox.drive.file(DS, "deleted", b"")
    files = drive(DS).files()
    body = {"type": "user", "role": "reader", "emailAddress": DO}
    answers = run(
        drive(DS),
        [
            files.list(q="name = 'kept'", fields="files(name)"),
            files.get(fileId="nowhere"),
            files.delete(fileId=deleted),
            drive(DS).permissions().create(fileId=kept, body=body, sendNotificationEmail=True),
            files.create(body={"name": "ünicode"}, fields="name"),
        ],
    )
    assert answers[0] == {"files": [{"name": "kept"}]}
    assert answers[1] == 404
    assert answers[2] in ("", b"")
    assert answers[3]["role"] == "reader"
    assert answers[4] == {"name": "ünicode"}
    assert sandbox.drive.find("deleted") == []
    assert sandbox.requests.count(batched=False) == 1
    assert [call.status for call in sandbox.requests.find(batched=True)] == [200, 404, 204, 200, 200]


def test_a_batch_is_delayed_once_and_not_for_each_of_its_calls(sandbox: Sandbox, drive: Service) -> None:
    sandbox.faults.slow(0.2)
    files = drive(DS).files()
    run(drive(DS), [files.list(fields="files(id)") for _ in range(10)])
    (batch,) = sandbox.requests.find(batched=False)
    assert 0.2 <= batch.seconds < 2
    assert all(call.seconds < 0.2 for call in sandbox.requests.find(batched=True))


def test_a_hundred_calls_fit_and_one_more_does_not(
    sandbox: Sandbox, drive: Service, caller: Callable[..., Any]
) -> None:
    file_id = sandbox.drive.file(DS, "a", b"")
    calls = [drive(DS).files().get(fileId=file_id, fields="name") for _ in range(100)]
    assert run(drive(DS), calls) == [{"name": "a"}] * 100
    part = b"--b\r\nContent-Type: application/http\r\n\r\nGET /drive/v3/about?fields=kind HTTP/1.1\r\n\r\n\r\n"
    answer, _ = caller(DS)("POST", "/batch/drive/v3", part * 101 + b"--b--", Content_Type="multipart/mixed; boundary=b")
    assert answer.status_code == 400
    assert sandbox.requests.count("drive.about.get") == 0


def test_a_call_is_made_as_the_one_who_signs_it(sandbox: Sandbox, drive: Service, caller: Callable[..., Any]) -> None:
    file_id = sandbox.drive.file(DS, "a", b"")
    assert run(drive(DO), [drive(DO).files().get(fileId=file_id)]) == [404]
    call = f"GET /drive/v3/files/{file_id} HTTP/1.1\r\nAuthorization: Bearer wrong\r\n\r\n"
    body = f"--b\r\nContent-Type: application/http\r\nContent-ID: <one>\r\n\r\n{call}\r\n--b--"
    _, text = caller(DS)("POST", "/batch/drive/v3", body, Content_Type="multipart/mixed; boundary=b")
    assert b"Content-ID: <response-one>" in text
    assert b"HTTP/1.1 401 Unauthorized" in text
    _, text = caller(DS)("POST", "/batch", body.replace("<one>", ""), Content_Type="multipart/mixed; boundary=b")
    assert b"Content-ID" not in text


def test_a_part_that_is_no_call_breaks_the_batch(caller: Callable[..., Any]) -> None:
    body = "--b\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--b--"
    assert caller(DS)("POST", "/batch", body, Content_Type="multipart/mixed; boundary=b")[0].status_code == 400
    assert caller(DS)("POST", "/batch", "nonsense", Content_Type="text/plain")[0].status_code == 400


def test_gmail_has_a_batch_too(sandbox: Sandbox, gmail: Service) -> None:
    reader = gmail(DO, GMAIL_READONLY)
    answers = run(reader, [reader.users().getProfile(userId="me"), reader.users().messages().get(userId="me", id="1")])
    assert (answers[0]["emailAddress"], answers[1]) == (DO, 404)
    assert sandbox.requests.count("gmail.batch") == 1


def test_one_call_of_a_batch_can_fail_and_the_others_do_not(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"")
    sandbox.faults.add(Injected.RATE_LIMIT, "drive.files.get", skip=1)
    sandbox.faults.add(Injected.RESET, "drive.files.get", times=None)  # a connection cannot break for one call alone
    calls = [drive(DS).files().get(fileId=file_id, fields="name") for _ in range(3)]
    assert run(drive(DS), calls) == [{"name": "a"}, 403, {"name": "a"}]
