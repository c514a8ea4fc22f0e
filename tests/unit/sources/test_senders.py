"""Whose a folder and a message on Drive are. One row, one situation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from syft_notify.domain.errors import TransientFault
from syft_notify.domain.model import RemoteFile
from syft_notify.sources.folders import PeerFolder, Survey
from syft_notify.sources.messages import MessageReader
from syft_notify.syftbox.layouts import DriveLayout, FolderName, FolderRole
from tests.unit.makers import NOW
from tests.unit.sources.one_peer import DO, DS, OTHER, TODAY, OnePeer
from tests.unit.sources.test_messages import Books
from tests.worlds import python_job

MALLORY = "mallory@example.org"

# (the situation, whom the name names, who owns it, the proven peers, the unproven ones)
FOLDERS = [
    ("of its owner, whom its name names", OTHER, OTHER, {DS, OTHER}, set()),
    ("of its owner in any spelling", OTHER, OTHER.upper(), {DS, OTHER}, set()),
    ("of nobody for sure where Drive hides the owner", OTHER, "", {DS}, {OTHER}),
    ("nobody's where its name names another than its owner", OTHER, MALLORY, {DS}, set()),
    ("nobody's where the owner of this Drive made it", OTHER, DO, {DS}, set()),
    ("of the peer who has another of which the owner is hidden", DS, "", {DS}, set()),
]


@pytest.mark.parametrize(("why", "named", "owner", "proven", "unproven"), FOLDERS, ids=[row[0] for row in FOLDERS])
def test_an_inbox_is(why, named, owner, proven, unproven):
    one_peer = OnePeer()
    one_peer.drive.add_folder(TODAY.inbox_folder(DO, named), owner)
    for full in (True, False):
        survey = one_peer.looks(full=full).survey
        assert (set(survey.peers), set(survey.unproven)) == (proven, unproven)


@pytest.mark.parametrize("owner", [MALLORY, ""])
def test_an_archive_that_is_not_the_owners_own_counts_for_nothing(owner):
    one_peer = OnePeer()
    one_peer.says()
    one_peer.drive.add_folder(TODAY.archive_folder(DO, DS), owner)
    assert one_peer.looks().survey.accepted == set()


@dataclass
class Box:
    """A folder by the owner of it, and a message in it by the owner of that; `id` is how Drive tells them apart."""

    folder_owner: str = OTHER
    folder_id: str = ""
    file_owner: str = OTHER
    file_id: str = ""


# (the situation, the folder, which names OTHER, and its message; who sent it, and whether that is proven)
MESSAGES = [
    ("of its owner", Box(), OTHER, True),
    ("of its owner in any spelling", Box(file_owner=OTHER.upper()), OTHER, True),
    ("of its owner and not of the owner of its folder", Box(file_owner=MALLORY), MALLORY, True),
    ("of nobody for sure where Drive hides its owner", Box(file_owner=""), OTHER, False),
    ("of the owner of its folder where Drive shows that it is the same", Box(OTHER, "7", "", "7"), OTHER, True),
    ("of nobody for sure where Drive shows that it is another", Box(OTHER, "7", "", "8"), OTHER, False),
    ("of nobody for sure where Drive hides both", Box("", "", "", ""), OTHER, False),
    (
        "of nobody for sure in a folder of somebody hidden, though both are the same",
        Box("", "7", "", "7"),
        OTHER,
        False,
    ),
    ("of nobody for sure in a folder of somebody hidden, whoever owns it", Box("", "", OTHER), OTHER, False),
]


@pytest.mark.parametrize(("why", "box", "ds", "proven"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_a_message_is(why, box, ds, proven):
    name = FolderName(FolderRole.INBOX, OTHER, "", DriveLayout.D2)
    folder = PeerFolder("folder", NOW, name, box.folder_id, proven=bool(box.folder_owner))
    file = RemoteFile("file", "msgv2_1.0_x.tar.gz", box.file_owner, False, NOW, NOW, owner_id=box.file_id)
    sender = Survey((folder,), {}).sender_of(folder, file)
    assert (sender.ds.lower(), sender.verified) == (ds, proven)


WITHOUT_IDS = [row for row in MESSAGES if not (row[1].folder_id or row[1].file_id)]


@pytest.mark.parametrize(("why", "box", "ds", "proven"), WITHOUT_IDS, ids=[row[0] for row in WITHOUT_IDS])
def test_a_message_that_is_read_is(why, box, ds, proven):
    one_peer = OnePeer()
    inbox = one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), box.folder_owner)
    message = TODAY.message(
        replace(python_job("sales", ds=OTHER), submitted_at=one_peer.clock()), OTHER, DO, one_peer.clock()
    )
    one_peer.drive.add_file(inbox, *message, box.file_owner)
    reader, snapshot = MessageReader(one_peer.drive, one_peer.clock), one_peer.looks()
    ((seen,), _) = reader.read(reader.find(snapshot, Books()).new, snapshot.survey)  # type: ignore[arg-type]
    assert (seen.sender.ds.lower(), seen.sender.verified) == (ds, proven)
    assert seen.folder == OTHER


@pytest.mark.parametrize(("owner", "known"), [(DS, {DS}), (MALLORY, {MALLORY}), ("", {""})])
def test_of_an_archived_message_that_cannot_be_fetched_the_sender_is_told_if_drive_says_it(owner, known):
    one_peer = OnePeer()
    archive = one_peer.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
    message = TODAY.message(
        replace(python_job("sales", ds=DS), submitted_at=one_peer.clock()), DS, DO, one_peer.clock()
    )
    file = one_peer.drive.add_file(archive, *message, owner)
    one_peer.drive.faults[file] = TransientFault("Drive answers 503")
    reader, snapshot = MessageReader(one_peer.drive, one_peer.clock), one_peer.looks()
    found = reader.find(snapshot, Books()).new  # type: ignore[arg-type]
    assert reader.read(found, snapshot.survey) == ((), ())
    assert reader.unread(found, snapshot.survey).read_by_owner == known
