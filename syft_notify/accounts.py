"""Which addresses belong to one Google account. Pure."""

from __future__ import annotations

from contextlib import suppress

from syft_notify.addresses import ascii_domain

_GOOGLES = frozenset({"gmail.com", "googlemail.com"})


def account_of(address: str) -> str:
    """The account behind an address, for comparison only: mails go to the address as it is written.

    In a consumer account of Google dots, a `+tag` and the older domain make no difference, and Drive may show another
    spelling than the one that a person used (support.google.com/mail/answer/7436150). Of other domains nobody outside
    knows what they do with a `+tag`, so there only the case makes no difference, and whether an international domain
    is written in punycode.
    """
    plain = address.lower()
    local, _, domain = plain.rpartition("@")
    if not domain.isascii():
        with suppress(ValueError):
            return f"{local}@{ascii_domain(domain)}"
    if domain not in _GOOGLES:
        return plain
    name = local.partition("+")[0].replace(".", "")
    return f"{name}@gmail.com" if name else plain


def is_same_account(one: str, other: str) -> bool:
    """Whether both addresses belong to one account."""
    return account_of(one) == account_of(other)
