"""The sandbox as a whole: its addresses, its connections, its life as a process of its own."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from syft_notify.sandbox import Injected, Sandbox
from tests.unit.sandbox.conftest import credentials
from tests.unit.sandbox.test_drive_files import DO, DS


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The sandbox in a process of its own, and its URL."""
    command = [sys.executable, "-m", "syft_notify.sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        yield running, running.stdout.readline().strip()
        running.terminate()


def get(url: str, **options: Any) -> Any:
    return requests.get(url, timeout=10, **options).json()


def test_a_path_that_google_does_not_have_is_a_page_not_json(sandbox: Sandbox) -> None:
    for method, path in (("GET", "/"), ("GET", "/drive/v2/files"), ("DELETE", "/drive/v3/files"), ("GET", "/%ff%0a")):
        answer = requests.request(method, sandbox.url + path, timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert sandbox.requests.count("unknown", status=404) == 4


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=10)
    connection.connect()
    first = connection.sock
    for path in ("/drive/v3/files", "/nowhere", "/drive/v3/about?fields=*"):
        connection.request("GET", path)
        assert connection.getresponse().read()
        assert connection.sock is first
    connection.request("HEAD", "/drive/v3/files")
    assert (answer := connection.getresponse()).status == 401
    assert (answer.read(), connection.sock is first) == (b"", True)
    connection.close()


def test_a_request_without_a_length_is_refused(sandbox: Sandbox) -> None:
    answer = requests.post(sandbox.token_uri, data=iter([b"grant_type="]), timeout=10)
    assert answer.status_code == 411


def test_a_request_whose_sender_vanishes_halfway_is_not_carried_out(sandbox: Sandbox) -> None:
    token = credentials(sandbox, DS).token
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as connection:
        head = f"POST /drive/v3/files HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Length: 99\r\n\r\n"
        connection.sendall(head.encode() + b"{}")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert sandbox.drive.find("Untitled") == []
    assert sandbox.requests.count() == 0


def test_a_client_that_hangs_up_before_the_answer_harms_nobody(sandbox: Sandbox) -> None:
    sandbox.drive.file(DS, "a", bytes(30_000_000), share={"anyone": "reader"})
    token, port = credentials(sandbox, DS).token, int(sandbox.url.rpartition(":")[2])
    path = f"/drive/v3/files/{sandbox.drive.find('a')[0]}?alt=media"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert sandbox.requests.wait_for(1, "drive.files.media")
    assert requests.get(sandbox.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=10).ok


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    port = int(sandbox.url.rpartition(":")[2])
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", port))


def test_after_a_stop_nothing_answers_and_after_a_start_everything_is_still_there(sandbox: Sandbox) -> None:
    token = credentials(sandbox, DS).token
    sandbox.drive.file(DS, "a", b"")
    url, port = f"{sandbox.drive_endpoint}files", int(sandbox.url.rpartition(":")[2])
    ask = {"headers": {"Authorization": f"Bearer {token}"}}
    with requests.Session() as idle:
        assert len(idle.get(url, **ask, timeout=10).json()["files"]) == 1
        sandbox.stop()
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            get(url, **ask)
        sandbox.start(port)
        assert len(get(url, **ask)["files"]) == 1


def test_many_clients_at_once_lose_nothing(sandbox: Sandbox) -> None:
    def work(person: str) -> None:
        headers = {"Authorization": f"Bearer {credentials(sandbox, person).token}"}
        with requests.Session() as session:
            for number in range(20):
                session.post(f"{sandbox.drive_endpoint}files", json={"name": f"m{number}"}, headers=headers, timeout=10)

    threads = [threading.Thread(target=work, args=(f"p{number}@example.org",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.requests.count("drive.files.create", status=200) == 160
    assert {len(sandbox.drive.find(f"m{number}")) for number in range(20)} == {8}


def test_a_bug_of_its_own_is_not_hidden() -> None:
    with Sandbox().start() as broken:
        broken.drive.file(DS, "a", b"", mime_type=None)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {credentials(broken, DS).token}"}
        answer = requests.get(f"{broken.drive_endpoint}files?q=mimeType+contains+'a'", headers=headers, timeout=10)
        broken.faults.add(Injected.ALTERED)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{broken.url}/a-page-that-is-no-json", timeout=10)
    assert answer.status_code == 500
    assert [type(error) for error in broken.crashes] == [AttributeError, json.JSONDecodeError]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_as_a_process_and_stops_quietly(
    process: tuple[subprocess.Popen[str], str], stop: signal.Signals
) -> None:
    running, url = process
    assert requests.get(f"{url}/drive/v3/files", timeout=10).status_code == 401
    running.send_signal(stop)
    rest, _ = running.communicate(timeout=10)
    assert (running.returncode, rest) == (0, "")


def test_another_process_can_do_all_that_a_test_needs(process: tuple[subprocess.Popen[str], str]) -> None:
    _, url = process
    control = f"{url}/sandbox"
    document = requests.post(f"{control}/tokens", json={"email": DO}, timeout=10).json()
    token = document["file"].split('"token": "')[1].split('"')[0]
    drive, ask = f"{url}/drive/v3", {"headers": {"Authorization": f"Bearer {token}"}}
    rule = {"injected": "rateLimitExceeded", "kind": "drive.files.list", "times": 2, "user": DO, "retry_after": 60}
    assert requests.post(f"{control}/faults", json=rule, timeout=10).json()["hits"] == 0
    assert [requests.get(f"{drive}/files", **ask, timeout=10).status_code for _ in range(3)] == [403, 403, 200]
    assert get(f"{control}/faults")[0]["hits"] == 2
    assert requests.delete(f"{control}/faults", timeout=10).status_code == 204
    assert get(f"{control}/faults") == []
    assert [call["status"] for call in get(f"{control}/requests")] == [403, 403, 200]
    assert requests.delete(f"{control}/requests", timeout=10).status_code == 204
    assert get(f"{control}/requests") == []
    assert requests.post(f"{control}/delays", json={"seconds": 0.0, "kind": "x"}, timeout=10).status_code == 204
    start = get(f"{drive}/changes/startPageToken", **ask)["startPageToken"]
    made = requests.post(f"{drive}/files", json={"name": "a"}, **ask, timeout=10).json()
    changes = f"{drive}/changes?pageToken={start}"
    for hidden, count in (({"all": True}, 0), ({"files": [made["id"]]}, 0), ({}, 1)):
        assert requests.post(f"{control}/changes", json=hidden, timeout=10).status_code == 204
        assert len(get(changes, **ask)["changes"]) == count
    raw = {"raw": "VG86IGRzQGV4YW1wbGUub3JnClN1YmplY3Q6IEhpCgpoZWxsbw"}
    requests.post(f"{url}/gmail/v1/users/me/messages/send", json=raw, **ask, timeout=10)
    (mail,) = get(f"{control}/mail/{DS}")
    assert (mail["subject"], mail["sender"], mail["to"], mail["text"]) == ("Hi", DO, [DS], "hello")
    assert requests.delete(f"{control}/tokens/{DO}", timeout=10).status_code == 204
    assert requests.get(f"{drive}/files", **ask, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"injected": "earthquake"}),
        ("faults", {"injected": "reset", "colour": "red"}),
        ("faults", {}),
        ("delays", {}),
        ("tokens", {}),
    ],
)
def test_a_wrong_word_to_the_control_endpoint_is_answered(sandbox: Sandbox, path: str, body: dict[str, str]) -> None:
    assert requests.post(f"{sandbox.url}/sandbox/{path}", json=body, timeout=10).status_code == 400
    assert sandbox.faults.rules() == []
