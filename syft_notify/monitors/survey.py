"""One look at the SyftBox folders of the owner's Drive: who the peers are, by Drive's word, and where they write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from syft_notify.model import RemoteFile
from syft_notify.syftbox.layouts import FolderName, FolderRole, is_address

FOLDER_PREFIX = "syft_"
PEERS_FILE = "SYFT_peers.json"
PEERS_FILE_LIMIT = 5_000_000
ACCEPTED, REJECTED, REQUESTED_BY_ME = "accepted", "rejected", "requested_by_me"


@dataclass(frozen=True, slots=True)
class PeerFolder:
    """A SyftBox folder whose name and Drive owner agree."""

    id: str
    created_at: datetime
    name: FolderName


@dataclass(frozen=True, eq=False)
class Survey:
    """The owner's corner of Drive at one moment, and the peers whose review folder is on the owner's disk: `locally`.

    `peers_problem` says why the peers file could not be read; `states` are then those that it held last.
    `odd` says in words which folders do not count, and why.
    """

    folders: tuple[PeerFolder, ...]
    states: Mapping[str, str]
    locally: frozenset[str] = frozenset()
    complete: bool = True
    peers_problem: str = ""
    odd: tuple[str, ...] = ()

    def of_role(self, role: FolderRole) -> Iterable[PeerFolder]:
        """The folders of one role, in the order of Drive."""
        return (folder for folder in self.folders if folder.name.role is role)

    @cached_property
    def peers(self) -> Mapping[str, PeerFolder]:
        """Each DS that has an inbox folder here, with the oldest one."""
        oldest: dict[str, PeerFolder] = {}
        for folder in self.of_role(FolderRole.INBOX):
            known = oldest.setdefault(folder.name.peer, folder)
            if folder.created_at < known.created_at:
                oldest[folder.name.peer] = folder
        return oldest

    @cached_property
    def to_read(self) -> Mapping[str, PeerFolder]:
        """The inboxes and archives, by id; the inboxes of a peer that the owner rejected stay closed."""
        inboxes = (f for f in self.of_role(FolderRole.INBOX) if self.states.get(f.name.peer) != REJECTED)
        return {folder.id: folder for folder in (*inboxes, *self.of_role(FolderRole.ARCHIVE))}

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The peers that the owner accepted.

        `SYFT_peers.json` says it from 0.1.94 on. Where it is silent, three other signs say it of a DS that has an inbox
        folder: the reverse folder pair that the owner's client makes (0.1.102), the owner's archive of read
        messages (all releases), and the review folder on the owner's disk (0.1.106). The owner who is a scientist
        elsewhere makes the reverse pair by asking, which the file calls `requested_by_me`.
        """
        answered = {
            f.name.peer for f in self.of_role(FolderRole.THEIR_INBOX) if self.states.get(f.name.peer) != REQUESTED_BY_ME
        }
        worked_with = {f.name.peer for f in self.of_role(FolderRole.ARCHIVE)}
        signed = self.peers.keys() & (answered | worked_with | self.locally)
        by_file = {peer for peer, state in self.states.items() if state == ACCEPTED}
        return frozenset(by_file | {peer for peer in signed if self.states.get(peer) != REJECTED})


def read_peer_states(content: bytes) -> dict[str, str]:
    """The state of each peer in a `SYFT_peers.json`; what is named by no address is no peer.

    Raises `ValueError` when it is not a JSON object.
    """
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    states = {
        peer.strip().lower(): str(entry.get("state", "")) for peer, entry in document.items() if isinstance(entry, dict)
    }
    return {peer: state for peer, state in states.items() if is_address(peer)}


def event_time(seen: RemoteFile | PeerFolder, now: datetime) -> datetime:
    """When Drive saw the file or folder appear, which is its clock and not the sender's; never in the future."""
    return min(seen.created_at, now)
