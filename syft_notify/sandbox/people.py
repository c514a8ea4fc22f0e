"""The accounts of the local Google: who exists, how Google writes them, what it hides."""

from __future__ import annotations

import hashlib
from typing import Any


class People:
    """Everybody who was ever named. Addresses are told apart without regard to case, as Google does."""

    def __init__(self) -> None:
        self._spelling: dict[str, str] = {}
        self._hidden: set[str] = set()

    def register(self, email: str) -> str:
        """Make the account known; the first spelling stays. Returns the key that it has everywhere inside."""
        key = email.lower()
        self._spelling.setdefault(key, email)
        return key

    def spelling(self, key: str) -> str:
        """The address as Google writes it in answers."""
        return self._spelling.get(key, key)

    def everybody(self) -> list[str]:
        """All addresses, as Google writes them."""
        return list(self._spelling.values())

    def hide_address(self, email: str, hidden: bool = True) -> None:
        """Google leaves out the address of people who do not show it to the caller."""
        (self._hidden.add if hidden else self._hidden.discard)(email.lower())

    def resource(self, key: str, viewer: str) -> dict[str, Any]:
        """The `user` object of Drive as `viewer` sees it."""
        person: dict[str, Any] = {
            "kind": "drive#user",
            "displayName": self.spelling(key).split("@")[0],
            "me": key == viewer,
            "permissionId": permission_id(key),
        }
        if key == viewer or key not in self._hidden:
            person["emailAddress"] = self.spelling(key)
        return person


def permission_id(key: str) -> str:
    """One person has the same permission id on every file."""
    return str(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")).zfill(20)
