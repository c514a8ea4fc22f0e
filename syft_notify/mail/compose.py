"""Writes the mail of a notification: headers, text part and HTML part. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.errors import RejectedFault, TransientFault
from syft_notify.domain.jobs import Preview
from syft_notify.domain.notifications import Message, Notification, ThreadRef
from syft_notify.domain.text import plain
from syft_notify.mail.context import contents
from syft_notify.mail.render import Renderer

SUBJECT_LIMIT = 200  # characters, without "Re: "
HEADLINE_LIMIT = 400


class Composer:
    """Writes mails. `zone` is the data owner's, None the system's own; with `text` there is no HTML part.

    Templates in the folder `own` are used in place of ours of the same name, unless something is wrong with them.
    `reaches` is that of the channel.
    """

    def __init__(
        self,
        zone: tzinfo | None = None,
        email_format: Literal["html", "text"] = "html",
        own: Path | None = None,
        reaches: Callable[[str], str] = why_unreachable,
    ) -> None:
        self._reaches = reaches
        self._zone = zone
        self._with_html = email_format == "html"
        self._renderer = Renderer(own)

    def compose(self, notification: Notification, preview: Preview | None, thread: ThreadRef, now: datetime) -> Message:
        """The mail of a notification.

        Raises `RejectedFault` for an address that the channel does not reach, `TransientFault` for what is our error.
        """
        if problem := self._reaches(notification.recipient):
            raise RejectedFault(f"{plain(notification.recipient)!r} {problem}")
        try:
            context = contents(notification, preview, now, self._zone, self._reaches)
        except ValueError as error:
            raise TransientFault(f"the mail could not be written: {plain(str(error))}") from error

        def part(name: str) -> str:
            return self._renderer.render(f"{notification.template}.{name}.j2", context)

        headline = context["headline"] = plain(part("headline"), HEADLINE_LIMIT)
        subject = plain(notification.thread.subject, SUBJECT_LIMIT)
        return Message(
            id=notification.id,
            to=notification.recipient,
            subject=f"Re: {subject}" if thread.started else subject,
            headline=headline,
            text=part("txt"),
            html=part("html") if self._with_html else "",
            thread=thread,
            headers=_headers(notification, thread),
        )


def _headers(notification: Notification, thread: ThreadRef) -> dict[str, str]:
    """`References` names the root in the first mail too: the service gives that one a Message-ID we do not know."""
    headers = {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Syft-Event-Id": plain(notification.id),
        "X-Syft-Event": notification.kind.value,
        "References": plain(thread.root_id),
    }
    return headers | ({"In-Reply-To": plain(thread.root_id)} if thread.started else {})
