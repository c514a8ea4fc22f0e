"""Keeps what is known of the owner's corner of Drive up to date: by the changes feed, and by looking at everything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from syft_notify.domain.addresses import account_of
from syft_notify.domain.drive import Listing, Overview, RemoteChange, RemoteFile
from syft_notify.domain.errors import CredentialFault, Fault, MissingFault, RejectedFault
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.domain.model import Scan
from syft_notify.domain.ports import RemoteFiles
from syft_notify.domain.text import printable
from syft_notify.sources.folders import (
    FOLDER_PREFIX,
    PEERS_FILE,
    PEERS_FILE_LIMIT,
    PeerFolder,
    Survey,
    read_peer_states,
)
from syft_notify.syftbox.layouts import FolderRole, parse_folder

log = logging.getLogger(__name__)

SYFTBOX = "SyftBox"
# Who is a peer, who was answered, and which messages there are; of the other folders nothing is told.
_TELLING = (FolderRole.INBOX, FolderRole.THEIR_INBOX, FolderRole.ARCHIVE)


@dataclass(frozen=True)
class DriveSnapshot:
    """What one look shows: the survey, and what the feed says has changed since the look before.

    `first` and `full` looks saw everything; in others only what the feed names can be new.
    """

    survey: Survey
    changes: tuple[RemoteChange, ...] = ()
    full: bool = True
    first: bool = True

    @cached_property
    def announced(self) -> frozenset[str]:
        """The ids that the feed named."""
        return frozenset(change.file_id for change in self.changes)


class DriveScanner:
    """Makes one sight a look, for all monitors.

    The feed is a hint: where it fails, and in full scans, everything is looked at. The cursor goes on only after
    what came before was taken in here; whether it is news is for the memory to say.
    """

    def __init__(self, remote: RemoteFiles, accepted_locally: Callable[[], frozenset[str]], do_email: str) -> None:
        self._remote = remote
        self._accepted_locally = accepted_locally
        self._me = do_email
        self._look: Scan | None = None
        self._seen: DriveSnapshot | Fault | None = None
        self._cursor = ""
        self._survey: Survey | None = None
        self._folders: dict[str, PeerFolder] = {}
        self._odd: tuple[str, ...] = ()
        self._ignored: dict[str, str] = {}
        self._peers_file = _PeersFile(remote)

    def snapshot(self, look: Scan) -> DriveSnapshot:
        """What this look shows; the same for all who share the look. Raises `Fault` when Drive does not answer."""
        if look is not self._look:
            self._look, self._seen = look, None
            try:
                self._seen = self._looked(look)
            except Fault as fault:
                self._seen = fault
            finally:
                if not isinstance(self._seen, DriveSnapshot):  # what the feed told may not have been taken in
                    self._cursor = ""
        if isinstance(self._seen, Fault):
            raise self._seen
        assert self._seen is not None  # noqa: S101 - tells mypy that a look sets it
        return self._seen

    def _looked(self, look: Scan) -> DriveSnapshot:
        changes = self._followed() if self._cursor else None
        if look.full or changes is None or self._peers_file.is_another(changes):
            return self._reconciled(changes or ())
        self._peers_file.read_again(changes)
        folders_changed = self._take_in(changes)
        known = self._survey
        if folders_changed or known is None or not self._is_of_now(known):
            known = self._surveyed(complete=True)
        return DriveSnapshot(known, changes, full=False, first=False)

    def _is_of_now(self, survey: Survey) -> bool:
        return (
            survey.states is self._peers_file.states
            and survey.peers_problem == self._peers_file.problem
            and survey.locally == self._accepted_locally()
        )

    def _followed(self) -> tuple[RemoteChange, ...] | None:
        """What the feed tells; None where it fails. Raises `CredentialFault`."""
        try:
            news = self._remote.changes(self._cursor)
        except CredentialFault:
            raise
        except Fault as fault:
            log.info("the changes feed of Drive failed, so everything is looked at: %s", fault)
            self._cursor = ""
            return None
        self._cursor = news.cursor
        return news.changes

    def _reconciled(self, changes: tuple[RemoteChange, ...]) -> DriveSnapshot:
        """Look at everything. The cursor is older than the look, so that nothing falls between them."""
        first = self._survey is None
        cursor = self._cursor or self._feed_start()
        overview = self._overview()
        self._odd, self._ignored = overview.folders.odd, {}
        found = (folder for file in overview.folders.files if (folder := self._counted(file)))
        self._folders = {folder.id: folder for folder in found}
        self._peers_file.read(overview.files)
        snapshot = DriveSnapshot(self._surveyed(complete=overview.folders.complete), changes, first=first)
        self._cursor = cursor if overview.folders.complete and overview.files.complete else ""
        return snapshot

    def _overview(self) -> Overview:
        return self._remote.overview(FOLDER_PREFIX, PEERS_FILE)

    def _feed_start(self) -> str:
        """Empty where there is no feed: then the next scan is full too."""
        try:
            return self._remote.feed_start()
        except CredentialFault:
            raise
        except Fault as fault:
            log.info("there is no changes feed now: %s", fault)
            return ""

    def _surveyed(self, *, complete: bool) -> Survey:
        problem, states = self._peers_file.problem, self._peers_file.states
        self._survey = Survey(
            tuple(self._folders.values()),
            states,
            self._accepted_locally(),
            complete=complete,
            peers_problem=problem,
            odd=self._odd,
            ignored=tuple(self._ignored.values()),
        )
        return self._survey

    def _take_in(self, changes: Iterable[RemoteChange]) -> bool:
        """Let the folders be as the feed says; whether any became another one."""
        changed, ignored = False, dict(self._ignored)
        for change in changes:
            known = self._folders.get(change.file_id)
            folder = self._counted(change.file) if change.file and change.is_folder else None
            if change.file is None:
                self._ignored.pop(change.file_id, None)
            if folder is None and known is not None:
                del self._folders[change.file_id]
            elif folder is not None and (known is None or (known.name, known.proven) != (folder.name, folder.proven)):
                self._folders[change.file_id] = folder
            else:
                continue
            changed = True
        return changed or ignored != self._ignored

    def _counted(self, file: RemoteFile) -> PeerFolder | None:
        """The folder, if it counts; `_ignored` says of others why they do not."""
        self._ignored.pop(file.id, None)
        failed: list[str] = []
        with ItemGuard(f"the folder {printable(file.name)}", failed):
            return self._judged(file)
        self._ignored[file.id] = failed[0]
        return None

    def _judged(self, file: RemoteFile) -> PeerFolder | None:
        """Anybody can make a folder of any name and share it: only its owner on Drive proves whose it is."""
        name = parse_folder(file.name, self._me) if file.name.startswith(FOLDER_PREFIX) else None
        if name is None or name.role not in _TELLING:
            return None
        if name.role is not FolderRole.INBOX:
            return PeerFolder(file.id, file.created_at, name) if file.owned_by_me else None
        if file.owned_by_me or (file.owner and account_of(file.owner) != name.peer):
            self._ignored[file.id] = f"a folder named for {name.address} belongs to {printable(file.owner)}; ignored"
            return None
        return PeerFolder(file.id, file.created_at, name, file.owner_id, proven=bool(file.owner))


class _PeersFile:
    """What the owner said to each peer, as `SYFT_peers.json` holds it; it is read when Drive says that it changed.

    `problem` says why it could not be read; `states` are then those that it held last.
    """

    def __init__(self, remote: RemoteFiles) -> None:
        self._remote = remote
        self._file: RemoteFile | None = None
        self._version = ""
        self._homes: set[str] = set()
        self.states: dict[str, str] = {}
        self.problem = ""

    def is_another(self, changes: Iterable[RemoteChange]) -> bool:
        """Whether another file may be the one that counts now: then it must be looked for."""
        return any([*map(self._may_be_another, changes)])  # a list: each must be taken in

    def _may_be_another(self, change: RemoteChange) -> bool:
        """A `SyftBox` folder that comes or goes takes the file with it; what else happens to it says nothing."""
        file, was_home = change.file, change.file_id in self._homes
        is_home = file is not None and file.owned_by_me and file.name == SYFTBOX
        (self._homes.add if is_home else self._homes.discard)(change.file_id)
        if self._file and change.file_id == self._file.id:
            return file is None or file.name != PEERS_FILE
        return is_home != was_home or (file is not None and file.owned_by_me and file.plain and file.name == PEERS_FILE)

    def read_again(self, changes: Iterable[RemoteChange]) -> None:
        """Take in a new version of the file; one that could not be read is tried again at each look."""
        for change in changes:
            if self._file and change.file and change.file_id == self._file.id:
                self._file = change.file
        if self._file:
            self._read(self._file)

    def read(self, listing: Listing) -> None:
        """Take in what is there now. Raises `Fault` when Drive does not give it."""
        if not listing.complete:
            self.problem = f"Drive did not list all files: {PEERS_FILE} may be missing"
        elif listing.files:
            self._file = max(listing.files, key=lambda file: file.modified_at)
            self._read(self._file)
        else:
            self._file, self._version, self.states, self.problem = None, "", {}, ""

    def _read(self, file: RemoteFile) -> None:
        version = f"{file.id} {file.version} {file.modified_at.isoformat()}"
        if version == self._version:
            self.problem = ""
            return
        try:
            self.states = read_peer_states(self._remote.download(file, PEERS_FILE_LIMIT))
            self._version, self.problem = version, ""
        except CredentialFault:
            raise
        except Fault as fault:
            if not self._version and not isinstance(fault, RejectedFault | MissingFault):
                raise  # nobody knows yet whom the owner rejected
            self.problem = fault.title
        except ValueError as error:
            self.problem = f"{PEERS_FILE} on Drive cannot be understood: {error}"
