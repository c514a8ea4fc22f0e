"""Reads the templates that an owner keeps beside the config; they may be anything, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

from syft_notify.config.regular_files import open_to_read

TEMPLATE_LIMIT = 100_000  # bytes; our largest has four thousand


class UnusableTemplateError(Exception):
    """Something of that name is there, but it is no template; says why."""


def read_template(folder: Path, name: str) -> str | None:
    """The text of a template, or None if there is none of that name. Raises `UnusableTemplateError`.

    Links are followed, because people keep such files elsewhere, to whatever is a file: not to a pipe, on which
    reading would wait for ever.
    """
    if "/" in name or not name.endswith(".j2"):
        return None
    path = folder / name
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnusableTemplateError(f"it cannot be seen ({error.strerror})") from error
    try:
        return _read(path)
    except OSError as error:
        raise UnusableTemplateError(f"it cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnusableTemplateError("it is not text in UTF-8") from error


def _read(path: Path) -> str:
    with open_to_read(path) as file:
        content = file.read(TEMPLATE_LIMIT + 1)
    if len(content) > TEMPLATE_LIMIT:
        raise UnusableTemplateError(f"it is larger than {TEMPLATE_LIMIT:,} bytes")
    return content.decode()
