"""How an address is written in a header, and which addresses nothing can be sent to."""

from __future__ import annotations

from email import message_from_string, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syft_notify.domain.addresses import addr_spec, why_unreachable
from tests.facts import lacking


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ds@example.org", "ds@example.org"),
        ("first_last+tag@example.org", "first_last+tag@example.org"),
        ("o'neill@example.org", "o'neill@example.org"),
        ("a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp'),
        (".a@docomo.ne.jp", '".a"@docomo.ne.jp'),
        ("a.@docomo.ne.jp", '"a."@docomo.ne.jp'),
        ("..@docomo.ne.jp", '".."@docomo.ne.jp'),
        ("user@münchen.example", "user@xn--mnchen-3ya.example"),
        ("user@mu\u0308nchen.example", "user@xn--mnchen-3ya.example"),
        ("a..b@例え.example", '"a..b"@xn--r8jz45g.example'),
        ("user@straße.example", "user@xn--strae-oqa.example"),
    ],
)
def test_a_header_has_the_address_in_ascii_with_the_quotes_that_it_needs(address, written):
    assert (addr_spec(address), why_unreachable(address)) == (written, "")


@pytest.mark.parametrize("address", ["josé@example.org", "用户@例え.example", "größe..x@example.org"])
def test_a_local_part_that_is_not_ascii_is_named(address):
    assert "non-ASCII" in why_unreachable(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ds",
        "@example.org",
        "ds@",
        "a@b@example.org",
        "a b@example.org",
        "a@example.org, b@example.org",
        "a@example.org\nBcc: b@example.org",
        "<a@example.org>",
        'a"b@example.org',
        "a(b)@example.org",
        "a\u202e@example.org",
        "josé,x@example.org",
        "=?utf-8?q?victim=40example.org=2C?=a@example.org",
        "a@exa\uff20mple.org",
        "a@münchen.example,b@example.org",
        "a@.example.org",
        "a@example..org",
        "a@-\u00fc-.example",
        "a@" + "ü" * 64 + ".example",
        "a" * 65 + "@example.org",
        "a@" + "b." * 127 + "org",
    ],
)
def test_what_is_not_one_address_is_none(address):
    assert lacking(why_unreachable(address), "email address", "non-ASCII") == ["non-ASCII"]


@given(st.text(max_size=80) | st.from_regex(r"[a-z.ü\",=?@]{1,12}@[a-z.ü\-]{1,12}", fullmatch=True))
@example("a..b@docomo.ne.jp")
@example("a?=@=?x")
def test_whatever_is_written_is_one_address_with_the_same_local_part(address):
    if why_unreachable(address):
        return
    mail = message_from_string(f"To: {addr_spec(address)}\n\n", policy=policy.default)
    ((read,), others) = mail["To"].addresses, [name for name in mail if name != "To"]
    assert (read.username, mail["To"].defects, others) == (address.rpartition("@")[0], (), [])
