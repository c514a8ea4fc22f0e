"""The one rule of how an email address is written in a header, and to which ones no mail can go."""

from __future__ import annotations

import re

_LONGEST = 320
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
