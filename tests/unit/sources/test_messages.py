"""Which folders are listed for new messages, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from syft_notify.domain.errors import TransientFault
from syft_notify.sources.messages import MessageReader, Messages
from tests.facts import lacking
from tests.unit.sources.one_peer import DO, DS, OTHER, TODAY, OnePeer
from tests.worlds import python_job


@dataclass
class Books:
    """What the store says of messages."""

    seen: set[str] = field(default_factory=set)
    revision: int = 0

    def file_seen(self, file_id: str) -> bool:
        return file_id in self.seen


@dataclass
class Reader(OnePeer):
    """Looks for messages of two accepted peers; what was found is dealt with at once unless it is `busy`."""

    books: Books = field(default_factory=Books)
    busy: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.says(ds="accepted", other="accepted")
        self.archive = self.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
        self.others = self.drive.add_folder(TODAY.inbox_folder(DO, OTHER), OTHER)
        self.reader = MessageReader(self.drive, self.clock)

    def submits(self, ds: str = DS) -> str:
        self.clock.advance(1)
        job = replace(python_job("sales", ds=ds), submitted_at=self.clock())
        inbox = self.inbox if ds == DS else self.others
        return self.drive.add_file(inbox, *TODAY.message(job, ds, DO, self.clock()), ds)

    def finds(self, *, full: bool = False) -> list[str]:
        """The ids of new messages."""
        self.drive.listed = ()
        self.found: Messages = self.reader.find(self.looks(full=full), self.books)  # type: ignore[arg-type]
        new = [file.id for _, file in self.found.new]
        if not self.busy:
            self.books.seen.update(new)
        return new


@pytest.fixture
def reader() -> Reader:
    reader = Reader()
    assert reader.finds() == []
    assert set(reader.drive.listed) == {reader.inbox, reader.others, reader.archive}
    return reader


def test_where_nothing_happened_nothing_is_listed(reader: Reader) -> None:
    assert reader.finds() == []
    assert reader.drive.listed == ()


def test_a_message_that_the_feed_names_has_its_folder_listed_alone(reader: Reader) -> None:
    message = reader.submits()
    assert reader.finds() == [message]
    assert reader.drive.listed == (reader.inbox,)
    assert (reader.found.by_feed, reader.found.by_reconcile) == (1, 0)
    assert reader.finds() == []
    assert reader.drive.listed == ()


def test_a_message_that_the_feed_hid_is_found_by_looking_at_everything(reader: Reader) -> None:
    message = reader.submits()
    reader.drive.hidden.add(message)
    assert reader.finds() == []
    assert reader.finds(full=True) == [message]
    assert (reader.found.by_feed, reader.found.by_reconcile) == (0, 1)
    assert reader.found.all == {message}


def test_a_message_that_moved_is_looked_for_where_it_was_and_where_it_is(reader: Reader) -> None:
    reader.busy = True
    message = reader.submits()
    assert reader.finds() == [message]
    reader.drive.move(message, reader.archive)
    assert reader.finds() == [message]
    assert set(reader.drive.listed) == {reader.inbox, reader.archive}


def test_a_message_that_is_gone_is_new_no_more(reader: Reader) -> None:
    reader.busy = True
    message = reader.submits()
    assert reader.finds() == [message]
    reader.drive.remove(message)
    assert reader.finds() == []
    assert reader.drive.listed == (reader.inbox,)


def test_where_drive_does_not_say_the_folder_all_of_the_owner_of_the_file_are_listed(reader: Reader) -> None:
    """Drive names no parents of what somebody else owns unless their folder is shared with the asker."""
    message = reader.submits()
    told = reader.drive.changes
    reader.drive.changes = lambda cursor: replace(  # type: ignore[method-assign]
        told(cursor), changes=tuple(replace(change, parents=frozenset()) for change in told(cursor).changes)
    )
    assert reader.finds() == [message]
    assert set(reader.drive.listed) == {reader.inbox, reader.archive}


def test_a_listing_that_lags_behind_the_feed_is_asked_again(reader: Reader) -> None:
    children = reader.drive.children
    reader.drive.children = lambda folder_ids: {  # type: ignore[method-assign]
        folder_id: replace(listing, files=())  # type: ignore[type-var]
        for folder_id, listing in children(folder_ids).items()
    }
    message = reader.submits()
    assert reader.finds() == []
    reader.drive.children = children  # type: ignore[method-assign]
    assert reader.finds() == [message]
    assert reader.drive.listed == (reader.inbox,)


def test_a_folder_that_fails_is_listed_again_until_it_answers(reader: Reader) -> None:
    message, other = reader.submits(), reader.submits(OTHER)
    reader.drive.faults[reader.inbox] = TransientFault("Drive answers 503")
    assert reader.finds() == [other]
    (problem,) = reader.found.problems
    assert lacking(problem, "folder", DS, "Drive answers 503") == []
    assert reader.finds() == []
    assert reader.drive.listed == (reader.inbox,)
    reader.drive.faults.clear()
    assert reader.finds() == [message]
    assert reader.found.problems == ()
    assert reader.finds() == []
    assert reader.drive.listed == ()


def test_a_rejected_peer_is_not_listed_and_one_let_in_again_is(reader: Reader) -> None:
    reader.says(ds="rejected", other="accepted")
    message = reader.submits()
    assert reader.finds() == []
    assert reader.inbox not in reader.drive.listed
    reader.says(ds="accepted", other="accepted")
    assert reader.finds() == [message]


def test_a_message_that_the_memory_lost_is_new_again(reader: Reader) -> None:
    """Somebody put an older state file in place."""
    message = reader.submits()
    assert reader.finds() == [message]
    assert reader.finds() == []
    reader.books.seen.clear()
    reader.books.revision += 1
    assert reader.finds() == [message]
    assert reader.drive.listed == (reader.inbox,)


def test_the_oldest_comes_first(reader: Reader) -> None:
    late = reader.submits()
    reader.clock.advance(-timedelta(hours=1).total_seconds())
    early = reader.submits(OTHER)
    assert reader.finds() == [early, late]


def test_what_is_no_message_is_not_looked_at(reader: Reader) -> None:
    reader.drive.add_file(reader.inbox, "notes.txt", b"hello", DS)
    assert reader.finds() == []


def test_reading_ends_after_a_while_and_the_peers_take_turns(reader: Reader) -> None:
    reader.busy = True
    many = [reader.submits() for _ in range(10)]
    one = reader.submits(OTHER)
    assert reader.finds() == [*many, one]
    fetched = reader.drive.downloads

    def slowly(*asked: Any) -> Iterator[Any]:
        for answer in fetched(*asked):
            reader.clock.advance(11)
            yield answer

    reader.drive.downloads = slowly  # type: ignore[method-assign]
    survey = reader.looks().survey
    read, postponed = reader.reader.read(reader.found.new, survey)
    assert [message.file.id for message in read] == [*many[:2], one]
    (problem,) = postponed
    assert lacking(problem, "8") == []
    assert reader.finds() == [*many, one]
    read, postponed = reader.reader.read(reader.found.new[:3], survey)
    assert (len(read), postponed) == (3, ())
