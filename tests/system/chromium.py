"""A real browser before the demo's page, as a visitor has it: headless, without a network, new each time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.system.tools import needs

SCREENSHOTS = "SYFT_NOTIFY_SCREENSHOTS"
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

Scheme = Literal["light", "dark"]


@contextmanager
def chromium(
    profile: Path, *, width: int = 1400, height: int = 1000, scheme: Scheme = "light"
) -> Iterator[BrowserContext]:
    """Chromium of the system with an empty profile; it may talk to this machine only."""
    needs("chromium", package="chromium")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            headless=True,
            args=[*_FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
            viewport={"width": width, "height": height},
            color_scheme=scheme,
        )
        try:
            yield context
        finally:
            context.close()


def screenshot(page: Page, name: str) -> None:
    """Take one of the whole page where a person wants to look at it."""
    if folder := os.environ.get(SCREENSHOTS):
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
