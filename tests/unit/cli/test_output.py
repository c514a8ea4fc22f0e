"""Which locales can show symbols."""

from __future__ import annotations

import pytest

from syft_notify.cli.output import shows_symbols


@pytest.mark.parametrize(
    ("environ", "shows"),
    [
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "de_AT.utf8"}, True),
        ({"LANG": "C", "LC_ALL": "en_US.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, True),
        ({}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_US.ISO-8859-1"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "POSIX"}, False),
        # As Python leaves it for us where the locale knows ASCII alone.
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "xx_YY.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, False),
    ],
)
def test_symbols_are_for_locales_of_utf_8(environ, shows):
    assert shows_symbols(environ) is shows
