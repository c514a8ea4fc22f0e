"""The mail as Gmail takes it, and what Gmail's answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.channels.gmail import GmailChannel
from syft_notify.domain.errors import AmbiguousFault, CredentialFault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.domain.notifications import Message, ThreadRef
from syft_notify.google.auth import GMAIL_SCOPES, TokenFile
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Injected

DO, DS = "do@example.org", "ds@example.org"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
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
        assert gmail.check(NOW).account == account
        assert gmail.check(NOW).account == account
        assert sandbox.requests.count("gmail.users.getProfile") == bool(account)
        gmail.close()


class TestAddresses:
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
