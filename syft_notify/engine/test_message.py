"""One test mail through the channel of a config, to see that mails arrive and how they look."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, tzinfo

from syft_notify.channels.registry import open_email_channel
from syft_notify.config.paths import ServiceFiles
from syft_notify.config.settings import Config
from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.catalogue import Accent
from syft_notify.domain.notifications import Message, Receipt, ThreadRef
from syft_notify.domain.text import plain
from syft_notify.mail.render import Renderer

SUBJECT = "Test: syft-notify can send you mail"
_TEMPLATE = "test_do"
_LONGEST_PATH = 4096  # what Linux takes (limits.h)
_ACCENT = Accent("Test", "#1d5fbf", "#8fbaff")


def send_test_mail(config: Config, to: str, now: datetime) -> Receipt:
    """Send one to this address. Raises `ConfigError` or `Fault` when it does not go out."""
    message = written(config, to, now)
    with closing(open_email_channel(config)) as channel:
        return channel.send(message)


def written(config: Config, to: str, now: datetime, zone: tzinfo | None = None) -> Message:
    """The test mail; `zone` is the data owner's, None the system's own. Raises `TransientFault`."""
    renderer = Renderer(ServiceFiles(config.folder).templates if config.folder else None)
    root = plain(str(config.syftbox_root), _LONGEST_PATH)
    context = {
        "do": config.do_email,
        "to_owner": is_same_account(to, config.do_email),
        "accent": _ACCENT,
        "rows": [
            ("Asked for", [f"{now.astimezone(zone):%Y-%m-%d %H:%M %Z}"]),
            (
                "Watched",
                [
                    f"the Google Drive of {config.do_email}",
                    f"the folder {root}",
                ],
            ),
        ],
        "steps": [],
    }

    def part(name: str) -> str:
        return renderer.render(f"{_TEMPLATE}.{name}.j2", context)

    headline = context["headline"] = part("headline").strip()
    return Message(
        id="test",
        to=to,
        subject=SUBJECT,
        headline=headline,
        text=part("txt"),
        html=part("html") if config.email_format == "html" else "",
        thread=ThreadRef("", ""),
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "X-Syft-Event": "test"},
    )
