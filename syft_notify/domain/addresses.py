"""The one rule of how an email address is written in a header, and to which ones no mail can go."""

from __future__ import annotations

import re
from contextlib import suppress

_LONGEST = 320
_LONGEST_IN_A_NAME = 254
_SHAPE = re.compile(r"[^\s@#/\\,;:<>()\[\]\"]{1,64}@(?:[^\W_]|-)+(?:\.(?:[^\W_]|-)+)*")
_GOOGLES = frozenset({"gmail.com", "googlemail.com"})
# Of the characters that RFC 5322 allows only in quotes none is accepted: a mail server could read two addresses.
_LOCAL = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}")
_DOT_ATOM = re.compile(r"[^.]+(?:\.[^.]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_NO_ADDRESS = "is not an email address"
_NOT_ASCII = "has non-ASCII characters before the @, and no mail can be sent to such an address"


def addr_spec(address: str) -> str:
    """The address as it is written in a header (RFC 5322, section 3.4.1), always ASCII.

    A local part such as `a..b`, which is no dot-atom, is quoted; a domain such as `münchen.example` becomes punycode.
    Raises `ValueError` with the rest of a sentence that begins with the address.
    """
    local, at, domain = address.rpartition("@")
    # `=?` begins an encoded word, which would stand for another address.
    if not at or len(address) > _LONGEST or "=?" in address or not address.isprintable():
        raise ValueError(_NO_ADDRESS)
    written = ascii_domain(domain)
    if not _LOCAL.fullmatch("".join(char if char.isascii() else "x" for char in local)):
        raise ValueError(_NO_ADDRESS)
    if not local.isascii():
        raise ValueError(_NOT_ASCII)
    return f"{local}@{written}" if _DOT_ATOM.fullmatch(local) else f'"{local}"@{written}'


def why_unreachable(address: str) -> str:
    """The rest of a sentence about an address that nothing can be sent to; empty for every other one."""
    try:
        addr_spec(address)
    except ValueError as error:
        return str(error)
    return ""


def ascii_domain(domain: str) -> str:
    """The domain as mail servers know it: by IDNA 2008 with the mapping of UTS 46. Raises `ValueError`.

    Python's own codec knows IDNA 2003, where ß is ss: another domain.
    """
    if not domain.isascii():
        import idna  # its tables are of no use to the others

        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            raise ValueError(_NO_ADDRESS) from None
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(_NO_ADDRESS)
    return domain


def is_address(text: str) -> bool:
    """Whether the text has the shape of an email address that can be part of a folder name.

    `=?` begins an encoded word in a mail's header, where it would stand for another address.
    """
    if len(text) > _LONGEST_IN_A_NAME or "=?" in text or not text.isprintable():
        return False
    return _SHAPE.fullmatch(text) is not None


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
