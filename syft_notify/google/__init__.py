"""The border to Google: the only folder that imports its libraries."""

from __future__ import annotations

import os
from pathlib import Path

from syft_notify.domain.errors import ConfigError

# httplib2 reads this variable when it is imported, and raises an error that does not name the file.
_named = os.environ.get("HTTPLIB2_CA_CERTS", __file__)
if not Path(_named).is_file():
    raise ConfigError(f"HTTPLIB2_CA_CERTS names {_named!r}, which is no file", "Correct or unset the variable")
