"""The colours of the demo's page can be read: WCAG AA, light and dark."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("syft_notify.demo").joinpath("page", "page.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)
TEXTS = [
    *((ink, ground) for ink in ("ink", "soft") for ground in ("ground", "card", "well")),
    ("ink", "tint"), ("accent", "tint"), ("accent", "card"), ("on-accent", "accent"),
    ("warn", "warn-tint"), ("warn", "well"), ("bad", "bad-tint"),
]  # fmt: skip
EDGES = [("control", "card"), ("accent", "card"), ("accent", "well")]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", TEXTS, ids="-on-".join)
def test_text_stands_out(colours: dict[str, str], pair: tuple[str, str]) -> None:
    assert contrast(*(colours[name] for name in pair)) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("pair", EDGES, ids="-on-".join)
def test_the_edge_of_what_can_be_pressed_stands_out(colours: dict[str, str], pair: tuple[str, str]) -> None:
    assert contrast(*(colours[name] for name in pair)) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2: the ratio of relative luminances."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
