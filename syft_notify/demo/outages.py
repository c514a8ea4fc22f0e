"""Breaks Gmail or the consent to use it, and restores it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import Files
from syft_notify.demo.owner import OwnerSetup
from syft_notify.sandbox import Injected, Sandbox
from syft_notify.sandbox.faults import Rule
from syft_notify.store.store import Store

# Longer than one poll takes.
_PATIENCE_SECONDS = 10.0


class Outages:
    """Gmail's health and that of the token for it."""

    def __init__(self, google: Sandbox, owner_setup: OwnerSetup, now: Callable[[], datetime]) -> None:
        self._google = google
        self._owner_setup = owner_setup
        self._now = now
        self._rule: Rule | None = None
        self.token_lives = True

    @property
    def gmail_works(self) -> bool:
        return self._rule is None

    def break_gmail(self) -> None:
        """From now on Gmail answers 503."""
        if self._rule is None:
            self._rule = self._google.faults.add(Injected.UNAVAILABLE, "gmail.*", times=None)

    def repair_gmail(self) -> None:
        """Gmail answers again, and what waits is tried at once: that is `syft-notify outbox retry`."""
        if self._rule is not None:
            self._google.faults.remove(self._rule)
            self._rule = None
        files = Files(self._owner_setup.config.state_path)
        with FileLock(files.lock, patience=_PATIENCE_SECONDS):
            store = Store(files, self._owner_setup.owner, migrate=False)
            store.refresh(self._now())
            store.retry([queued.id for queued in store.pending()], self._now())
            store.close()

    def kill_token(self) -> None:
        """The owner took back the consent to send mail, as a new password does."""
        token = json.loads(self._owner_setup.config.gmail_token_path.read_text())
        self._google.tokens.revoke(token["refresh_token"])
        self.token_lives = False

    def renew_token(self) -> None:
        """The owner consented again."""
        self._owner_setup.renew_gmail_token()
        self.token_lives = True
