"""A real browser without a window, for tests that must see what a person sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

PROGRAM = "chromium"
# It asks nobody for updates; without a sandbox of its own, because CI is root, and with nothing to show but our pages.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium with a new profile and a home of its own; ends with the block."""
    program = shutil.which(PROGRAM)
    assert program, f"{PROGRAM} is not installed"
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        environ: dict[str, str | float | bool] = {"HOME": home, "PATH": str(Path(program).parent)}
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS, env=environ)
        try:
            yield browser
        finally:
            browser.close()
