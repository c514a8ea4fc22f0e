"""A Drive with one peer, and who looks at it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syft_notify.domain.drive import Listing
from syft_notify.domain.errors import Fault
from syft_notify.domain.model import Scan
from syft_notify.sources.drive_snapshot import SYFTBOX, DriveScanner, DriveSnapshot
from syft_notify.sources.folders import PEERS_FILE
from syft_notify.testing import FakeClock, MemoryRemoteFiles
from tests.worlds import GENERATIONS

DO, DS, OTHER = "do@example.org", "ds@example.org", "other@example.org"
TODAY = GENERATIONS["syft-rds-0.6.1"]


class CountingFiles(MemoryRemoteFiles):
    """Remembers which folders were `listed`."""

    listed: tuple[str, ...] = ()

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        self.listed = (*self.listed, *folder_ids)
        return super().children(folder_ids)


@dataclass
class OnePeer:
    """A Drive with one peer, and who looks at it."""

    clock: FakeClock = field(default_factory=FakeClock)
    locally: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.drive = CountingFiles(DO, self.clock)
        self.home = self.drive.add_folder(SYFTBOX, DO)
        self.says(ds="accepted")
        self.inbox = self.drive.add_folder(TODAY.inbox_folder(DO, DS), DS)
        self.scanner = DriveScanner(self.drive, lambda: self.locally, DO)

    def says(self, **states: str) -> str:
        peers = {f"{name}@example.org": {"state": state} for name, state in states.items()}
        return self.drive.add_own_file(PEERS_FILE, json.dumps(peers).encode())

    def looks(self, *, full: bool = False) -> DriveSnapshot:
        self.drive.calls.clear()
        return self.scanner.snapshot(Scan(full))

    @property
    def asked(self) -> list[str]:
        return [call for call in self.drive.calls if not call.startswith("download")]

    @property
    def read(self) -> list[str]:
        return [call for call in self.drive.calls if call.startswith("download")]
