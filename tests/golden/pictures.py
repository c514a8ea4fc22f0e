"""Draws every mail for docs/mails/ and writes the page that shows them: `python -m tests.golden.pictures`."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser

from tests.chromium import chromium
from tests.golden.cases import MAILS

FOLDER = Path(__file__).parents[2] / "docs" / "mails"
WIDTHS = (360, 800)
SCHEMES = ("light", "dark")
GAP = 16
COLOURS = 24  # of a picture; more can hardly be told apart, and take room
HIGHEST = 1300  # pixels; below are commands and code, which one mail shows to its end
WHOLE = "job_submitted_do"
MAIL = "mail"  # the key of a picture's text that tells which mail it shows

LINES = {
    "job_submitted_do": "A new job, to the owner: who asks for what, the commands to type, the code.",
    "job_submitted_ds": "The same, to the scientist: it arrived, and there is nothing to do.",
    "job_changed_do": "The code of a job changed after the owner was told of it.",
    "job_approved_ds": "The owner approved the job.",
    "job_executed_ds": "The job ran and ended well.",
    "job_failed_do": "The job failed, to the owner: return code and the end of stderr.",
    "job_failed_ds": "The same, to the scientist: the return code alone.",
    "job_rejected_ds": "The owner rejected the job, with the reason.",
    "peer_requested_do": "Somebody asks to work with the owner.",
    "peer_requested_ds": "The request reached the owner.",
    "peer_granted_ds": "The owner accepted the request.",
    "encrypted_do": "A submission that only the owner's client can open.",
    "encrypted_ds": "The same, to the scientist.",
    "unreadable_do": "A submission that cannot be read, and why.",
    "too_large_do": "A submission that is too large to look at.",
    "doubtful_sender_do": "A job whose sender is in doubt: the warnings come before the commands.",
    "late_do": "A mail that could not go out for nine hours says so.",
    "oldest_client_do": "A job of the oldest clients, with their commands.",
    "syft_client_do": "A shell script of `syft-client`, whose code was not readable.",
    "ran_too_long_do": "A job that was stopped because it ran too long.",
    "syft_client_peer_do": "A peer request of `syft-client`.",
    "hostile_do": "A job whose every name tries to break out: it stays text.",
    "hostile_failed_do": "The same in the output of a job.",
    "hostile_rejected_ds": "The same in the reason of a rejection.",
    "endless_name_do": "A name of ten thousand letters.",
    "digest_submitted_do": "A burst of new jobs in one mail, one of them in doubt.",
    "digest_failed_do": "A burst of failures.",
    "digest_rejected_ds": "A burst of rejections, with their reasons.",
    "digest_peers_do": "A burst of peer requests.",
    "test_do": "The mail of `syft-notify test-email`, and of the last step of `syft-notify init`.",
}

_HEAD = """\
# All mails in pictures

Each mail on a phone (360 px) and in a window (800 px), light on the left and dark on the right, as Chromium draws it
with the fonts of the machine at hand. Very long mails are cut, and a colour of a few letters only may look grey.

What is in them and why: [docs/events.md](../events.md). This page and its pictures are made by
`python -m tests.golden.pictures`; a test fails when a mail has changed and its pictures have not.
"""


def page() -> str:
    """The text of the page."""
    shown = (
        f"\n## {name}\n\n{LINES[name]}\n\n"
        + "\n".join(f"![{name}, {width} px wide, light and dark]({name}-{width}.png)" for width in WIDTHS)
        + "\n"
        for name in MAILS
    )
    return _HEAD + "".join(shown)


def identity(name: str) -> str:
    """Which mail a picture shows."""
    return hashlib.sha256(MAILS[name]().html.encode()).hexdigest()


def _shot(browser: Browser, html: str, width: int, scheme: str) -> Image.Image:
    with browser.new_context(viewport={"width": width, "height": 100}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        opened = context.new_page()
        opened.set_content(html)
        return Image.open(io.BytesIO(opened.screenshot(full_page=True))).convert("RGB")


def _side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + GAP + right.width, max(left.height, right.height)), "#808890")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + GAP, 0))
    return both


def _draw(browser: Browser, name: str, width: int) -> None:
    html = MAILS[name]().html
    light, dark = (_shot(browser, html, width, scheme) for scheme in SCHEMES)
    text = PngInfo()
    text.add_text(MAIL, identity(name))
    both = _side_by_side(light, dark)
    if name != WHOLE:
        both = both.crop((0, 0, both.width, min(both.height, HIGHEST)))
    small = _in_few_colours(both)
    small.save(FOLDER / f"{name}-{width}.png", optimize=True, pnginfo=text)


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """With the most frequent colours as they are, so that no surface changes; edges of letters take the nearest."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)[:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for _, colour in counted for value in colour])  # type: ignore[union-attr]
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def main() -> None:
    """Draw them all anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with chromium() as browser:
        for name in MAILS:
            for width in WIDTHS:
                _draw(browser, name, width)
    (FOLDER / "README.md").write_text(page())


if __name__ == "__main__":
    main()
