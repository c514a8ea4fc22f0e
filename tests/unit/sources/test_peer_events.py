"""Who is believed to ask for work, and of whom it is told that they were granted it. One row, one situation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest

from syft_notify.domain.ids import EventId, PeerId
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, PeerFacts, Scan
from syft_notify.domain.ports import Memory
from syft_notify.sources.drive_snapshot import DriveScanner, DriveSnapshot
from syft_notify.sources.folders import PeerFolder, Survey
from syft_notify.sources.peers import PART, PeerSource
from syft_notify.syftbox.layouts import DriveLayout, FolderName, FolderRole
from tests.unit.makers import DO, NOW

VICTOR, MALLORY = "victor@example.org", "mallory@example.org"
INBOX, ARCHIVE, REVERSE = FolderRole.INBOX, FolderRole.ARCHIVE, FolderRole.THEIR_INBOX
ASKS, IS_GRANTED = Kind.PEER_REQUESTED, Kind.PEER_GRANTED
SEND, BASELINE = Decision.SEND, Decision.BASELINE


@dataclass
class Recollection:
    """A memory that holds these events. Unless said otherwise the first look is over."""

    events: frozenset[EventId] = frozenset()
    parts: frozenset[str] = frozenset({PART})
    revision: int = 0

    def seen(self, event: EventId) -> bool:
        return event in self.events

    def started(self, part: str) -> bool:
        return part in self.parts


@dataclass
class Showing:
    """A surveyor that shows one survey."""

    survey: Survey

    def snapshot(self, look: Scan) -> DriveSnapshot:
        return DriveSnapshot(self.survey)


def folder(role: FolderRole, peer: str = VICTOR, *, proven: bool = True) -> PeerFolder:
    """A folder that is named for the peer; the inbox is theirs by Drive's word if `proven`."""
    created = NOW - timedelta(minutes=1)
    return PeerFolder(
        f"{role} of {peer}", created, FolderName(role, peer, "", DriveLayout.D2), f"{peer} {proven}", proven
    )


def survey(*folders: PeerFolder, said: str = "", locally: Sequence[str] = ()) -> Survey:
    """What Drive shows, what the peers file says of Victor, and who has a review folder on the owner's disk."""
    return Survey(folders, {VICTOR: said} if said else {}, frozenset(locally))


REQUESTED = EventId(PeerId(VICTOR), ASKS)
DOUBTED = EventId(PeerId(VICTOR, proven=False), ASKS)
GRANTED = EventId(PeerId(VICTOR), IS_GRANTED)


def told(*events: EventId) -> Recollection:
    return Recollection(frozenset(events))


KNOWN, FIRST = Recollection(), Recollection(parts=frozenset())
HIDDEN = folder(INBOX, proven=False)
A_REQUEST, A_DOUBTFUL_ONE = (ASKS, VICTOR, True, SEND), (ASKS, VICTOR, False, SEND)
A_GRANT = (IS_GRANTED, VICTOR, True, SEND)

# (the situation, what is seen, what is remembered, the events: kind, of whom, proven or not, told or kept quietly)
BELIEVED = [
    ("nobody where there is no folder", survey(), KNOWN, []),
    ("the owner of the folder", survey(folder(INBOX)), KNOWN, [A_REQUEST]),
    ("nobody for sure where Drive hides the owner of the folder", survey(HIDDEN), KNOWN, [A_DOUBTFUL_ONE]),
    ("the owner of their own folder, whoever makes another in their name", survey(HIDDEN, folder(INBOX)), KNOWN,
     [A_REQUEST]),
    ("nobody whose own word is the only one: a folder that the owner did not make is no answer",
     survey(folder(INBOX), folder(INBOX, MALLORY)), KNOWN, [A_REQUEST, (ASKS, MALLORY, True, SEND)]),
    ("an accepted peer by the peers file", survey(folder(INBOX), said="accepted"), KNOWN, [A_GRANT]),
    ("an accepted peer by the owner's archive", survey(folder(INBOX), folder(ARCHIVE)), KNOWN, [A_GRANT]),
    ("an accepted peer by the owner's reverse folder", survey(folder(INBOX), folder(REVERSE)), KNOWN, [A_GRANT]),
    ("an accepted peer by the review folder on disk", survey(folder(INBOX), locally=[VICTOR]), KNOWN, [A_GRANT]),
    ("no peer by the review folder of another", survey(folder(INBOX), locally=[MALLORY]), KNOWN, [A_REQUEST]),
    ("no peer by the owner's signs alone", survey(folder(ARCHIVE), folder(REVERSE), locally=[VICTOR]), KNOWN, []),
    ("no peer whose folder's owner is hidden, though the file accepts whom it names",
     survey(HIDDEN, said="accepted"), KNOWN, []),
    ("no peer whose folder's owner is hidden, by the archive of whom it names", survey(HIDDEN, folder(ARCHIVE)), KNOWN,
     [A_DOUBTFUL_ONE]),
    ("no peer whose folder's owner is hidden, by the review folder of whom it names",
     survey(HIDDEN, locally=[VICTOR]), KNOWN, [A_DOUBTFUL_ONE]),
    ("no rejected peer, whatever else the owner did",
     survey(folder(INBOX), folder(ARCHIVE), folder(REVERSE), said="rejected", locally=[VICTOR]), KNOWN,
     [(ASKS, VICTOR, True, BASELINE)]),
    ("nobody whom the owner asked", survey(folder(INBOX), folder(REVERSE), said="requested_by_me"), KNOWN, []),
    ("nobody in whose name somebody hidden answers the owner", survey(HIDDEN, said="requested_by_me"), KNOWN, []),
]  # fmt: skip

# The same columns.
FIRST_START = [
    ("an open request is told", survey(folder(INBOX)), FIRST, [A_REQUEST]),
    ("an open request of somebody hidden is told", survey(HIDDEN), FIRST, [A_DOUBTFUL_ONE]),
    ("a peer whom the owner accepted is the past", survey(folder(INBOX), said="accepted"), FIRST,
     [(IS_GRANTED, VICTOR, True, BASELINE)]),
    ("a peer whom the owner rejected is the past", survey(folder(INBOX), said="rejected"), FIRST,
     [(ASKS, VICTOR, True, BASELINE)]),
    ("a request that was told before is not told again", survey(folder(INBOX)),
     Recollection(frozenset({REQUESTED}), frozenset()), []),
]  # fmt: skip

REMEMBERED = [
    ("a request is told once", survey(folder(INBOX)), told(REQUESTED), []),
    ("a doubtful request is told once", survey(HIDDEN), told(DOUBTED), []),
    ("a doubtful request does not silence whom it names", survey(folder(INBOX)), told(DOUBTED),
     [A_REQUEST]),
    ("who asked before does not ask again when Drive begins to hide them", survey(HIDDEN), told(REQUESTED), []),
    ("who was granted does not ask again", survey(folder(INBOX)), told(GRANTED), []),
    ("who was granted does not ask again when Drive begins to hide them", survey(HIDDEN), told(GRANTED), []),
    ("a grant is told after the request", survey(folder(INBOX), said="accepted"), told(REQUESTED), [A_GRANT]),
    ("a grant is told once", survey(folder(INBOX), said="accepted"), told(REQUESTED, GRANTED), []),
]  # fmt: skip

ROWS = [*BELIEVED, *FIRST_START, *REMEMBERED]


@pytest.mark.parametrize(("why", "seen", "memory", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_believed_and_told_is(why, seen, memory, expected):
    monitor, asked = PeerSource(cast(DriveScanner, Showing(seen)), DO), cast(Memory, memory)
    events = monitor.detect(monitor.observe(Scan(full=True), asked), asked, NOW)
    assert [(event.kind, event.facts.ds, event.facts.verified, event.decision) for event in events] == expected
    assert all(isinstance(event.facts, PeerFacts) and event.facts.do == DO for event in events)
    for event in events:  # what a stranger asks must not silence the person whose name it bears
        assert isinstance(event.id.about, PeerId)
        assert event.id.about.proven == event.facts.verified
