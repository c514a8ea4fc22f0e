"""Which addresses are one Google account."""

from __future__ import annotations

import pytest

from syft_notify.domain.addresses import account_of, is_same_account

ONE_PERSON = [
    "firstlast@gmail.com",
    "first.last@gmail.com",
    "First.Last@GMAIL.com",
    "f.i.r.s.t.l.a.s.t@googlemail.com",
    "first.last+jobs@gmail.com",
    "firstlast+a+b@googlemail.com",
    "first.last@\uff47mail.com",
]
ALL_DIFFERENT = [
    "firstlast@gmail.com",
    "firstlast@example.org",
    "first.last@example.org",
    "first.last+tag@example.org",
    "firstlast@gmail.com.example.org",
    "firstlast@mail.gmail.com",
    "first_last@gmail.com",
    "...@gmail.com",
    "+tag@gmail.com",
    "@gmail.com",
    "gmail.com",
    "",
]


@pytest.mark.parametrize("address", ONE_PERSON)
def test_one_account_has_many_spellings(address: str) -> None:
    assert account_of(address) == "firstlast@gmail.com"
    assert is_same_account(address, "firstlast@gmail.com")


def test_an_international_domain_is_one_with_its_punycode() -> None:
    assert account_of("User@MÜNCHEN.example") == account_of("user@xn--mnchen-3ya.example")
    assert not is_same_account("user@straße.example", "user@strasse.example")
    assert account_of("user@a\u2028b.example") == "user@a\u2028b.example"


def test_other_domains_have_their_own_rules() -> None:
    assert len({account_of(address) for address in ALL_DIFFERENT}) == len(ALL_DIFFERENT)
    assert is_same_account("First.Last@Example.org", "first.last@example.org")


@pytest.mark.parametrize("address", [*ONE_PERSON, *ALL_DIFFERENT])
def test_an_account_is_its_own_account(address: str) -> None:
    assert account_of(account_of(address)) == account_of(address)
