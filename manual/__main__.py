"""Writes the man page from what the commands say in their `--help`: `python -m manual`, or `make manual`."""

from __future__ import annotations

from manual.page import PAGE, man_page

PAGE.write_text(man_page())
