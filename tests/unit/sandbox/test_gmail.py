"""Gmail: what is sent arrives, in the threads in which Gmail would show it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE, GMAIL_METADATA, GMAIL_MODIFY, GMAIL_READONLY
from tests.unit.sandbox.test_drive_files import DO, DS, DS2, refused

Service = Callable[..., Any]


def mail(to: str = DS, subject: str = "Job sales", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("plain wörds")
    message.add_alternative("<p>rich</p>", subtype="html")
    return message


def raw(message: EmailMessage) -> dict[str, str]:
    return {"raw": base64.urlsafe_b64encode(message.as_bytes()).decode()}


def send(service: Any, message: EmailMessage, thread: str = "") -> Any:
    body = {**raw(message), **({"threadId": thread} if thread else {})}
    return service.users().messages().send(userId="me", body=body).execute()


def test_a_mail_arrives_as_it_was_written_but_for_what_gmail_replaces(sandbox: Sandbox, gmail: Service) -> None:
    message = mail(f"{DS}, Two <{DS2}>", "Jöb", Message_ID="<mine@example.org>", Bcc="third@example.org", X_Own="kept")
    answer = send(gmail(DO), message)
    assert answer == {"id": answer["id"], "threadId": answer["id"], "labelIds": ["SENT"]}
    assert [mail.id for mail in sandbox.mailbox(DO).sent] == [answer["id"]]
    for person in (DS, DS2, "third@example.org"):
        (received,) = sandbox.mailbox(person).received
        assert (received.subject, received.sender, received.to) == ("Jöb", DO, (DS, DS2))
        assert (received.text, received.html) == ("plain wörds\n", "<p>rich</p>\n")
        assert received.header("Message-ID").endswith("@mail.gmail.com>")
        assert received.header("X-Google-Original-Message-ID") == "<mine@example.org>"
        assert (received.header("X-Own"), received.header("Bcc"), received.header("nothing")) == ("kept", "", "")
        assert received.header("Date")
    assert sandbox.mailbox(DO).received == []


def test_nobody_sends_in_somebody_elses_name(sandbox: Sandbox, gmail: Service) -> None:
    send(gmail(DO), mail(From=f"Notifier <{DS2}>"))
    send(gmail(DO), mail(From=f"Notifier <{DO}>", Date="Thu, 01 Jan 2026 00:00:00 +0000"))
    assert [mail.header("From") for mail in sandbox.mailbox(DS).received] == [f"Notifier <{DO}>"] * 2
    assert sandbox.mailbox(DS).received[1].message.get_all("Date") == ["Thu, 01 Jan 2026 00:00:00 +0000"]


def test_a_mail_to_oneself_lies_once_in_the_box(sandbox: Sandbox, gmail: Service) -> None:
    assert send(gmail(DO), mail(DO.upper()))["labelIds"] == ["UNREAD", "INBOX", "SENT"]
    assert len(sandbox.mailbox(DO).mails) == len(sandbox.mailbox(DO).received) == 1


def test_a_named_thread_takes_replies_whose_subject_fits(sandbox: Sandbox, gmail: Service) -> None:
    first = send(gmail(DO), mail())
    reply = send(gmail(DO), mail(subject="Re:  job SALES"), first["threadId"])
    assert reply["threadId"] == first["id"] != reply["id"]
    with pytest.raises(HttpError) as other_subject:
        send(gmail(DO), mail(subject="Job other"), first["threadId"])
    assert other_subject.value.status_code == 400
    assert len(sandbox.mailbox(DS).received) == 2


@pytest.mark.parametrize(
    ("thread", "status", "rpc"), [("0123456789abcdef", 404, "NOT_FOUND"), ("no!", 400, "INVALID_ARGUMENT")]
)
def test_an_unknown_thread_is_refused_and_nothing_is_sent(
    sandbox: Sandbox, gmail: Service, thread: str, status: int, rpc: str
) -> None:
    with pytest.raises(HttpError) as error:
        send(gmail(DO), mail(), thread)
    assert (error.value.status_code, f'"status": "{rpc}"' in error.value.content.decode()) == (status, True)
    assert sandbox.mailbox(DS).mails == []


def test_a_thread_of_another_mailbox_is_unknown_here(gmail: Service) -> None:
    thread = send(gmail(DO), mail(DS2))["threadId"]
    with pytest.raises(HttpError) as error:
        send(gmail(DS), mail(DS2), thread)
    assert error.value.status_code == 404


def test_the_recipient_sees_threads_by_subject_and_references(sandbox: Sandbox, gmail: Service) -> None:
    service, root = gmail(DO), "<job-1@syft-notify.invalid>"
    send(service, mail(References=root, In_Reply_To=root))
    send(service, mail(subject="Re: Job sales", References=root, In_Reply_To=root))
    send(service, mail(subject="Re: Job sales"))
    send(service, mail(subject="Job other", References=root, In_Reply_To=root))
    threads = sandbox.mailbox(DS).threads()
    assert [[mail.subject for mail in thread] for thread in threads] == [
        ["Job sales", "Re: Job sales"],
        ["Re: Job sales"],
        ["Job other"],
    ]
    assert len(sandbox.mailbox(DO).threads()) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "invalidArgument"),
        ({"raw": "äöü"}, "badRequest"),
        ({"raw": "A"}, "badRequest"),
        (raw(mail("")), "invalidArgument"),
        (raw(mail("nobody")), "invalidArgument"),
    ],
)
def test_what_is_no_mail_is_refused(sandbox: Sandbox, gmail: Service, body: Any, reason: str) -> None:
    assert refused(gmail(DO).users().messages().send(userId="me", body=body)) == (400, reason)
    assert sandbox.mailbox(DO).mails == []


@pytest.mark.parametrize("resumable", [False, True])
def test_a_mail_can_be_uploaded(sandbox: Sandbox, gmail: Service, resumable: bool) -> None:
    message = EmailMessage()
    message["To"] = DS
    message.set_content("plain words")
    media = MediaInMemoryUpload(message.as_bytes(), "message/rfc822", resumable=resumable)
    sent = gmail(DO).users().messages().send(userId="me", body={}, media_body=media).execute()
    assert sent["labelIds"] == ["SENT"]
    assert sandbox.mailbox(DS).received[0].text == "plain words\n"
    assert sandbox.requests.count("gmail.messages.send") == 1


def test_scopes_decide_who_may_send_and_who_may_look(sandbox: Sandbox, gmail: Service) -> None:
    denied = (403, "insufficientPermissions")
    sender, reader, nobody = gmail(DO), gmail(DO, GMAIL_READONLY), gmail(DO, DRIVE)
    sent = send(sender, mail())
    assert refused(sender.users().getProfile(userId="me")) == denied
    assert refused(sender.users().messages().get(userId="me", id=sent["id"])) == denied
    for service in (reader, nobody, gmail(DO, GMAIL_METADATA)):
        assert refused(service.users().messages().send(userId="me", body=raw(mail()))) == denied
    assert reader.users().getProfile(userId=DO).execute()["messagesTotal"] == 1
    assert refused(reader.users().getProfile(userId=DS)) == (403, "forbidden")
    assert len(sandbox.mailbox(DS).received) == 1


def test_a_mailbox_can_be_read(sandbox: Sandbox, gmail: Service) -> None:
    service = gmail(DO, GMAIL_MODIFY)
    first = send(service, mail())
    send(service, mail(subject="Re: Job sales"), first["threadId"])
    send(service, mail(DO, "to myself"))
    messages, threads = service.users().messages(), service.users().threads()
    page = messages.list(userId="me", maxResults=2).execute()
    assert (len(page["messages"]), page["resultSizeEstimate"]) == (2, 3)
    (rest,) = messages.list(userId="me", pageToken=page["nextPageToken"], fields="messages/id").execute()["messages"]
    assert rest == {"id": first["id"]}
    assert len(messages.list(userId="me", labelIds=["INBOX"]).execute()["messages"]) == 1
    assert messages.list(userId="me", labelIds=["SPAM"]).execute() == {"resultSizeEstimate": 0}
    full = messages.get(userId="me", id=first["id"]).execute()
    assert {"name": "Subject", "value": "Job sales"} in full["payload"]["headers"]
    assert full["snippet"] == "plain wörds"
    whole = messages.get(userId="me", id=first["id"], format="raw").execute()["raw"]
    assert base64.urlsafe_b64decode(whole) == sandbox.mailbox(DO).sent[0].raw
    assert "payload" not in messages.get(userId="me", id=first["id"], format="minimal").execute()
    assert len(threads.get(userId="me", id=first["threadId"]).execute()["messages"]) == 2
    assert [thread["id"] for thread in threads.list(userId="me").execute()["threads"]][-1] == first["threadId"]
    assert refused(messages.get(userId="me", id="0")) == (404, "notFound")
    assert refused(threads.get(userId="me", id="0")) == (404, "notFound")


def test_waiting_for_mail_ends_when_it_came_or_says_that_it_did_not(sandbox: Sandbox, gmail: Service) -> None:
    send(gmail(DO), mail())
    assert sandbox.wait_for_mail(DS, 1).received[0].subject == "Job sales"
    with pytest.raises(TimeoutError, match=r"received 1 of 2 mails"):
        sandbox.wait_for_mail(DS, 2, timeout=0.01)
