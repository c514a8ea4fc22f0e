"""All checks, in the order in which a person mends things."""

from __future__ import annotations

from syft_notify.doctor.google import IN_THE_CLOUD
from syft_notify.doctor.machine import AT_HOME, SERVICE

CHECKS = (*AT_HOME, *IN_THE_CLOUD, SERVICE)
