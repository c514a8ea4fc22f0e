"""Which addresses belong to one Google account. Pure."""

from __future__ import annotations

from contextlib import suppress

from syft_notify.domain.addresses import ascii_domain

_GOOGLES = frozenset({"gmail.com", "googlemail.com"})


def account_of(address: str) -> str:
    """The account behind an address, for comparison only: mails go to the address as it is written.

    In a consumer account of Google dots, a `+tag` and the older domain make no difference, and Drive may show another
    spelling than the one that a person used (support.google.com/mail/answer/7436150). Of other domains nobody outside
    knows what they do with a `+tag`, so there only the case makes no difference, and whether an international domain
    is written in punycode.
    """
    local, at, domain = address.lower().rpartition("@")
    if not domain.isascii():
        with suppress(ValueError):
            domain = ascii_domain(domain)
    name = local.partition("+")[0].replace(".", "") if domain in _GOOGLES else ""
    return f"{name}@gmail.com" if name else f"{local}{at}{domain}"


def is_same_account(one: str, other: str) -> bool:
    """Whether both addresses belong to one account."""
    return account_of(one) == account_of(other)
