"""How long a consent lives: of a Google app in "Testing" seven days, fixed when it is given. Pure.

Source: developers.google.com/identity/protocols/oauth2, "Refresh token expiration".
"""

from __future__ import annotations

from datetime import datetime, timedelta

TESTING_LIFE = timedelta(days=7)
NOTICE = timedelta(days=2)


def warning(name: str, known_since: datetime, now: datetime) -> str:
    """What a person should do before the token in use `known_since` dies; empty while there is time, and later.

    Nothing in a token tells whether its app is in Testing: one that outlives the seven days is not.
    """
    end = known_since + TESTING_LIFE
    if not end - NOTICE <= now < end:
        return ""
    return (
        f'{name} is in use since {known_since:%Y-%m-%d}. If its Google app is in "Testing", it dies on {end:%Y-%m-%d}: '
        "publish the app and give consent again (docs/google-setup.md tells how)."
    )
