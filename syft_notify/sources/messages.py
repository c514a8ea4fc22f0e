"""Finds and reads the DSs' messages on Drive: lists a folder again only when something in it may be new."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, zip_longest

from syft_notify.domain.addresses import account_of
from syft_notify.domain.drive import Listing, RemoteChange, RemoteFile
from syft_notify.domain.errors import CredentialFault, Fault, MissingFault, RejectedFault
from syft_notify.domain.ids import MessageId
from syft_notify.domain.jobs import MessageContents, Unidentified
from syft_notify.domain.ports import Clock, Memory, RemoteFiles, UnidentifiedRecord
from syft_notify.domain.text import printable
from syft_notify.sources.drive_scan import SeenMessage, sent_at
from syft_notify.sources.drive_snapshot import DriveSnapshot
from syft_notify.sources.folders import PeerFolder, Survey
from syft_notify.sources.retries import Retries
from syft_notify.syftbox.layouts import FolderRole
from syft_notify.syftbox.submission import MAX_PACKED_BYTES, read_message

MESSAGE_PREFIX = "msgv2_"
# So many messages of one peer are read in one poll: a flood of one must not keep the others waiting.
MAX_MESSAGES = 100
# So many that failed before are tried again in one poll: each may take seconds, and fails again more often than not.
MAX_RETRIES = 20
# And so long: a message may take half a second to read. The rest waits for the next polls.
MAX_READING = timedelta(seconds=30)
# So many characters of code are in memory at once: what strangers upload does not decide how much memory we need.
MAX_HELD = 15_000_000

Found = tuple[PeerFolder, RemoteFile]


@dataclass(frozen=True, slots=True)
class Messages:
    """What lies in the folders to read: `new` are messages that were never dealt with, oldest first.

    `all` are the ids of all messages. `problems` say what could not be listed.
    `by_feed` and `by_reconcile` count messages as in `Observation`; `odd` are the entries that are none, in words.
    """

    new: tuple[Found, ...]
    all: frozenset[str]
    problems: tuple[str, ...]
    archives_whole: bool
    by_feed: int = 0
    by_reconcile: int = 0
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """Messages that could not be fetched: in words, and whether a moment later they may be.

    `archived` are those that lie in archives: the owner's client knows what they hold.
    """

    problems: tuple[str, ...]
    passing: bool
    archived: tuple[UnidentifiedRecord, ...]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A folder as it was listed last."""

    folder: PeerFolder
    files: Mapping[str, RemoteFile]
    odd: tuple[str, ...] = ()


class MessageReader:
    """Knows which messages lie where, and which of them the memory does not know yet."""

    def __init__(self, remote: RemoteFiles, clock: Clock) -> None:
        self._remote = remote
        self._clock = clock
        self._retries = Retries(clock)
        self._shelves: dict[str, _Shelf] = {}
        self._place: dict[str, str] = {}
        self._new: dict[str, Found] = {}
        self._stale: set[str] = set()
        self._problems: dict[str, str] = {}
        self._revision = -1
        self._survey: Survey | None = None

    def find(self, snapshot: DriveSnapshot, memory: Memory) -> Messages:
        """All messages as far as they can be told now. A folder that fails does not hide the others."""
        wanted = snapshot.survey.to_read
        self._mark_stale(snapshot, memory)
        self._new = {i: found for i, found in self._new.items() if not memory.file_seen(i)}
        stale = [wanted[folder_id] for folder_id in sorted(self._stale)]
        appeared = self._list(stale, memory) if stale else []
        self._expect(snapshot)
        announced = sum(file_id in snapshot.announced for file_id in appeared)
        return Messages(
            new=tuple(sorted(self._new.values(), key=lambda found: (found[1].created_at, found[1].name))),
            all=frozenset(self._place) if snapshot.full else frozenset(),
            problems=tuple(self._problems.values()),
            archives_whole=all(wanted[i].name.role is not FolderRole.ARCHIVE for i in self._problems),
            by_feed=announced,
            by_reconcile=0 if snapshot.first else len(appeared) - announced,
            odd=tuple(text for shelf in self._shelves.values() for text in shelf.odd),
        )

    def _mark_stale(self, snapshot: DriveSnapshot, memory: Memory) -> None:
        """Which folders to list: those that the feed concerns, those never listed so, and those that failed."""
        wanted = snapshot.survey.to_read
        if snapshot.full:
            self._stale = set(wanted)
        if memory.revision != self._revision:
            self._stale |= {self._place[i] for i in self._place if i not in self._new and not memory.file_seen(i)}
            self._revision = memory.revision
        for change in snapshot.changes:
            self._stale |= self._concerned_by(change, snapshot)
        if snapshot.survey is not self._survey:
            self._survey = snapshot.survey
            self._clear([i for i in self._shelves if i not in wanted or self._shelves[i].folder.name != wanted[i].name])
            self._stale |= wanted.keys() - self._shelves.keys()
        self._stale &= wanted.keys()
        self._problems = {i: problem for i, problem in self._problems.items() if i in self._stale}

    def _concerned_by(self, change: RemoteChange, snapshot: DriveSnapshot) -> set[str]:
        """Where the file lies now and lay before; where Drive does not say, wherever its owner can put it."""
        before = {self._place[change.file_id]} if change.file_id in self._place else set()
        file = change.file
        if file is None or change.parents or not is_message(file):
            return before | change.parents
        return before | {i for i, folder in snapshot.survey.to_read.items() if _may_hold(folder, file)}

    def _list(self, folders: Sequence[PeerFolder], memory: Memory) -> list[str]:
        """List these folders; returns the ids of messages that were nowhere before, and that the memory lacks."""
        listings = self._remote.children([folder.id for folder in folders])
        appeared = []
        for folder in folders:
            listing = listings[folder.id]
            files, problem = _messages_of(folder, listing)
            if problem:
                self._problems[folder.id] = problem
            else:
                self._problems.pop(folder.id, None)
                self._stale.discard(folder.id)
            if files is not None:
                odd = listing.odd if isinstance(listing, Listing) else ()
                appeared += self._shelve(folder, files, odd, memory)
        return appeared

    def _shelve(
        self, folder: PeerFolder, files: Iterable[RemoteFile], odd: tuple[str, ...], memory: Memory
    ) -> list[str]:
        listed = {file.id: file for file in files}
        former = self._shelves.get(folder.id)
        for gone in (former.files.keys() if former else set()) - listed.keys():
            if self._place.get(gone) == folder.id:  # it did not move to a folder that was listed before
                del self._place[gone]
                self._new.pop(gone, None)
        self._shelves[folder.id] = _Shelf(folder, listed, odd)
        unknown = {i: (folder, file) for i, file in listed.items() if not memory.file_seen(i)}
        appeared = [i for i in unknown if i not in self._place]
        self._place.update(dict.fromkeys(listed, folder.id))
        self._new.update(unknown)
        return appeared

    def _clear(self, folder_ids: Iterable[str]) -> None:
        """Forget folders that are to be read no more."""
        for folder_id in folder_ids:
            for file_id in self._shelves.pop(folder_id).files:
                if self._place.get(file_id) == folder_id:
                    del self._place[file_id]
                    self._new.pop(file_id, None)

    def _expect(self, snapshot: DriveSnapshot) -> None:
        """What the feed names must be where it says; a listing that lags behind is asked again."""
        for change in snapshot.changes:
            if change.file and is_message(change.file) and change.file_id not in self._place:
                self._stale |= change.parents & snapshot.survey.to_read.keys()

    def archived(self) -> Iterator[Found]:
        """All messages in archives, as they were listed last."""
        for shelf in self._shelves.values():
            if shelf.folder.name.role is FolderRole.ARCHIVE:
                yield from ((shelf.folder, file) for file in shelf.files.values())

    def due(self, found: Sequence[Found]) -> list[Found]:
        """Those to fetch now: all that are new, and of those that failed before the few that have waited longest."""
        due = [pair for pair in found if self._retries.is_due(pair[1])]
        again = sorted((since, file.id) for _, file in due if (since := self._retries.due_since(file)))
        later = frozenset(file_id for _, file_id in again[MAX_RETRIES:])
        return [pair for pair in due if pair[1].id not in later]

    def read(self, found: Sequence[Found], survey: Survey) -> tuple[tuple[SeenMessage, ...], tuple[str, ...]]:
        """The messages that could be fetched, and in words that not all were read; `unread` knows those that failed.

        Raises `CredentialFault`.
        """
        place = {file.id: folder for folder, file in found}
        messages: dict[str, SeenMessage] = {}
        postponed: tuple[str, ...] = ()
        end, held = self._clock() + MAX_READING, 0
        for met, (file, content) in enumerate(self._remote.downloads(_in_turns(found), MAX_PACKED_BYTES), 1):
            folder = place[file.id]
            contents = _contents(file, content)
            if isinstance(contents, CredentialFault):
                raise contents
            if isinstance(contents, MessageContents):
                sender = survey.sender_of(folder, file)
                messages[file.id] = SeenMessage(file, folder.name.address, contents, sender)
                held += _characters(contents)
            else:
                self._retries.failed(file, contents)
            if isinstance(contents, MissingFault):
                self._stale.add(folder.id)
            if (held >= MAX_HELD or self._clock() >= end) and met < len(found):
                reason = "are too large to be read at once" if held >= MAX_HELD else "took too long to read"
                postponed = (f"The messages {reason}; {len(found) - met} wait for the next polls",)
                break
        return tuple(messages[file.id] for _, file in found if file.id in messages), postponed

    def unread(self, found: Sequence[Found], survey: Survey) -> Unread:
        """Which of these could not be fetched, now or at their last time; one that is gone is no problem."""
        self._retries.keep({file.id for _, file in found})
        failed = [(folder, file) for folder, file in found if self._retries.reason(file)]
        archived = [pair for pair in failed if pair[0].name.role is FolderRole.ARCHIVE]
        return Unread(
            _in_words((folder, file, self._retries.reason(file)) for folder, file in failed),
            any(not self._retries.lasts(file) for _, file in failed),
            tuple(
                UnidentifiedRecord(MessageId(file.id), survey.sender_of(folder, file).account, sent_at(file))
                for folder, file in archived
            ),
        )

    def has_failed(self, file: RemoteFile) -> bool:
        """Whether it was asked for in vain."""
        return self._retries.due_since(file) is not None

    def is_withheld(self, file: RemoteFile) -> bool:
        """Whether Drive does not hand it out, for longer than a moment."""
        return self._retries.lasts(file)


def _in_words(failed: Iterable[tuple[PeerFolder, RemoteFile, str]]) -> tuple[str, ...]:
    """A problem for each peer and reason: there may be very many messages."""
    names: dict[tuple[str, str], list[str]] = {}
    for folder, file, reason in failed:
        names.setdefault((folder.name.address, reason), []).append(printable(file.name))
    return tuple(
        f"the message {those[0]} of {peer} could not be fetched: {reason}"
        if len(those) == 1
        else f"{len(those)} messages of {peer} could not be fetched: {reason}"
        for (peer, reason), those in sorted(names.items())
    )


def _characters(contents: MessageContents) -> int:
    previews = [preview for _, preview in contents.submissions] + [change.preview for change in contents.changes]
    return sum(len(file.text) for preview in previews for file in preview.files)


def is_message(file: RemoteFile) -> bool:
    """Whether it is a message by its name and kind; a folder or shortcut of such a name is none."""
    return file.plain and file.name.startswith(MESSAGE_PREFIX)


def _may_hold(folder: PeerFolder, file: RemoteFile) -> bool:
    """Whether the owner of a file can put it there, or may be the one whom Drive hides."""
    return folder.name.peer == account_of(file.owner) if file.owner else not folder.proven


def _in_turns(found: Sequence[Found]) -> list[RemoteFile]:
    """The messages, each peer in turn, so that those of one peer keep no other waiting."""
    of_peers: dict[tuple[str, bool], list[RemoteFile]] = defaultdict(list)
    for folder, file in found:
        of_peers[folder.name.peer, folder.proven].append(file)
    return [file for file in chain.from_iterable(zip_longest(*of_peers.values())) if file is not None]


def shares(found: Sequence[Found]) -> tuple[list[Found], tuple[str, ...]]:
    """The first messages of each peer, and in words what the next polls will read."""
    counts: Counter[tuple[str, bool]] = Counter()
    wanted, addresses = [], {}
    for folder, file in found:
        peer = folder.name.peer, folder.proven
        addresses[peer] = folder.name.address
        counts[peer] += 1
        if counts[peer] <= MAX_MESSAGES:
            wanted.append((folder, file))
    postponed = tuple(
        f"Of {addresses[peer]} only the first {MAX_MESSAGES} messages were read; "
        f"{count - MAX_MESSAGES} wait for the next polls"
        for peer, count in counts.items()
        if count > MAX_MESSAGES
    )
    return wanted, postponed


def _messages_of(folder: PeerFolder, listing: Listing | Fault) -> tuple[list[RemoteFile] | None, str]:
    """The message files in one folder, None if they cannot be told, and what is wrong. Raises `CredentialFault`."""
    if isinstance(listing, CredentialFault):
        raise listing
    if isinstance(listing, MissingFault):
        return [], ""
    if isinstance(listing, Fault):
        return None, f"the folder of {folder.name.address} could not be listed: {listing.title}"
    messages = [file for file in listing.files if is_message(file)]
    return messages, "" if listing.complete else f"Drive did not list all messages of {folder.name.address}"


def _contents(file: RemoteFile, content: bytes | Fault) -> MessageContents | Fault:
    """What the message holds, as far as bytes that arrived whole tell, or the fault for which they did not arrive.

    That Drive does not hand out a file says nothing about what it holds, even if Drive says that it is dangerous.
    """
    if isinstance(content, bytes):
        return read_message(content)
    if file.size > MAX_PACKED_BYTES and isinstance(content, RejectedFault):
        return MessageContents(
            unidentified=Unidentified.TOO_LARGE, reason=f"it is larger than {MAX_PACKED_BYTES:,} bytes"
        )
    return content
