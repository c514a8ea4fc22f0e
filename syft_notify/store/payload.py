"""Notifications and previews as JSON. Loaded only by who needs a text: pydantic is slow to start."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from syft_notify.domain.jobs import Preview
from syft_notify.domain.notifications import Notification

_NOTIFICATION = TypeAdapter(Notification)
_PREVIEW = TypeAdapter(Preview)


def dump_notification(notification: Notification) -> bytes:
    """One notification, without members."""
    return _dump(_NOTIFICATION.dump_python(notification, mode="json", exclude={"members"}))


def load_notification(payload: bytes) -> Notification:
    """Raises `ValueError` for what is damaged."""
    return _NOTIFICATION.validate_python(json.loads(payload))


def dump_preview(preview: Preview) -> bytes:
    """The code of a job."""
    return _dump(_PREVIEW.dump_python(preview, mode="json"))


def load_preview(payload: bytes) -> Preview | None:
    """None for what is damaged: a message goes out without it."""
    try:
        return _PREVIEW.validate_python(json.loads(payload))
    except (ValidationError, ValueError):
        return None


def _dump(value: Any) -> bytes:
    """Texts from outside may hold what is no Unicode, which ASCII can carry."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
