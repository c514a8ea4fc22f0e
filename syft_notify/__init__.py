"""syft-notify: email notifications for the owner of data in SyftBox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syft_notify.notebook import NotificationMonitor

__version__ = "0.1.0"
__all__ = ["NotificationMonitor", "__version__"]


def __getattr__(name: str) -> Any:
    """Load `NotificationMonitor`, and Google's libraries with it, on first use only."""
    if name == "NotificationMonitor":
        from syft_notify.notebook import NotificationMonitor

        return NotificationMonitor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
