"""The ways out: a name for each channel, its module loaded on first use."""

from __future__ import annotations

GMAIL = "gmail"
