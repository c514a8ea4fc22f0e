"""The checks of the way that mails go out, whatever it is."""

from __future__ import annotations

from contextlib import closing

from syft_notify.channels.registry import email_channel, open_email_channel
from syft_notify.doctor.check_context import PATIENCE_SECONDS, CheckContext
from syft_notify.doctor.findings import Check
from syft_notify.domain.errors import ConfigError


def channel_checks(context: CheckContext) -> tuple[Check[CheckContext], ...]:
    """That the channel can be opened, and that it may work. One that Google carries needs the way to Google."""
    try:
        over_google = email_channel(context.config).uses_google
    except ConfigError:  # the checks of the config and of the set-up say so
        over_google = False
    return (
        Check("mail set-up", _set_up, needs=("config",)),
        Check("mail", _works, needs=("mail set-up", *(("network",) if over_google else ()))),
    )


def _set_up(context: CheckContext) -> str:
    with closing(open_email_channel(context.config)):
        return f"mails go out through {email_channel(context.config).title}"


def _works(context: CheckContext) -> str:
    config, title = context.config, email_channel(context.config).title
    with closing(open_email_channel(config, timeout=PATIENCE_SECONDS)) as channel:
        state = channel.check(context.clock(), full=True)
    until = f", until {state.ends_at.astimezone():%Y-%m-%d %H:%M}" if state.ends_at else ""
    if state.account:
        return f"{title} answers{until}; mails go out from {state.account}"
    return f"{title} answers{until}; that a mail goes out, only {config.command('test-email')} can show"
