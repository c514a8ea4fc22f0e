"""Whose a folder and a message on Drive are. One row, one situation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from syft_notify.domain.drive import RemoteFile
from syft_notify.domain.errors import TransientFault
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


HIDDEN, ANOTHER = "Drive does not say", f"belongs to {MALLORY}"

# (the situation, the inbox, which names OTHER, and a message in it; who sent it, words of the warning if nobody did)
IN_INBOXES = [
    ("of its owner", Box(), OTHER, ""),
    ("of its owner in any spelling", Box(file_owner=OTHER.upper()), OTHER, ""),
    ("of nobody for sure where somebody else owns it", Box(file_owner=MALLORY), OTHER, ANOTHER),
    ("of nobody for sure where Drive hides its owner", Box(file_owner=""), OTHER, HIDDEN),
    (
        "of nobody for sure where Drive hides its owner and the folder's id",
        Box(OTHER, "", "", "7"),
        OTHER,
        HIDDEN,
    ),
    ("of the owner of the inbox by the id, whom Drive hides", Box(OTHER, "7", "", "7"), OTHER, ""),
    ("of the owner of the inbox by the id, whatever address Drive shows", Box(OTHER, "7", MALLORY, "7"), OTHER, ""),
    ("of nobody for sure where the ids differ", Box(OTHER, "7", MALLORY, "8"), OTHER, ANOTHER),
    ("of nobody for sure where the ids differ and Drive hides whose", Box(OTHER, "7", "", "8"), OTHER, "somebody else"),
    ("of nobody for sure where Drive hides both", Box("", "", "", ""), OTHER, HIDDEN),
    (
        "of nobody for sure in an inbox of somebody hidden, though both are one",
        Box("", "7", "", "7"),
        OTHER,
        HIDDEN,
    ),
    ("of nobody for sure in an inbox of somebody hidden, whoever owns it", Box("", "", OTHER), OTHER, HIDDEN),
]


def a_folder(role: FolderRole, peer: str, box: Box) -> PeerFolder:
    name = FolderName(role, peer, "", DriveLayout.D2)
    return PeerFolder(f"{role} of {peer}", NOW, name, box.folder_id, proven=bool(box.folder_owner))


def a_file(box: Box) -> RemoteFile:
    return RemoteFile("file", "msgv2_1.0_x.tar.gz", box.file_owner, False, NOW, NOW, owner_id=box.file_id)


@pytest.mark.parametrize(("why", "box", "ds", "warning"), IN_INBOXES, ids=[row[0] for row in IN_INBOXES])
def test_a_message_in_an_inbox_is(why, box, ds, warning):
    folder = a_folder(FolderRole.INBOX, OTHER, box)
    sender = Survey((folder,), {}).sender_of(folder, a_file(box))
    assert (sender.ds, sender.verified) == (ds, not warning)
    assert sender.account == ("" if warning else ds)
    assert warning in sender.warning
    assert bool(sender.warning) == bool(warning)


# (the situation, the message in the archive that names OTHER; who sent it, and words of the warning if nobody did)
# Of OTHER and MALLORY there are inboxes, whose owners have the ids 7 and 8.
IN_ARCHIVES = [
    ("of its owner", Box(), OTHER, ""),
    ("of its owner and not of whom the archive names", Box(file_owner=MALLORY), MALLORY, ""),
    ("of the owner of the inbox with the same id", Box(file_owner="", file_id="7"), OTHER, ""),
    ("of the owner of another's inbox with the same id", Box(file_owner="", file_id="8"), MALLORY, ""),
    ("of whom the id says, whatever address Drive shows", Box(file_owner="new@example.org", file_id="8"), MALLORY, ""),
    ("of nobody for sure where the id is nobody's", Box(file_owner="", file_id="9"), OTHER, HIDDEN),
    ("of nobody for sure where Drive hides everything", Box(file_owner=""), OTHER, HIDDEN),
    ("of its owner, who has no inbox", Box(file_owner=DS), DS, ""),
]


@pytest.mark.parametrize(("why", "box", "ds", "warning"), IN_ARCHIVES, ids=[row[0] for row in IN_ARCHIVES])
def test_a_message_in_an_archive_is(why, box, ds, warning):
    inboxes = [a_folder(FolderRole.INBOX, peer, Box(folder_id=i)) for peer, i in ((OTHER, "7"), (MALLORY, "8"))]
    archive = a_folder(FolderRole.ARCHIVE, OTHER, Box())
    sender = Survey((*inboxes, archive), {}).sender_of(archive, a_file(box))
    assert (sender.ds, sender.verified) == (ds, not warning)
    assert warning in sender.warning


@pytest.mark.parametrize(
    "spelling", ["first.last+tag@gmail.com", "firstlast@googlemail.com", "First.Last@gmail.com", "firstlast@gmail.com"]
)
def test_the_spellings_of_a_gmail_account_are_one_person_and_mails_go_to_that_of_the_inbox(spelling):
    named = "first.last+jobs@gmail.com"
    for role in (FolderRole.INBOX, FolderRole.ARCHIVE):
        folders = a_folder(FolderRole.INBOX, named, Box()), a_folder(role, named, Box())
        sender = Survey(folders, {}).sender_of(folders[1], a_file(Box(file_owner=spelling)))
        assert (sender.ds, sender.account) == (named, "firstlast@gmail.com")


# (the situation, what the peers file says, the layout of the inbox, other signs)
UNANSWERED = [
    ("where there is only an archive, as in D0", {}, DriveLayout.D1, (), True),
    ("where the peers file speaks of others", {DS: "accepted"}, DriveLayout.D1, (), False),
    ("where the client is newer", {}, DriveLayout.D2, (), False),
    ("where the owner's client made the reverse folder", {}, DriveLayout.D1, (FolderRole.THEIR_INBOX,), False),
]


@pytest.mark.parametrize(("why", "states", "layout", "signs", "expected"), UNANSWERED, ids=[r[0] for r in UNANSWERED])
def test_an_accepted_peer_has_no_answer_of_the_owner(why, states, layout, signs, expected):
    inbox = PeerFolder("inbox", NOW, FolderName(FolderRole.INBOX, OTHER, "", layout), "7")
    survey = Survey((inbox, *(a_folder(role, OTHER, Box()) for role in (FolderRole.ARCHIVE, *signs))), states)
    assert OTHER in survey.accepted
    assert (OTHER in survey.unanswered) == expected


WITHOUT_IDS = [row for row in IN_INBOXES if not (row[1].folder_id or row[1].file_id)]


@pytest.mark.parametrize(("why", "box", "ds", "warning"), WITHOUT_IDS, ids=[row[0] for row in WITHOUT_IDS])
def test_a_message_that_is_read_is(why, box, ds, warning):
    one_peer = OnePeer()
    inbox = one_peer.drive.add_folder(TODAY.inbox_folder(DO, OTHER), box.folder_owner)
    message = TODAY.message(
        replace(python_job("sales", ds=OTHER), submitted_at=one_peer.clock()), OTHER, DO, one_peer.clock()
    )
    one_peer.drive.add_file(inbox, *message, box.file_owner)
    reader, snapshot = MessageReader(one_peer.drive, one_peer.clock), one_peer.looks()
    ((seen,), _) = reader.read(reader.find(snapshot, Books()).new, snapshot.survey)  # type: ignore[arg-type]
    assert (seen.sender.ds, seen.sender.verified) == (ds, not warning)
    assert seen.folder == OTHER


@pytest.mark.parametrize(("owner", "known"), [(DS, DS), (MALLORY, MALLORY), ("", "")])
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
    assert [record.sender for record in reader.unread(found, snapshot.survey).archived] == [known]
