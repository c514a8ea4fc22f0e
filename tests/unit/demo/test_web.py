"""The demo's page over HTTP: what it gives to whom."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest
from flask.testing import FlaskClient

from syft_notify.demo.access import TOKEN_HEADER
from syft_notify.demo.actions import Actions
from syft_notify.demo.owner import OwnerSetup
from syft_notify.demo.server import PageServer
from syft_notify.demo.web import Pages
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import UserError
from syft_notify.sandbox import Sandbox
from tests.unit.demo.conftest import DS


@pytest.fixture
def page(sandbox: Sandbox, owner_setup: OwnerSetup, actions: Actions) -> FlaskClient:
    return Pages(sandbox, owner_setup, actions).app().test_client()


def token_of(page: FlaskClient) -> str:
    found = re.search(r'name="demo-token" content="([\w-]+)"', page.get("/").text)
    assert found
    return found[1]


def pressed(page: FlaskClient, act: str, said: Any, **headers: str) -> Any:
    return page.post(f"/acts/{act}", json=said, headers={TOKEN_HEADER: token_of(page), **headers})


def test_the_page_and_all_that_it_names_is_there_and_comes_from_here(page: FlaskClient) -> None:
    index = page.get("/").text
    named = re.findall(r'(?:href|src)="([^"]+)"', index)
    assert len(named) == 3
    for name in named:
        assert page.get(name).status_code == 200
    assert re.findall(r"https?://", index) == []
    assert "<script>" not in index
    assert " style=" not in index


@pytest.mark.parametrize(
    "path", ["/page/no.js", "/page/../web.py", "/page/%2e%2e%2fweb.py", "/mails/1", "/mails/1/html", "/else"]
)
def test_nothing_else_is_there(page: FlaskClient, path: str) -> None:
    assert page.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/state", "/page/main.js", "/acts/ask", "/else"])
def test_a_foreign_name_that_leads_here_gets_nothing(page: FlaskClient, path: str) -> None:
    reply = page.get(path, headers={"Host": "evil.example.org"})
    assert reply.status_code == 403
    assert "demo-token" not in reply.text


@pytest.mark.parametrize("headers", [{}, {TOKEN_HEADER: "guessed"}])
def test_a_button_is_not_pressed_without_the_token(
    page: FlaskClient, actions: Actions, headers: dict[str, str]
) -> None:
    assert page.post("/acts/ask", json={}, headers=headers).status_code == 403
    assert list(actions.scientists) == [DS]


def test_a_button_is_not_pressed_by_another_page(page: FlaskClient, actions: Actions) -> None:
    assert pressed(page, "ask", {}, Origin="http://evil.example.org").status_code == 403
    assert list(actions.scientists) == [DS]


def test_what_cannot_be_done_now_is_refused_with_the_reason(page: FlaskClient) -> None:
    reply = pressed(page, "submit", {"ds": DS, "job": "../x"})
    assert reply.status_code == 409
    assert "slash" in reply.text


@pytest.mark.parametrize("said", [[], "x", {"job": 1}, {"job": ["x"]}, None])
def test_what_makes_no_sense_is_refused(page: FlaskClient, said: Any) -> None:
    assert pressed(page, "submit", said).status_code == 400
    assert pressed(page, "no-such-act", {}).status_code == 404


def test_the_state_is_sent_again_only_when_it_changed(page: FlaskClient) -> None:
    first = page.get("/state")
    known = {"If-None-Match": first.headers["ETag"]}
    assert first.json["jobs"] == []
    assert page.get("/state", headers=known).status_code == 304
    assert pressed(page, "submit", {"ds": DS, "job": "<b>x"}).status_code == 204
    changed = page.get("/state", headers=known)
    assert [job["name"] for job in changed.json["jobs"]] == ["<b>x"]


def test_a_mail_comes_with_a_policy_under_which_it_can_do_nothing(sandbox: Sandbox, page: FlaskClient) -> None:
    mail = EmailMessage()
    mail["To"], mail["Subject"] = DS, "x"
    mail.set_content("text")
    mail.add_alternative("<script>alert(1)</script>", subtype="html")
    sandbox.mailbox(DS).file(mail.as_bytes(), ("INBOX",), utc_now())
    (thread,) = page.get("/state").json["mailboxes"][DS]
    mail_id = thread["mails"][0]["id"]
    html = page.get(f"/mails/{mail_id}/html")
    assert html.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox")
    assert page.get(f"/mails/{mail_id}").json["text"] == "text\n"


@pytest.mark.parametrize("path", ["/", "/state", "/page/page.css", "/else"])
def test_every_answer_forbids_what_the_page_does_not_need(page: FlaskClient, path: str) -> None:
    headers = page.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_port_that_is_taken_is_said(sandbox: Sandbox, owner_setup: OwnerSetup, actions: Actions) -> None:
    app = Pages(sandbox, owner_setup, actions).app()
    with PageServer(app) as first:
        port = int(first.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(UserError, match=str(port)):
            PageServer(app, port)
