"""Unpacks the archive of a message in memory: a gzip of a tar with exactly one member, bounded in every direction."""

from __future__ import annotations

import json
import struct
import zlib

from syft_notify.domain.jobs import Unidentified

MAX_PACKED_BYTES = 10_000_000
MAX_UNPACKED_BYTES = 12_000_000
MEMBER = "proposed_file_changes.json"
GZIP_MAGIC = b"\x1f\x8b"
ENCRYPTED_MAGIC = b"SYC2"

_BLOCK = 512
_GZIP_WINDOW = 31
_ENCRYPTED_HEADER = struct.Struct("<4sBI")
_MAX_HEADER = 100_000


class UnreadableContent(Exception):
    """The content cannot be shown: `unidentified` says why in a word, `reason` in a sentence."""

    def __init__(self, unidentified: Unidentified, reason: str) -> None:
        super().__init__(reason)
        self.unidentified = unidentified
        self.reason = reason


def unpack(data: bytes) -> bytes:
    """The one member of the archive. Raises `UnreadableContent`."""
    if data.startswith(ENCRYPTED_MAGIC):
        raise UnreadableContent(Unidentified.ENCRYPTED, "it is encrypted, so only the owner's client can read it")
    if len(data) > MAX_PACKED_BYTES:
        raise UnreadableContent(Unidentified.TOO_LARGE, f"it is larger than {MAX_PACKED_BYTES:,} bytes")
    if not data.startswith(GZIP_MAGIC):
        raise _unreadable("it is neither an archive nor an encrypted message")
    return _only_member(_gunzip(data))


def encrypted_sender(data: bytes) -> str:
    """Who the readable header of an encrypted message says it is from; a claim like any other. Empty when unclear.

    The header is described by syft-crypto-python: magic, version, length (little endian), JSON.
    """
    try:
        _, _, length = _ENCRYPTED_HEADER.unpack_from(data)
        if length > _MAX_HEADER:
            return ""
        header = json.loads(data[_ENCRYPTED_HEADER.size : _ENCRYPTED_HEADER.size + length])
    except (struct.error, ValueError, RecursionError):
        return ""
    sender = header.get("sender") if isinstance(header, dict) else None
    identity = sender.get("identity") if isinstance(sender, dict) else None
    return identity if isinstance(identity, str) else ""


def _gunzip(data: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        content = stream.decompress(data, MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        raise _unreadable("the archive is damaged") from None
    if len(content) > MAX_UNPACKED_BYTES:
        raise UnreadableContent(Unidentified.TOO_LARGE, f"it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
    if not stream.eof:
        raise _unreadable("the archive ends too early")
    if stream.unused_data:
        raise _unreadable("the archive goes on after its end")
    return content


def _only_member(tar: bytes) -> bytes:
    """The content of the tar's single member.

    Anything before or after it is refused: a second member of the same name would be what the owner's client
    uses, and not what we show.
    """
    header = tar[:_BLOCK]
    if len(header) < _BLOCK or not _is_wanted(header):
        raise _unreadable(f"the archive does not begin with {MEMBER}")
    size = _octal(header[124:136])
    if size is None or _BLOCK + size > len(tar):
        raise _unreadable("the archive ends too early")
    end = _BLOCK + size
    if tar[end:].strip(b"\0"):
        raise _unreadable(f"the archive holds more than {MEMBER}")
    return tar[_BLOCK:end]


def _is_wanted(header: bytes) -> bool:
    """Whether the header names a regular file of the one name and its checksum is right (POSIX ustar)."""
    blank = header[:148] + b" " * 8 + header[156:]
    name = header[:100].rstrip(b"\0")
    return name == MEMBER.encode() and header[156:157] in (b"0", b"\0") and _octal(header[148:156]) == sum(blank)


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not digits.strip(b"01234567") else None


def _unreadable(reason: str) -> UnreadableContent:
    return UnreadableContent(Unidentified.UNREADABLE, reason)
