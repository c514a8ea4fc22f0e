"""One test mail through the channel of a config, to see that mails arrive."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from syft_notify.channels.gmail import GmailChannel
from syft_notify.config import Config
from syft_notify.google_api.token_files import gmail_token
from syft_notify.model import Message, Receipt, ThreadRef

_HEADLINE = "syft-notify can send you mail"
SUBJECT = f"Test: {_HEADLINE}"
_TEXT = """\
{headline}

This is the test mail that was asked for on {when}. It was sent from your own Gmail account, as all mails of
syft-notify are.

What is watched: the Google Drive of {owner}, and the folder {root}.

If it came to the spam folder, mark it as no spam: the next ones will come to your inbox.
"""


def send_test_mail(config: Config, to: str, now: datetime) -> Receipt:
    """Send one to this address. Raises `ConfigError` or `Fault` when it does not go out."""
    text = _TEXT.format(
        headline=_HEADLINE, when=f"{now.astimezone():%Y-%m-%d %H:%M}", owner=config.do_email, root=config.syftbox_root
    )
    message = Message(
        id="test",
        to=to,
        subject=SUBJECT,
        headline=_HEADLINE,
        text=text,
        html="",
        thread=ThreadRef("", ""),
        headers={
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "X-Syft-Event": "test",
        },
    )
    with closing(GmailChannel(gmail_token(config), config.gmail_api_endpoint)) as channel:
        return channel.send(message)
