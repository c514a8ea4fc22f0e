"""Lets `python -m syft_notify` do what the `syft-notify` script does."""

from __future__ import annotations

from syft_notify.cli import main

main()
