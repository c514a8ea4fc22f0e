"""The change feed of the local Drive: where things are now, for each person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.http import MediaInMemoryUpload

from syft_notify.sandbox import Sandbox
from tests.unit.sandbox.test_drive_files import DO, DS, DS2, refused

Service = Callable[..., Any]


def start(service: Any) -> str:
    return str(service.changes().getStartPageToken().execute()["startPageToken"])


def changed(service: Any, token: str, **arguments: Any) -> dict[str, str]:
    """What the feed says since `token`: file id -> its name now, or `removed`."""
    seen: dict[str, str] = {}
    call = service.changes().list(pageToken=token, **arguments)
    while call is not None:
        page = call.execute()
        for change in page["changes"]:
            assert change["fileId"] not in seen
            seen[change["fileId"]] = "removed" if change["removed"] else change["file"]["name"]
        assert ("nextPageToken" in page) != ("newStartPageToken" in page)
        call = service.changes().list_next(call, page)
    return seen


def test_a_quiet_drive_has_no_changes(sandbox: Sandbox, drive: Service) -> None:
    sandbox.drive.file(DS, "a", b"")
    token = start(drive(DS))
    page = drive(DS).changes().list(pageToken=token).execute()
    assert page == {"kind": "drive#changeList", "newStartPageToken": token, "changes": []}


def test_the_feed_tells_the_present_state_once_not_every_step(sandbox: Sandbox, drive: Service) -> None:
    token = start(drive(DO))
    inbox = sandbox.drive.folder(DS, "inbox", share={DO: "writer"})
    file_id = sandbox.drive.file(DS, "a", b"", inbox)
    drive(DS).files().update(fileId=file_id, media_body=MediaInMemoryUpload(b"x")).execute()
    sandbox.drive.rename(file_id, "b")
    assert changed(drive(DO), token) == {inbox: "inbox", file_id: "b"}
    assert changed(drive(DS2), token) == {}


def test_deleting_and_unsharing_look_alike_and_trash_does_not(sandbox: Sandbox, drive: Service) -> None:
    deleted, unshared, trashed = (sandbox.drive.file(DS, name, b"", share={DO: "reader"}) for name in "abc")
    token = start(drive(DO))
    sandbox.drive.delete(deleted)
    sandbox.drive.unshare(unshared, DO)
    sandbox.drive.trash(trashed)
    assert changed(drive(DO), token) == {deleted: "removed", unshared: "removed", trashed: "c"}
    assert changed(drive(DO), token, includeRemoved=False) == {trashed: "c"}
    page = drive(DO).changes().list(pageToken=token, fields="changes(fileId,file/trashed)").execute()
    assert {"fileId": trashed, "file": {"trashed": True}} in page["changes"]


def test_a_message_moved_to_the_archive_shows_to_both(sandbox: Sandbox, drive: Service) -> None:
    inbox = sandbox.drive.folder(DS, "inbox", share={DO: "writer"})
    message = sandbox.drive.file(DS, "msg", b"", inbox)
    archive = sandbox.drive.folder(DO, "archive")
    token = start(drive(DO))
    drive(DO).files().update(fileId=message, addParents=archive, removeParents=inbox).execute()
    assert changed(drive(DO), token) == changed(drive(DS), token) == {message: "msg"}
    assert changed(drive(DO), token, restrictToMyDrive=True) == {message: "msg"}
    assert changed(drive(DS), token, restrictToMyDrive=True) == {}


def test_sharing_a_folder_shows_all_that_is_in_it(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    file_id = sandbox.drive.file(DS, "a", b"", folder)
    token = start(drive(DO))
    sandbox.drive.share(folder, DO, "reader")
    assert changed(drive(DO), token) == {folder: "f", file_id: "a"}


def test_many_changes_come_in_pages_and_end_with_a_new_start(sandbox: Sandbox, drive: Service) -> None:
    token = start(drive(DS))
    ids = [sandbox.drive.file(DS, f"m{number}", b"") for number in range(250)]
    assert len(drive(DS).changes().list(pageToken=token).execute()["changes"]) == 100
    before = sandbox.requests.count("drive.changes.list")
    assert set(changed(drive(DS), token, pageSize=60)) == set(ids)
    assert sandbox.requests.count("drive.changes.list") == before + 5
    assert changed(drive(DS), start(drive(DS))) == {}


def test_the_feed_can_be_made_to_miss_things(sandbox: Sandbox, drive: Service) -> None:
    token = start(drive(DS))
    hidden, shown = sandbox.drive.file(DS, "a", b""), sandbox.drive.file(DS, "b", b"")
    sandbox.drive.hide_from_changes(hidden)
    assert changed(drive(DS), token) == {shown: "b"}
    sandbox.drive.hide_from_changes()
    assert changed(drive(DS), token) == {}
    sandbox.drive.show_changes()
    assert changed(drive(DS), token) == {hidden: "a", shown: "b"}


@pytest.mark.parametrize(("status", "reason"), [(400, "invalid"), (410, "pageTokenExpired")])
def test_page_tokens_can_be_made_to_expire(sandbox: Sandbox, drive: Service, status: int, reason: str) -> None:
    token = start(drive(DS))
    file_id = sandbox.drive.file(DS, "a", b"")
    sandbox.drive.expire_change_tokens(status)
    assert refused(drive(DS).changes().list(pageToken=token)) == (status, reason)
    anew = start(drive(DS))
    assert changed(drive(DS), anew) == {}
    sandbox.drive.rename(file_id, "b")
    assert changed(drive(DS), anew) == {file_id: "b"}
