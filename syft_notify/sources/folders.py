"""One look at the SyftBox folders of the owner's Drive: who the peers are, by Drive's word, and where they write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from syft_notify.domain.addresses import account_of, is_address
from syft_notify.domain.drive import RemoteFile
from syft_notify.domain.ports import Memory
from syft_notify.domain.text import printable
from syft_notify.syftbox.layouts import DriveLayout, FolderName, FolderRole

FOLDER_PREFIX = "syft_"
PEERS_FILE = "SYFT_peers.json"
PEERS_FILE_LIMIT = 5_000_000
ACCEPTED, REJECTED, REQUESTED_BY_ME = "accepted", "rejected", "requested_by_me"
_FRIENDLINESS = {REJECTED: 1, REQUESTED_BY_ME: 2, ACCEPTED: 3}
_HIDDEN = "Drive does not say who owns this submission, so anybody may have sent it."

# A peer has one inbox for each version of the client. More of one peer cost a listing each and hold nothing new.
MOST_INBOXES = 20


@dataclass(frozen=True, slots=True)
class PeerFolder:
    """A SyftBox folder of the person whom its name says; `proven` is false where Drive hides whose it is."""

    id: str
    created_at: datetime
    name: FolderName
    owner_id: str = ""
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose job it is, by the address for mails, and whether Drive or the owner vouches for that.

    `warning` says what the owner should know where nobody does.
    """

    ds: str
    verified: bool
    warning: str = ""

    @property
    def account(self) -> str:
        """The account that is proven to have sent the job, empty for nobody."""
        return account_of(self.ds) if self.verified else ""


@dataclass(frozen=True, eq=False)
class Survey:
    """The owner's corner of Drive at one moment, and the peers whose review folder is on the owner's disk: `locally`.

    `peers_problem` says why the peers file could not be read; `states` are then those that it held last. `odd` says in
    words what Drive listed and could not be understood, `ignored` which folders do not count, mostly because they
    belong to others than they say. Peers are told apart by their accounts (`account_of`), also those in `locally`;
    `states` are as in the file.
    """

    folders: tuple[PeerFolder, ...]
    states: Mapping[str, str]
    locally: frozenset[str] = frozenset()
    complete: bool = True
    peers_problem: str = ""
    odd: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def of_role(self, role: FolderRole) -> Iterable[PeerFolder]:
        """The folders of one role, in the order of Drive."""
        return (folder for folder in self.folders if folder.name.role is role)

    @cached_property
    def decisions(self) -> Mapping[str, str]:
        """What the owner said to each account. Of two spellings of one account the friendlier word counts."""
        found: dict[str, str] = {}
        for address, state in sorted(self.states.items(), key=lambda entry: _FRIENDLINESS.get(entry[1], 0)):
            found[account_of(address)] = state
        return found

    @cached_property
    def peers(self) -> Mapping[str, PeerFolder]:
        """Each DS that has an inbox folder here, with the oldest one."""
        return _oldest(folder for folder in self.of_role(FolderRole.INBOX) if folder.proven)

    @cached_property
    def unproven(self) -> Mapping[str, PeerFolder]:
        """Each account that is only named by inbox folders whose owner Drive hides, with the oldest one."""
        hidden = _oldest(
            folder for (_, proven), found in self.inboxes.items() if not proven for folder in found[:MOST_INBOXES]
        )
        return {account: folder for account, folder in hidden.items() if account not in self.peers}

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """The one address for mails to each account: as its oldest inbox writes it, else as the peers file does."""
        in_file = {account_of(address): address for address in self.states}
        return in_file | {account: folder.name.address for account, folder in self.peers.items()}

    @cached_property
    def inboxes(self) -> Mapping[tuple[str, bool], Sequence[PeerFolder]]:
        """The inbox folders of each peer, newest first, by account and True.

        Those whose owner Drive hides are by the owner's id and False: one stranger may name them for many people.
        """
        found: dict[tuple[str, bool], list[PeerFolder]] = {}
        for folder in sorted(self.of_role(FolderRole.INBOX), key=lambda folder: folder.created_at, reverse=True):
            owner = folder.name.peer if folder.proven else folder.owner_id
            found.setdefault((owner, folder.proven), []).append(folder)
        return found

    @cached_property
    def to_read(self) -> Mapping[str, PeerFolder]:
        """The inboxes and archives, by id, of each peer the newest inboxes; a peer whom the owner rejected has none."""
        inboxes = (folder for found in self.inboxes.values() for folder in found[:MOST_INBOXES])
        wanted = (folder for folder in inboxes if self.decisions.get(folder.name.peer) != REJECTED)
        return {folder.id: folder for folder in (*wanted, *self.of_role(FolderRole.ARCHIVE))}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """In words which folders do not count: of strangers, too many of one peer, and what cannot be understood."""
        too_many = (
            f"{found[0].name.address if proven else 'somebody whom Drive hides'} has {len(found):,} inbox folders; "
            f"only the newest {MOST_INBOXES} are read"
            for (_, proven), found in self.inboxes.items()
            if len(found) > MOST_INBOXES
        )
        return (*self.ignored, *too_many, *self.odd)

    def sender_of(self, folder: PeerFolder, file: RemoteFile) -> Sender:
        """Who sent the message in this folder, by Drive's word of who owns it.

        In an inbox the file counts as the peer's only if one person owns file and folder: others may be able to put
        files of somebody else there. In an archive, which is the owner's own, it is of whoever owns the file.
        """
        named = self.addresses.get(folder.name.peer, folder.name.address)
        if folder.name.role is FolderRole.ARCHIVE:
            account = self._accounts_by_id.get(file.owner_id) or account_of(file.owner)
            ds = self.addresses.get(account, file.owner or account)
            return Sender(ds, verified=True) if account else Sender(named, verified=False, warning=_HIDDEN)
        owns = _owns(folder, file)
        if owns is None:
            return Sender(named, verified=False, warning=_HIDDEN)
        return Sender(named, verified=True) if owns else Sender(named, verified=False, warning=_of_another(named, file))

    @cached_property
    def _accounts_by_id(self) -> Mapping[str, str]:
        """The account of each peer by Drive's id of the person."""
        inboxes = self.of_role(FolderRole.INBOX)
        return {folder.owner_id: folder.name.peer for folder in inboxes if folder.proven and folder.owner_id}

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The peers that the owner accepted, but for those of whose folders Drive hides the owner.

        `SYFT_peers.json` says it from 0.1.94 on. Where it is silent, three other signs say it of a DS that has an inbox
        folder: the reverse folder pair that the owner's client makes (0.1.102), the owner's archive of read
        messages (all releases), and the review folder on the owner's disk (0.1.106). The owner who is a scientist
        elsewhere makes the reverse pair by asking, which the file calls `requested_by_me`.
        """
        said = self.decisions
        worked_with = {f.name.peer for f in self.of_role(FolderRole.ARCHIVE)}
        signed = self.peers.keys() & (self._answered | worked_with | self.locally)
        by_file = {peer for peer, state in said.items() if state == ACCEPTED} - self.unproven.keys()
        return frozenset(by_file | {peer for peer in signed if said.get(peer) != REJECTED})

    @cached_property
    def unanswered(self) -> frozenset[str]:
        """Of the accepted peers, those whom only an archive makes one, where there is no peers file.

        0.1.93 and older releases archive what anybody sends, and know no acceptance.
        """
        if self.states:
            return frozenset()
        inboxes = self.of_role(FolderRole.INBOX)
        newer = {folder.name.peer for folder in inboxes if folder.name.generation is not DriveLayout.D1}
        return self.accepted - self._answered - self.locally - newer

    @cached_property
    def rejected(self) -> frozenset[str]:
        """The accounts of those whom the owner rejected."""
        return frozenset(peer for peer, state in self.decisions.items() if state == REJECTED)

    def trusted(self, memory: Memory) -> frozenset[str]:
        """The accepted peers; where no acceptance is known, those of whom the owner approved a job."""
        return self.accepted - {peer for peer in self.unanswered if not memory.approved(peer)}

    @cached_property
    def _answered(self) -> frozenset[str]:
        asked = {peer for peer, state in self.decisions.items() if state == REQUESTED_BY_ME}
        return frozenset(folder.name.peer for folder in self.of_role(FolderRole.THEIR_INBOX)) - asked


def _owns(folder: PeerFolder, file: RemoteFile) -> bool | None:
    """Whether the owner of an inbox owns the file in it; None where Drive does not say who owns the one or the other.

    Drive has one id for a person, whatever address it shows.
    """
    if not folder.proven:
        return None
    if folder.owner_id and file.owner_id:
        return folder.owner_id == file.owner_id
    return account_of(file.owner) == folder.name.peer if file.owner else None


def _of_another(named: str, file: RemoteFile) -> str:
    owner = printable(file.owner) or "somebody else"
    return f"This lies in the inbox of {named}, but Drive says that it belongs to {owner}: anybody may have written it."


def _oldest(folders: Iterable[PeerFolder]) -> dict[str, PeerFolder]:
    found: dict[str, PeerFolder] = {}
    for folder in folders:
        known = found.setdefault(folder.name.peer, folder)
        if (folder.created_at, folder.name.address) < (known.created_at, known.name.address):
            found[folder.name.peer] = folder
    return found


def read_peer_states(content: bytes) -> dict[str, str]:
    """The state of each peer in a `SYFT_peers.json`; what is named by no address is no peer.

    Raises `ValueError` when it is not a JSON object.
    """
    try:
        document = json.loads(content, parse_int=str)  # no number is asked for, and one may have millions of digits
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
