"""What one look at Drive shows of jobs: the messages that were read, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syft_notify.domain.drive import RemoteFile
from syft_notify.domain.ids import MessageId
from syft_notify.domain.jobs import MessageContents, Submission
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.sources.folders import Sender


@dataclass(frozen=True)
class SeenMessage:
    """A message on Drive with its contents, the address for which its folder is named, and who sent it.

    A `past` one was archived before our first look. It is read only to learn who sent a job that lies on disk.
    """

    file: RemoteFile
    folder: str
    contents: MessageContents
    sender: Sender
    past: bool = False

    @property
    def submissions(self) -> Sequence[Submission]:
        """The jobs in it."""
        return [submission for submission, _ in self.contents.submissions]

    @property
    def record(self) -> UnidentifiedRecord:
        """The message as one of which nobody can read what job is in it."""
        return UnidentifiedRecord(MessageId(self.file.id), self.sender.account, sent_at(self.file))


@dataclass(frozen=True)
class DriveScan:
    """The Drive half of a look.

    `files` need no second look. `unread` says that there may be messages which could not be read now, but perhaps in a
    moment; `sought` are the paths of jobs on disk whose own message may be among archived ones that were not read yet;
    `withheld` are archived messages that Drive does not hand out. `accepted` is None when Drive could not say whom the
    owner accepted; of the `unanswered` among them only an archive says so. `trusted` and
    `rejected` are as in `Observation`. `whole` says that all archives were listed,
    so that what is found in them later is new. `listed` are all messages, if none can have been missed; `odd` says in
    words what could not be understood. `addresses` are those for mails, by account. If not `full`, there may be
    messages that the changes feed did not show.
    """

    messages: tuple[SeenMessage, ...] = ()
    files: tuple[str, ...] = ()
    unread: bool = True
    sought: frozenset[str] = frozenset()
    withheld: tuple[UnidentifiedRecord, ...] = ()
    accepted: frozenset[str] | None = None
    unanswered: frozenset[str] = frozenset()
    trusted: frozenset[str] | None = None
    rejected: frozenset[str] = frozenset()
    whole: bool = False
    problems: tuple[str, ...] = ()
    credential: str = ""
    listed: frozenset[str] | None = None
    full: bool = True
    by_feed: int = 0
    by_reconcile: int = 0
    odd: tuple[str, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)


def sent_at(file: RemoteFile) -> datetime:
    """When the DS sent a message, by the DS's clock: `msgv2_<unix seconds>_<uuid>.tar.gz`; else when Drive got it."""
    try:
        return datetime.fromtimestamp(float(file.name.split("_")[1]), UTC)
    except (ValueError, IndexError, OverflowError, OSError):
        return file.created_at
