"""The actor whose notebook also has `NotificationMonitor`, in the same process as the released client."""

from __future__ import annotations

from typing import Any

from actor import Person, main

from syft_notify import NotificationMonitor
from syft_notify.domain.errors import UserError


class PersonWithMonitor(Person):
    """The cells of a notebook that watches beside the work."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.monitor: NotificationMonitor | None = None

    def makes_monitor(self, settings: dict[str, Any]) -> str:
        """What stands in the way, or nothing."""
        try:
            self.monitor = NotificationMonitor.from_client(self.client, **settings)
        except UserError as error:
            return str(error)
        return ""

    def loses_token_file(self) -> None:
        """As on Colab, where the client has credentials and no file."""
        engine = getattr(self.client, "sync_engine", self.client)
        engine._connection_router.connections[0].token_path = None  # noqa: SLF001 - the client has no public way

    def checks(self) -> int:
        return self._monitor.check().sent

    def starts(self, part: str) -> bool:
        self._monitor.start(part)
        return self._monitor.is_running

    def stops(self) -> bool:
        self._monitor.stop()
        return self._monitor.is_running

    def tells_of_grant(self, ds: str) -> bool:
        return self._monitor.notify_peer_granted(ds)

    @property
    def _monitor(self) -> NotificationMonitor:
        assert self.monitor is not None
        return self.monitor


if __name__ == "__main__":
    main(PersonWithMonitor)
