"""Packs files into the message that a DS's client uploads, in clear or in the shape of an encrypted one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import struct
import tarfile
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MEMBER = "proposed_file_changes.json"


def change(path: str, content: str | None, at: float, do: str, *, content_type: bool = True) -> dict[str, Any]:
    """One entry of `proposed_file_changes`; a content of None is a deletion."""
    entry: dict[str, Any] = {
        "id": _uuid(path, at),
        "old_hash": None,
        "new_hash": None if content is None else hashlib.sha256(content.encode()).hexdigest(),
        "submitted_timestamp": at,
        "path_in_datasite": path,
        "content": content,
        "datasite_email": do,
        "is_deleted": content is None,
    }
    return {**entry, "content_type": None if content is None else "text"} if content_type else entry


def message_document(
    files: Mapping[str, str | None], sender: str, do: str, now: datetime, *, content_type: bool = True
) -> dict[str, Any]:
    """The JSON of a message about these files of the owner's datasite."""
    at = now.timestamp()
    return {
        "id": _uuid("message", sender, at),
        "sender_email": sender,
        "message_filename": {"submitted_timestamp": at, "uid": _uuid("file", sender, at)},
        "proposed_file_changes": [
            change(path, content, at, do, content_type=content_type) for path, content in files.items()
        ],
    }


def message_name(document: Mapping[str, Any]) -> str:
    """The name under which the message lies on Drive."""
    name = document["message_filename"]
    return f"msgv2_{name['submitted_timestamp']}_{name['uid']}.tar.gz"


def pack(content: bytes, member: str = MEMBER) -> bytes:
    """A gzip of a tar with this one member."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def pack_document(document: Mapping[str, Any]) -> bytes:
    """A message as it is uploaded in clear."""
    return pack(json.dumps(document, indent=2, ensure_ascii=False).encode())


def pack_encrypted(document: Mapping[str, Any], do: str, now: datetime) -> bytes:
    """The shape of an encrypted message: readable header, padding, and noise in place of the ciphertext."""
    length = len(json.dumps(document, separators=(",", ":")))
    sender = document["sender_email"]
    header = {
        "canon": "jcs-rfc8785",
        "cipher": {
            "ciphertext_len": length,
            "last_segment_bytes": length,
            "nonce": _noise_text("nonce", 24),
            "segment_count": 1,
            "suite": "xchacha20poly1305-v1",
        },
        "created_at": int(now.timestamp()),
        "recipient_set_fpr": _noise("recipients", 32).hex(),
        "recipients": [
            {
                "device_label": "default",
                "identity": do,
                "signed_prekey_id": 1,
                "spk_fingerprint": _noise(do, 32).hex(),
            }
        ],
        "sender": {"identity": sender, "ik_fingerprint": _noise(sender, 32).hex()},
        "version": 1,
        "wrappings": [
            {
                "device_label": "default",
                "recipient_identity": do,
                "wrap_ciphertext": _noise_text("wrap", 72),
                "wrap_ephemeral_public": _noise_text("ephemeral", 32),
            }
        ],
    }
    readable = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
    padding = bytes(4096 - len(readable))
    body = _noise(json.dumps(document), length + 66)
    return b"SYC2\x01" + struct.pack("<I", len(readable)) + readable + padding + body


def _uuid(*parts: object) -> str:
    return str(uuid.UUID(bytes=_noise(repr(parts), 16), version=4))


def _noise(seed: str, length: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(length)


def _noise_text(seed: str, length: int) -> str:
    return base64.urlsafe_b64encode(_noise(seed, length)).decode().rstrip("=")
