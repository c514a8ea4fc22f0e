"""syft-notify: the data owner's watchman for SyftBox."""

from __future__ import annotations

__version__ = "0.1.0"
