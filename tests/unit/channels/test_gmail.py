"""The mail as Gmail takes it, and what Gmail's answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syft_notify.channels.gmail import GmailChannel, mime
from syft_notify.domain.errors import AmbiguousFault, CredentialFault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.domain.model import Message, ThreadRef
from syft_notify.domain.text import plain
from syft_notify.google.auth import GMAIL_SCOPES, TokenFile
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Injected

DO, DS = "do@example.org", "ds@example.org"
ROOT = "<job.sales@syft-notify.invalid>"


def message(**changes: object) -> Message:
    mail = Message(
        id="n1",
        to=DS,
        subject="sales",
        headline="Your job sales was approved",
        text="Approved.\n",
        html="<p>Approved.</p>\n",
        thread=ThreadRef("do@example.org/sales", ROOT),
        headers={"References": ROOT, "In-Reply-To": ROOT, "X-Syft-Notify-Event": "n1"},
    )
    return replace(mail, **changes)


@pytest.fixture
def channel(sandbox: Sandbox, tmp_path: Path) -> Iterator[GmailChannel]:
    """The owner's Gmail."""
    path = tmp_path / "gmail_token.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file(DO))
    gmail = GmailChannel(TokenFile(path, "Gmail", GMAIL_SCOPES, sandbox.token_uri), sandbox.gmail_endpoint, timeout=5)
    yield gmail
    gmail.close()


class TestTheAccount:
    """Whose mailbox it is can be asked with a wider scope than the one that is needed."""

    @pytest.mark.parametrize(("scope", "account"), [("gmail.send", ""), ("gmail.modify", DO)])
    def test_is_said_if_the_token_may_ask(self, sandbox, tmp_path, scope, account):
        path = tmp_path / "token.json"
        path.touch(mode=0o600)
        path.write_text(sandbox.token_file(DO, [f"https://www.googleapis.com/auth/{scope}"]))
        gmail = GmailChannel(TokenFile(path, "Gmail", GMAIL_SCOPES, sandbox.token_uri), sandbox.gmail_endpoint)
        assert gmail.account() == account
        assert sandbox.requests.count("gmail.users.getProfile") == bool(account)
        gmail.close()


class TestTheMail:
    def test_holds_text_html_and_headers(self):
        mail = message_from_bytes(mime(message()).as_bytes(), policy=policy.default)
        assert (mail["To"], mail["Subject"], mail["References"], mail["X-Syft-Notify-Event"]) == (
            DS,
            "sales",
            ROOT,
            "n1",
        )
        assert mail.get_body(("plain",)).get_content() == "Approved.\n"
        assert mail.get_body(("html",)).get_content() == "<p>Approved.</p>\n"

    def test_without_html_is_text_alone(self):
        assert mime(message(html="")).get_content_type() == "text/plain"

    @given(
        st.text(max_size=250).map(plain)
        | st.lists(st.text("aé漢=?_<", max_size=30), max_size=20).map(" ".join).map(plain)
    )
    @example("=?utf-8?b?00?=\x80")
    @example("=?utf-8?q?a=0D=0ABcc:_eve@example.org?=")
    @example("Ñ " * 60 + "end")
    @example("a" * 200)
    def test_says_its_subject_exactly(self, subject):
        raw = mime(message(subject=subject)).as_bytes()
        assert str(make_header(decode_header(message_from_bytes(raw)["Subject"] or ""))) == subject
        assert max(map(len, raw.splitlines())) < 998
        assert set(message_from_bytes(raw).keys()) >= {"To", "Subject", "References"}
        assert "Bcc" not in message_from_bytes(raw)

    @pytest.mark.parametrize(
        "to",
        [
            "",
            "ds",
            "a@example.org, b@example.org",
            "a@example.org\nBcc: b@example.org",
            "a b@example.org",
            "<a@example.org>",
        ],
    )
    def test_goes_to_one_address_or_is_not_written(self, to):
        with pytest.raises(RejectedFault, match="written"):
            mime(message(to=to))

    @pytest.mark.parametrize(
        "to",
        ["ds+tag@example.org", "d_s@example.org", "o'neill@example.org", "DS@Example.ORG", "a.b-c@sub.example.org"],
    )
    def test_goes_to_every_address_that_a_client_has(self, sandbox, channel, to):
        channel.send(message(to=to))
        assert sandbox.mailbox(DO).mails[0].to == (to,)

    @pytest.mark.parametrize(
        ("to", "written", "arrives"),
        [
            ("a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp"),
            (".a.@docomo.ne.jp", '".a."@docomo.ne.jp', ".a.@docomo.ne.jp"),
            ("user@münchen.example", "user@xn--mnchen-3ya.example", "user@xn--mnchen-3ya.example"),
            ("a" * 64 + "@" + "b" * 60 + ".example", "a" * 64 + "@" + "b" * 60 + ".example", None),
        ],
    )
    def test_arrives_at_addresses_that_need_quotes_or_punycode(self, sandbox, channel, to, written, arrives):
        channel.send(message(to=to))
        (mail,) = sandbox.mailbox(arrives or to).received
        assert f"\r\nTo: {written}\r\n".encode() in mail.raw
        assert (mail.subject, mail.header("References"), mail.text) == ("sales", ROOT, "Approved.\n")

    def test_to_a_local_part_that_is_not_ascii_is_rejected_with_the_reason(self):
        with pytest.raises(RejectedFault, match="non-ASCII"):
            mime(message(to="josé@example.org"))

    def test_that_cannot_be_written_is_tried_again_and_stops_nothing(self):
        with pytest.raises(TransientFault, match="written"):
            mime(message(headers={"References": "a\nBcc: b@example.org"}))
        with pytest.raises(TransientFault, match="written"):
            mime(message(text="half a \ud800 character"))


class TestSending:
    def test_a_client_library_that_is_away_for_a_moment_is_tried_again(self, sandbox, channel, monkeypatch, tmp_path):
        with monkeypatch.context() as upgrading:
            upgrading.setattr("googleapiclient.discovery_cache.DISCOVERY_DOC_DIR", str(tmp_path))
            with pytest.raises(TransientFault, match="Google client"):
                channel.send(message())
        assert sandbox.mailbox(DS).received == []
        assert channel.send(message())

    def test_the_receipt_names_message_and_thread(self, sandbox, channel):
        receipt = channel.send(message())
        (mail,) = sandbox.mailbox(DS).received
        assert mail.subject == "sales"
        (sent,) = sandbox.mailbox(DO).mails
        assert (receipt.message_id, receipt.thread_id) == (sent.id, sent.thread_id)

    def test_a_thread_goes_on(self, sandbox, channel):
        first = channel.send(message())
        second = channel.send(message(thread=ThreadRef("k", ROOT, remote_id=first.thread_id, started=True)))
        assert second.thread_id == first.thread_id

    def test_a_thread_of_another_mailbox_is_left(self, sandbox, channel):
        receipt = channel.send(message(thread=ThreadRef("k", ROOT, remote_id="abcdef0123456789")))
        assert receipt.thread_id != "abcdef0123456789"
        assert len(sandbox.mailbox(DS).received) == 1

    def test_the_page_of_a_proxy_says_nothing_about_a_thread(self, sandbox, channel):
        rule = sandbox.faults.add(Injected.PAGE_404, "gmail.messages.send", times=None)
        with pytest.raises(TransientFault):
            channel.send(message(thread=ThreadRef("k", ROOT, remote_id="abcdef0123456789")))
        assert rule.hits == 1

    @pytest.mark.parametrize("problem", [Injected.NOT_JSON, Injected.WRONG_JSON, Injected.TRUNCATED, Injected.LOST])
    @pytest.mark.parametrize("thread", ["", "abcdef0123456789"])
    def test_an_answer_that_says_nothing_leaves_it_open_whether_it_went(self, sandbox, channel, problem, thread):
        rule = sandbox.faults.add(problem, "gmail.messages.send", skip=bool(thread), times=None)
        with pytest.raises(AmbiguousFault):
            channel.send(message(thread=ThreadRef("k", ROOT, remote_id=thread)))
        assert rule.hits == 1

    def test_an_answer_without_an_id_too(self, sandbox, channel):
        sandbox.faults.add(Injected.ALTERED, "gmail.messages.send", changes={"id": None})
        with pytest.raises(AmbiguousFault):
            channel.send(message())

    @pytest.mark.parametrize(
        ("problem", "fault"),
        [
            (Injected.BAD_REQUEST, RejectedFault),
            (Injected.USER_RATE_LIMIT, RateLimitedFault),
            (Injected.INSUFFICIENT_PERMISSIONS, CredentialFault),
            (Injected.INTERNAL, AmbiguousFault),
            (Injected.NO_MAILBOX, CredentialFault),
            (Injected.QUOTA_IN_DETAILS, RateLimitedFault),
            (Injected.PAGE_400, TransientFault),
            (Injected.PAGE_401, TransientFault),
            (Injected.PAGE_403, TransientFault),
            (Injected.PAGE_404, TransientFault),
        ],
    )
    def test_refusals_have_their_class(self, sandbox, channel, problem, fault):
        sandbox.faults.add(problem, "gmail.messages.send", times=None)
        with pytest.raises(fault):
            channel.send(message())
        assert sandbox.mailbox(DS).received == []
