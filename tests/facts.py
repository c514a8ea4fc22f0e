"""What a message has to name for its reader to act: keys, values, paths, commands; not the words around them."""

from __future__ import annotations

import re


def lacking(text: object, *facts: object) -> list[str]:
    """The facts that do not stand in the text as whole words."""
    return [str(fact) for fact in facts if not re.search(rf"(?<!\w){re.escape(str(fact))}(?!\w)", str(text))]
