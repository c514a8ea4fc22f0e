"""Makes text from outside safe to read: nothing invisible, nothing that moves the cursor, nothing endless."""

from __future__ import annotations

import unicodedata

UNSEEN = "\N{REPLACEMENT CHARACTER}"

# Unicode counts these among letters, marks and symbols, yet they are drawn as nothing or as a blank.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def plain(text: str, limit: int = 200) -> str:
    """One line of visible characters, at most `limit` of them, with an ellipsis where it was cut.

    White space of every kind becomes one blank. What cannot be seen (control characters, marks that turn the
    direction of writing, characters without width, half characters) becomes the replacement character, so that two
    names that differ also look different.
    """
    beginning = text[: 4 * limit]
    line = " ".join("".join(" " if char.isspace() else _visible(char) for char in beginning).split())
    if len(line) > limit or len(text) > len(beginning):
        return line[: limit - 1].rstrip() + "…"
    return line


def plain_lines(text: str) -> str:
    """Text of many lines; of what cannot be seen only line ends (as line feeds) and tabs are kept."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char in "\n\t" else _visible(char) for char in unified)


def printable(text: str) -> str:
    """The text on one line in composed form: what would not be seen, or would reorder what is seen, is escaped."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(char if _is_seen(char) else char.encode("unicode_escape").decode() for char in composed)


def literal(text: str) -> str:
    """A Python string literal of exactly this text, in visible characters only."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _visible(char: str) -> str:
    return char if char.isprintable() and char not in _BLANK_LETTERS else UNSEEN


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if _visible(char) == char:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_seen(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
