"""How long a consent lives: of a Google app in "Testing" seven days, fixed when it is given. Pure.

Source: developers.google.com/identity/protocols/oauth2, "Refresh token expiration".
"""

from __future__ import annotations

from datetime import datetime, timedelta

TESTING_LIFE = timedelta(days=7)
NOTICE = timedelta(days=2)


def warning(name: str, fix: str, known_since: datetime, ends_at: datetime | None, now: datetime) -> str:
    """What a person should do before a token dies; empty while there is time, and later.

    Where Google did not say when it ends, nothing tells whether its app is in Testing, until it outlives seven days.
    """
    end = ends_at or known_since + TESTING_LIFE
    if not end - NOTICE <= now < end:
        return ""
    if ends_at:
        begins = f"{name} dies on {end:%Y-%m-%d}, because its Google app is in Testing"
    else:
        begins = (
            f"{name} is in use since {known_since:%Y-%m-%d}: if its Google app is in Testing, it dies on {end:%Y-%m-%d}"
        )
    return f"{begins}. Publish the app, then {fix[0].lower()}{fix[1:]}."
