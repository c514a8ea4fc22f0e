"""Whether this machine has a browser that a person sees, and opening a page in it."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass

# What `ssh -L` forwards when nothing else is said: the same in the documentation and in every run.
USUAL_PORT = 41235


@dataclass(frozen=True)
class Ways:
    """How the answer can come back: with a browser of this machine or without; `port` 0 is ours to choose."""

    browser: bool
    port: int = 0


def can_open(environ: Mapping[str, str]) -> bool:
    """Whether a page would come up before the person's eyes. A browser inside the terminal would only be in the way."""
    if environ.get("BROWSER") or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return True
    return sys.platform == "darwin" and "SSH_CONNECTION" not in environ


def open_page(address: str) -> None:
    """Open it, in a thread of its own: some browsers come back only when they are closed."""
    threading.Thread(target=webbrowser.open, args=(address,), name="browser", daemon=True).start()
