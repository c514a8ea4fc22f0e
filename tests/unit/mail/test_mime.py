"""A message as the text of a mail: its headers hold what they shall, whatever comes from outside."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syft_notify.domain.errors import RejectedFault, TransientFault
from syft_notify.domain.notifications import Message, ThreadRef
from syft_notify.domain.text import plain
from syft_notify.mail.mime import mime

DS = "ds@example.org"
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


def test_holds_text_html_and_headers():
    mail = message_from_bytes(mime(message()).as_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"], mail["References"], mail["X-Syft-Notify-Event"]) == (
        DS,
        "sales",
        ROOT,
        "n1",
    )
    assert mail.get_body(("plain",)).get_content() == "Approved.\n"
    assert mail.get_body(("html",)).get_content() == "<p>Approved.</p>\n"


def test_without_html_is_text_alone():
    assert mime(message(html="")).get_content_type() == "text/plain"


@given(
    st.text(max_size=250).map(plain) | st.lists(st.text("aé漢=?_<", max_size=30), max_size=20).map(" ".join).map(plain)
)
@example("=?utf-8?b?00?=\x80")
@example("=?utf-8?q?a=0D=0ABcc:_eve@example.org?=")
@example("Ñ " * 60 + "end")
@example("a" * 200)
def test_says_its_subject_exactly(subject):
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
def test_goes_to_one_address_or_is_not_written(to):
    with pytest.raises(RejectedFault, match="written"):
        mime(message(to=to))


def test_to_a_local_part_that_is_not_ascii_is_rejected_with_the_reason():
    with pytest.raises(RejectedFault, match="non-ASCII"):
        mime(message(to="josé@example.org"))


def test_that_cannot_be_written_is_tried_again_and_stops_nothing():
    with pytest.raises(TransientFault, match="written"):
        mime(message(headers={"References": "a\nBcc: b@example.org"}))
    with pytest.raises(TransientFault, match="written"):
        mime(message(text="half a \ud800 character"))
