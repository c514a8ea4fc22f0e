"""Our program as the daemon runs it: one line over many polls, until it dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syft_notify.config.settings import load_config
from syft_notify.domain.errors import UserError
from syft_notify.domain.model import PollReport
from syft_notify.engine.app import App, build_app
from syft_notify.engine.health import failed_poll
from syft_notify.testing import RecordingReporter
from tests.machine.tracked_site import TrackedSite
from tests.refusing_disk import Disk
from tests.stories.site import Told, told_by


class Death(BaseException):
    """The process is killed; nothing may catch that."""


class Notifier:
    """Polls in a site. Before any of its requests something can happen, its death included."""

    def __init__(self, site: TrackedSite, patches: pytest.MonkeyPatch) -> None:
        self._site = site
        self._patches = patches
        self._requests = 0
        self._at = 0
        self._happening: Callable[[], None] | None = None
        self._mails: list[tuple[str, Told]] = []
        self._app = self._build()

    def _build(self) -> App:
        config = load_config(self._site.config_file, {}, self._site.home)
        return build_app(config, heartbeat=self._before_request)

    def restart(self) -> None:
        """The old process is gone; a new one knows what is on disk."""
        self.close()
        self._app = self._build()

    def close(self) -> None:
        self._app.close()

    def poll(self, at: int = 0, happening: Callable[[], None] | None = None) -> PollReport | None:
        """One poll; `happening` comes before its request number `at`, or at its end. None if it died of that."""
        self._requests, self._at, self._happening = 0, at, happening
        try:
            report = self._app.poll(RecordingReporter())
            self._let_happen()
        except Death:
            self.restart()
            return None
        except UserError as error:  # as a service does
            return failed_poll(error, self._site.hours.computer())
        return report

    def _before_request(self) -> None:
        self._requests += 1
        if self._requests == self._at:
            self._let_happen()

    def _let_happen(self) -> None:
        """Once; the program may make requests from several threads."""
        happening, self._happening = self._happening, None
        if happening is not None:
            happening()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Nothing of ours can be written."""
        disk = Disk()
        disk.room = 0
        with self._patches.context() as patches:
            disk.attach(patches)
            yield

    @contextmanager
    def unmounted(self) -> Iterator[None]:
        """The owner's SyftBox folder is not there."""
        away = Path(f"{self._site.root}.away")
        self._site.root.rename(away)
        try:
            yield
        finally:
            away.rename(self._site.root)

    def mails(self) -> list[tuple[str, Told]]:
        """The id of the event and what is told to whom, for every mail that went out, oldest first."""
        new = self._site.google.mailbox(self._site.do).sent[len(self._mails) :]
        self._mails += [(mail.header("X-Syft-Event-Id"), told_by(",".join(mail.to), mail)) for mail in new]
        return self._mails
