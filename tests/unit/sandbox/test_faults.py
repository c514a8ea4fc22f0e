"""Faults on demand: they look like Google's, hit what they should, and nothing else."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from googleapiclient.errors import HttpError

from syft_notify.sandbox import Injected, Sandbox
from tests.unit.sandbox.conftest import credentials
from tests.unit.sandbox.test_drive_files import DO, DS

Service = Callable[..., Any]
MAIL = {"raw": "VG86IGRzQGV4YW1wbGUub3JnCgpoZWxsbw"}


def listed(service: Any) -> Any:
    return service.files().list().execute()


@pytest.mark.parametrize(
    ("injected", "status", "reason"),
    [
        (Injected.RATE_LIMIT, 403, "rateLimitExceeded"),
        (Injected.USER_RATE_LIMIT, 403, "userRateLimitExceeded"),
        (Injected.QUOTA, 403, "quotaExceeded"),
        (Injected.INSUFFICIENT_PERMISSIONS, 403, "insufficientPermissions"),
        (Injected.DOMAIN_POLICY, 403, "domainPolicy"),
        (Injected.API_DISABLED, 403, "accessNotConfigured"),
        (Injected.UNAUTHORIZED, 401, "authError"),
        (Injected.BAD_REQUEST, 400, "badRequest"),
        (Injected.NO_MAILBOX, 400, "failedPrecondition"),
        (Injected.DOWNLOAD_QUOTA, 403, "downloadQuotaExceeded"),
        (Injected.ABUSIVE_FILE, 403, "cannotDownloadAbusiveFile"),
        (Injected.TOO_MANY_REQUESTS, 429, "rateLimitExceeded"),
        (Injected.INTERNAL, 500, "internalError"),
        (Injected.UNAVAILABLE, 503, "backendError"),
    ],
)
def test_a_refusal_has_googles_status_and_reason(
    sandbox: Sandbox, caller: Callable[..., Any], injected: Injected, status: int, reason: str
) -> None:
    sandbox.faults.add(injected, "drive.files.create")
    body = json.dumps({"name": "a"})
    answer, document = caller(DS)("POST", "/drive/v3/files", body, Content_Type="application/json")
    error = document["error"]
    assert (answer.status_code, error["code"], error["errors"][0]["reason"]) == (status, status, reason)
    assert sandbox.drive.find("a") == []
    assert caller(DS)("POST", "/drive/v3/files", body)[0].status_code == 200


@pytest.mark.parametrize(
    ("injected", "status"),
    [
        (Injected.PAGE_400, 400),
        (Injected.PAGE_401, 401),
        (Injected.PAGE_403, 403),
        (Injected.PAGE_404, 404),
        (Injected.BAD_GATEWAY, 502),
    ],
)
def test_a_page_stands_where_json_belongs(sandbox: Sandbox, injected: Injected, status: int) -> None:
    sandbox.faults.add(injected, "drive.about.get")
    answer = requests.get(f"{sandbox.drive_endpoint}about", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=UTF-8")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_quota_can_be_named_in_details_alone(sandbox: Sandbox, caller: Callable[..., Any]) -> None:
    sandbox.faults.add(Injected.QUOTA_IN_DETAILS, "drive.about.get")
    answer, document = caller(DS)("GET", "/drive/v3/about?fields=user")
    assert (answer.status_code, "errors" in document["error"]) == (403, False)
    assert document["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"


def test_a_rate_limit_can_say_until_when(gmail: Service) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with Sandbox(now=lambda: now).start() as sandbox:
        sandbox.faults.add("userRateLimitExceeded", "gmail.messages.send", retry_after=90)
        headers = {"Authorization": f"Bearer {credentials(sandbox, DO).token}"}
        send = f"{sandbox.gmail_endpoint}gmail/v1/users/me/messages/send"
        error = requests.post(send, json=MAIL, headers=headers, timeout=10).json()["error"]
    assert error["message"].endswith("Retry after 2026-01-01T00:01:30.000Z")


@pytest.mark.parametrize(("injected", "status"), [(Injected.INVALID_GRANT, 400), (Injected.INVALID_CLIENT, 401)])
def test_the_token_endpoint_can_refuse_one_person(sandbox: Sandbox, injected: Injected, status: int) -> None:
    sandbox.faults.add(injected, "oauth.token", user=DO, times=None)
    for person, expected in ((DO, status), (DS, 200), (DO, status)):
        document = json.loads(sandbox.token_file(person))
        form = {name: document[name] for name in ("client_id", "client_secret", "refresh_token")}
        answer = requests.post(sandbox.token_uri, data={**form, "grant_type": "refresh_token"}, timeout=10)
        assert answer.status_code == expected
        assert answer.json().get("error") == (injected.value if expected != 200 else None)


def test_a_rule_hits_only_what_it_names_and_only_so_often(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"x", share={DO: "reader"})
    rule = sandbox.faults.add(
        Injected.INTERNAL, "drive.files.*", path="*/files/*", method="GET", user=DO, skip=1, times=2
    )

    def status(person: str) -> int:
        call = drive(person).files().get_media(fileId=file_id)
        try:
            return 200 if call.execute() == b"x" else 0
        except HttpError as error:
            return error.status_code

    listed(drive(DO))
    assert [status(DO), status(DS), status(DO), status(DO), status(DS), status(DO)] == [200, 200, 500, 500, 200, 200]
    assert rule.hits == 2
    listed(drive(DO))


def test_rules_follow_one_another_and_can_be_taken_back(sandbox: Sandbox, drive: Service) -> None:
    sandbox.faults.add(Injected.INTERNAL, "drive.files.list")
    second = sandbox.faults.add(Injected.UNAVAILABLE, "drive.files.list", times=None)
    statuses = []
    for _ in range(3):
        with pytest.raises(HttpError) as error:
            listed(drive(DS))
        statuses.append(error.value.status_code)
    assert statuses == [500, 503, 503]
    sandbox.faults.remove(second)
    assert listed(drive(DS))["files"] == []
    sandbox.faults.add(Injected.RESET)
    sandbox.faults.slow(60)
    sandbox.faults.clear()
    assert listed(drive(DS))["files"] == []


def raw_call(sandbox: Sandbox, method: str = "GET", path: str = "/drive/v3/files", body: str | None = None) -> Any:
    """One request without any client's second try."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=10)
    headers = {"Authorization": f"Bearer {credentials(sandbox, DS).token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().read()
    finally:
        connection.close()


CREATE = ("POST", "/drive/v3/files", '{"name": "a"}')


@pytest.mark.parametrize(
    ("injected", "error", "carried_out"),
    [
        (Injected.RESET, ConnectionResetError, False),
        (Injected.CLOSE, http.client.RemoteDisconnected, False),
        (Injected.LOST, ConnectionResetError, True),
        (Injected.TRUNCATED, http.client.IncompleteRead, True),
    ],
)
def test_a_connection_breaks_before_or_after_the_work_is_done(
    sandbox: Sandbox, injected: Injected, error: type[Exception], carried_out: bool
) -> None:
    sandbox.faults.add(injected, "drive.files.create")
    with pytest.raises(error) as broken:
        raw_call(sandbox, *CREATE)
    assert type(broken.value) is error
    assert len(sandbox.drive.find("a")) == carried_out
    assert sandbox.requests.wait_for(1, "drive.files.create")
    assert json.loads(raw_call(sandbox, *CREATE))["name"] == "a"


@pytest.mark.parametrize("injected", [Injected.LOST, Injected.SILENT, Injected.LATE_ERROR])
def test_a_mail_can_be_accepted_and_nobody_learn_of_it(sandbox: Sandbox, injected: Injected) -> None:
    sandbox.faults.add(injected, "gmail.messages.send", seconds=0.1)
    call = ("POST", "/gmail/v1/users/me/messages/send", json.dumps(MAIL))
    if injected is Injected.LATE_ERROR:
        assert b"internalError" in raw_call(sandbox, *call)
    else:
        with pytest.raises(ConnectionResetError):
            raw_call(sandbox, *call)
    assert len(sandbox.mailbox(DS).received) == 1


def test_an_answer_can_be_nonsense(sandbox: Sandbox) -> None:
    sandbox.faults.add(Injected.WRONG_JSON)
    sandbox.faults.add(Injected.NOT_JSON)
    sandbox.faults.add(Injected.ALTERED, changes={"incompleteSearch": True})
    assert isinstance(json.loads(raw_call(sandbox)), list)
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw_call(sandbox))
    altered = json.loads(raw_call(sandbox))
    assert altered == {"kind": "drive#fileList", "incompleteSearch": True, "files": []}


def test_a_stall_ends_without_an_answer(sandbox: Sandbox) -> None:
    sandbox.faults.add(Injected.STALL, seconds=0.05)
    with pytest.raises(http.client.RemoteDisconnected):
        raw_call(sandbox)


def test_stopping_the_sandbox_ends_every_stall() -> None:
    with Sandbox().start() as sandbox:
        rule = sandbox.faults.add(Injected.STALL)
        headers = {"Authorization": f"Bearer {credentials(sandbox, DS).token}"}
        ended = []

        def call() -> None:
            with pytest.raises(requests.ConnectionError):
                requests.get(f"{sandbox.drive_endpoint}files", headers=headers, timeout=60)
            ended.append(True)

        waiting = threading.Thread(target=call)
        waiting.start()
        while not rule.hits:
            time.sleep(0.001)
    waiting.join(timeout=10)
    assert ended == [True]


def test_latency_is_for_one_kind_and_one_person(sandbox: Sandbox, drive: Service) -> None:
    sandbox.faults.slow(0.1, "drive.files.list", user=DS)
    sandbox.faults.slow(0.1, "drive.*", user=DS)
    listed(drive(DS))
    listed(drive(DO))
    drive(DS).about().get(fields="kind").execute()
    slow, quick, half = sandbox.requests.find()
    assert slow.seconds >= 0.2
    assert half.seconds >= 0.1
    assert quick.seconds < half.seconds


def test_the_log_counts_and_holds_no_secret(sandbox: Sandbox, drive: Service) -> None:
    listed(drive(DS))
    listed(drive(DO))
    with pytest.raises(HttpError):
        drive(DO).files().get(fileId="nowhere").execute()
    log = sandbox.requests
    assert (log.count(), log.count("drive.files.list"), log.count(user=DO), log.count(status=404)) == (3, 2, 2, 1)
    assert log.find("drive.files.get")[0].path == "/drive/v3/files/nowhere"
    assert "ya29" not in json.dumps(log.lines())
    assert not log.wait_for(4, timeout=0.01)
    log.clear()
    assert log.count() == 0
