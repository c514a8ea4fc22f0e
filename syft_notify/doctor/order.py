"""All checks, in the order in which a person fixes things."""

from __future__ import annotations

from syft_notify.doctor.channel import channel_checks
from syft_notify.doctor.check_context import CheckContext
from syft_notify.doctor.findings import Check
from syft_notify.doctor.google import IN_THE_CLOUD
from syft_notify.doctor.machine import AT_HOME, SERVICE


def checks(context: CheckContext) -> tuple[Check[CheckContext], ...]:
    """The checks of a config."""
    return (*AT_HOME, *IN_THE_CLOUD, *channel_checks(context), SERVICE)
