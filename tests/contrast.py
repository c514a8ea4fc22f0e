"""How well text can be told from what is behind it, as WCAG 2 measures it."""

from __future__ import annotations

from collections.abc import Sequence

AA = 4.5


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """The ratio of the relative luminances of two colours (red, green, blue from 0 to 255), from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Sequence[int]) -> float:
    channels = [value / 255 for value in colour]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
