"""How long a consent lives: of a Google app in "Testing" seven days, fixed when it is given. Pure.

Source: developers.google.com/identity/protocols/oauth2, "Refresh token expiration".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syft_notify.google.auth import Token

TESTING_LIFE = timedelta(days=7)
NOTICE = timedelta(days=2)


@dataclass(frozen=True)
class TokenConsent:
    """`ports.Consent` of a token file: the consent of a person that it holds."""

    name: str
    fingerprint: str
    fix: str
    ends_at: datetime | None

    def warning(self, known_since: datetime, now: datetime) -> str:
        """What to do before the token dies.

        Where Google did not say when it ends, nothing tells whether its app is in Testing, until it outlives seven
        days.
        """
        end = self.ends_at or known_since + TESTING_LIFE
        if not end - NOTICE <= now < end:
            return ""
        if self.ends_at:
            begins = f"{self.name} dies on {end:%Y-%m-%d}, because its Google app is in Testing"
        else:
            begins = (
                f"{self.name} is in use since {known_since:%Y-%m-%d}: if its Google app is in Testing, it dies on "
                f"{end:%Y-%m-%d}"
            )
        return f"{begins}. Publish the app, then {self.fix[0].lower()}{self.fix[1:]}."


def consent_of(token: Token) -> TokenConsent | None:
    """The consent in a token, where that is ours to watch."""
    return TokenConsent(token.name, token.consent, token.fix, token.ends_at) if token.consent else None
