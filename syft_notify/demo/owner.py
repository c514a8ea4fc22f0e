"""The owner's side as an owner would set it up: a config, two token files, a log, and the service that polls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import ServiceFiles
from syft_notify.config.settings import Config, load_config
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.daemon.logging import LARGEST_LOG, LogFile, formatter
from syft_notify.daemon.service import Options, Service
from syft_notify.daemon.signals import POLL, RELOAD, STOP, SignalInbox
from syft_notify.sandbox import Sandbox

# A visitor who pressed a button wants to see the mail; an owner is content with half a minute.
PAUSE = timedelta(seconds=1)


class OwnerSetup:
    """The folder of one owner, which uses the local Google."""

    def __init__(self, google: Sandbox, home: Path, owner: str) -> None:
        self.owner = owner
        self.folder = home
        self.syftbox = home / f"SyftBox_{owner}"
        self.files = ServiceFiles(home)
        self._google = google
        self._config_file = home / "daemon.yaml"
        settings = {
            "do_email": owner,
            "syftbox_root": self.syftbox,
            "drive_api_endpoint": google.drive_endpoint,
            "gmail_api_endpoint": google.gmail_endpoint,
            "oauth_token_uri": google.token_uri,
        }
        self._config_file.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        for name in ("token_do.json", "gmail_token.json"):
            self._write_token(name)
        self.config: Config = load_config(self._config_file, {}, home)

    def renew_gmail_token(self) -> None:
        """What `syft-notify init --renew gmail` leaves; the service notices it."""
        self._write_token("gmail_token.json")

    def _write_token(self, name: str) -> None:
        write_atomically(self.folder / name, self._google.token_file(self.owner).encode())

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Write the log that a daemon would write."""
        handler = LogFile(self.files.log, LARGEST_LOG)
        handler.setFormatter(formatter(self.config.log_format))
        ours = logging.getLogger("syft_notify")
        level = ours.level
        ours.setLevel(self.config.log_level)
        ours.addHandler(handler)
        try:
            yield
        finally:
            ours.removeHandler(handler)
            ours.setLevel(level)
            handler.close()

    def watch(self, ready: Callable[[], None]) -> None:
        """Poll until Ctrl+C, SIGTERM, or until the terminal closes; `ready` is called when the first poll begins."""
        with FileLock(self.files.lock) as lock, SignalInbox(*STOP, RELOAD, POLL) as inbox:
            service = Service(
                self._config_file, self.config, Options(PAUSE), LogReporter(), lock, attached=True, started_by="demo"
            )
            service.serve(inbox, ready)
