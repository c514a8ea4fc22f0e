"""A real browser without a window, for tests that must see what a person sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAM = "chromium"
SCREENSHOTS = "SYFT_NOTIFY_SCREENSHOTS"
# It asks nobody for updates and knows no host but this one; without a sandbox of its own, because CI is root, and with
# nothing to show but our pages.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
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


def screenshot(page: Page, name: str) -> None:
    """Take one of the whole page where a person wants to look at it: `SYFT_NOTIFY_SCREENSHOTS` names the folder."""
    if folder := os.environ.get(SCREENSHOTS):
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
