"""One look at the SyftBox folders of the owner's Drive: who the peers are, by Drive's word, and where they write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syft_notify.errors import RejectedFault
from syft_notify.model import RemoteFile
from syft_notify.ports import RemoteFiles
from syft_notify.syftbox.layouts import FolderName, FolderRole, is_address, parse_folder

FOLDER_PREFIX = "syft_"
PEERS_FILE = "SYFT_peers.json"
PEERS_FILE_LIMIT = 5_000_000
ACCEPTED, REJECTED, REQUESTED_BY_ME = "accepted", "rejected", "requested_by_me"


@dataclass(frozen=True)
class PeerFolder:
    """A SyftBox folder whose name and Drive owner agree."""

    file: RemoteFile
    name: FolderName


@dataclass(frozen=True)
class Survey:
    """The owner's corner of Drive at one moment.

    `peers_problem` says why the peers file could not be read; `states` are then those that it held last.
    """

    folders: tuple[PeerFolder, ...]
    states: Mapping[str, str]
    complete: bool = True
    peers_problem: str = ""

    def of_role(self, role: FolderRole) -> Iterable[PeerFolder]:
        """The folders of one role, in the order of Drive."""
        return (folder for folder in self.folders if folder.name.role is role)

    def peers(self) -> dict[str, PeerFolder]:
        """Each DS that has an inbox folder here, with the oldest one."""
        oldest: dict[str, PeerFolder] = {}
        for folder in self.of_role(FolderRole.INBOX):
            known = oldest.setdefault(folder.name.peer, folder)
            if folder.file.created_at < known.file.created_at:
                oldest[folder.name.peer] = folder
        return oldest

    def inboxes(self) -> list[PeerFolder]:
        """The inbox folders to read; those of a peer that the owner rejected stay closed."""
        return [f for f in self.of_role(FolderRole.INBOX) if self.states.get(f.name.peer) != REJECTED]

    def accepted(self, locally: frozenset[str]) -> frozenset[str]:
        """The peers that the owner accepted.

        `SYFT_peers.json` says it from 0.1.94 on. Where it is silent, three other signs say it of a DS that has an inbox
        folder: the reverse folder pair that the owner's client makes (0.1.102), the owner's archive of read
        messages (all releases), and the review folder on the owner's disk (0.1.106), given as `locally`. The owner
        who is a scientist elsewhere makes the reverse pair by asking, which the file calls `requested_by_me`.
        """
        answered = {
            f.name.peer for f in self.of_role(FolderRole.THEIR_INBOX) if self.states.get(f.name.peer) != REQUESTED_BY_ME
        }
        worked_with = {f.name.peer for f in self.of_role(FolderRole.ARCHIVE)}
        signed = self.peers().keys() & (answered | worked_with | locally)
        by_file = {peer for peer, state in self.states.items() if state == ACCEPTED}
        return frozenset(by_file | {peer for peer in signed if self.states.get(peer) != REJECTED})


class Surveyor:
    """Makes surveys; the peers file is read again only when Drive says that it changed."""

    def __init__(self, remote: RemoteFiles, do_email: str) -> None:
        self._remote = remote
        self._me = do_email
        self._peers_version = ""
        self._states: dict[str, str] = {}

    def survey(self) -> Survey:
        """Look at all folders and at the peers file. Raises `Fault` when Drive does not answer."""
        listing = self._remote.folders(FOLDER_PREFIX)
        folders = tuple(folder for file in listing.files if (folder := self._trusted(file)))
        states, problem = self._peer_states()
        return Survey(folders, states, complete=listing.complete, peers_problem=problem)

    def _trusted(self, file: RemoteFile) -> PeerFolder | None:
        """Anybody can make a folder of any name and share it: only its owner on Drive proves whose it is."""
        name = parse_folder(file.name, self._me)
        if name is None:
            return None
        mine = name.role in (FolderRole.THEIR_INBOX, FolderRole.THEIR_OUTBOX, FolderRole.ARCHIVE)
        trusted = file.owned_by_me if mine else file.owner == name.peer and not file.owned_by_me
        return PeerFolder(file, name) if trusted else None

    def _peer_states(self) -> tuple[Mapping[str, str], str]:
        listing = self._remote.own_files(PEERS_FILE)
        if not listing.complete:
            return self._states, f"Drive did not list all files: {PEERS_FILE} may be missing"
        if not listing.files:
            self._peers_version, self._states = "", {}
            return self._states, ""
        newest = max(listing.files, key=lambda file: file.modified_at)
        version = f"{newest.id} {newest.version} {newest.modified_at.isoformat()}"
        if version != self._peers_version:
            try:
                self._states = read_peer_states(self._remote.download(newest, PEERS_FILE_LIMIT))
            except RejectedFault as fault:
                return self._states, fault.title
            except ValueError as error:
                return self._states, f"{PEERS_FILE} on Drive cannot be understood: {error}"
            self._peers_version = version
        return self._states, ""


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


def event_time(file: RemoteFile, now: datetime) -> datetime:
    """When Drive saw the file appear, which is its clock and not the sender's; never in the future."""
    return min(file.created_at, now)
