"""Files on the local Drive, through Google's own client."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload, MediaIoBaseDownload

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.tokens import DRIVE_METADATA_READONLY, DRIVE_READONLY

DO, DS, DS2 = "do@example.org", "ds@example.org", "ds_two@example.org"
FOLDER = "application/vnd.google-apps.folder"
BYTES = b"\x1f\x8b\r\n\x00--\n\xff" * 1000
Service = Callable[..., Any]


def refused(call: Any) -> tuple[int, str]:
    """Status and reason of a call that must fail."""
    with pytest.raises(HttpError) as error:
        call.execute()
    return error.value.status_code, error.value.error_details[0]["reason"]


def all_names(service: Any, **arguments: Any) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    call = service.files().list(**arguments)
    while call is not None:
        page = call.execute()
        names += [file["name"] for file in page["files"]]
        call = service.files().list_next(call, page)
    return names


def test_a_file_comes_back_as_it_was_written(drive: Service) -> None:
    files = drive(DS).files()
    made = files.create(body={"name": "a.bin"}, media_body=MediaInMemoryUpload(BYTES)).execute()
    assert made == {"kind": "drive#file", "id": made["id"], "name": "a.bin", "mimeType": "application/octet-stream"}
    assert files.get_media(fileId=made["id"]).execute() == BYTES
    fields = "size,ownedByMe,shared,owners/emailAddress,createdTime,modifiedTime,parents"
    shown = files.get(fileId=made["id"], fields=fields).execute()
    root = files.get(fileId="root", fields="id").execute()["id"]
    assert shown["size"] == str(len(BYTES))
    assert shown["parents"] == [root]
    assert (shown["ownedByMe"], shown["shared"], shown["owners"]) == (True, False, [{"emailAddress": DS}])
    assert shown["createdTime"] == shown["modifiedTime"]


def test_an_update_changes_content_version_and_time_but_not_the_id(sandbox: Sandbox, drive: Service) -> None:
    files = drive(DS).files()
    fields = "id,version,modifiedTime,createdTime,md5Checksum"
    file_id = sandbox.drive.file(DS, "a", b"old", created=datetime(2020, 1, 1, tzinfo=UTC))
    before = files.get(fileId=file_id, fields=fields).execute()
    files.update(fileId=file_id, media_body=MediaInMemoryUpload(b"new", "text/plain")).execute()
    after = files.get(fileId=file_id, fields=fields).execute()
    assert sandbox.drive.read(file_id) == b"new"
    assert after["createdTime"] == before["createdTime"]
    assert after["modifiedTime"] > before["modifiedTime"]
    assert int(after["version"]) > int(before["version"])
    assert after["md5Checksum"] != before["md5Checksum"]


def test_metadata_is_written_and_custom_properties_are_found(drive: Service) -> None:
    files = drive(DS).files()
    body = {"name": "a", "appProperties": {"k": "v"}, "description": "d", "modifiedTime": "2020-01-01T00:00:00Z"}
    file_id = files.create(body=body).execute()["id"]
    assert all_names(drive(DS), q="appProperties has { key='k' and value='v' }") == ["a"]
    files.update(fileId=file_id, body={"name": "b", "appProperties": {"k": None}, "starred": True}).execute()
    shown = files.get(fileId=file_id, fields="name,description,starred,appProperties").execute()
    assert shown == {"name": "b", "description": "d", "starred": True}
    assert all_names(drive(DS), q="appProperties has { key='k' and value='v' }") == []


def test_a_download_may_ask_for_a_part(sandbox: Sandbox, drive: Service, caller: Callable[..., Any]) -> None:
    file_id = sandbox.drive.file(DS, "a", b"0123456789")
    path = f"/drive/v3/files/{file_id}?alt=media"
    answer, part = caller(DS)("GET", path, Range="bytes=2-4")
    assert (answer.status_code, answer.headers["content-range"], part) == (206, "bytes 2-4/10", b"234")
    answer, part = caller(DS)("GET", path, Range="bytes=8-")
    assert (answer.status_code, part) == (206, b"89")
    assert caller(DS)("GET", path, Range="bytes=10-")[0].status_code == 416
    buffer = io.BytesIO()
    download, done = MediaIoBaseDownload(buffer, drive(DS).files().get_media(fileId=file_id), chunksize=3), False
    while not done:
        _, done = download.next_chunk()
    assert buffer.getvalue() == b"0123456789"


def test_everything_about_a_file_is_shown_as_far_as_the_caller_may_know(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a.tar.gz", b"x", share={DO: "writer", DS2: "reader"})
    mine, writers, readers = (drive(who).files().get(fileId=file_id, fields="*").execute() for who in (DS, DO, DS2))
    assert {person["emailAddress"] for person in writers["permissions"]} == {DO, DS, DS2}
    assert len(writers["permissionIds"]) == 3
    assert "permissions" not in readers
    assert "permissionIds" not in readers
    assert "sharedWithMeTime" not in mine
    assert readers["sharedWithMeTime"] >= readers["createdTime"]
    assert readers["sharingUser"]["emailAddress"] == DS
    can = [
        [shown["capabilities"][name] for name in ("canDownload", "canEdit", "canDelete")]
        for shown in (readers, writers, mine)
    ]
    assert can == [[True, False, False], [True, True, False], [True, True, True]]
    assert (mine["fileExtension"], mine["originalFilename"], mine["webViewLink"][:8]) == ("gz", "a.tar.gz", "https://")
    assert mine["sha256Checksum"] == hashlib.sha256(b"x").hexdigest()
    folder = drive(DS).files().get(fileId=sandbox.drive.folder(DS, "f"), fields="*").execute()
    assert not {"size", "md5Checksum", "fileExtension"} & set(folder)
    assert folder["capabilities"]["canAddChildren"] is True


def test_a_folder_has_no_content_to_download(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    assert refused(drive(DS).files().get_media(fileId=folder)) == (403, "fileNotDownloadable")
    assert refused(drive(DS).files().copy(fileId=folder)) == (403, "cannotCopyFile")


def test_a_copy_belongs_to_who_made_it(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"x", share={DO: "reader"})
    copy = drive(DO).files().copy(fileId=file_id, fields="id,name,owners(emailAddress)").execute()
    assert (copy["name"], copy["owners"]) == ("Copy of a", [{"emailAddress": DO}])
    assert sandbox.drive.read(copy["id"]) == b"x"


def test_a_listing_shows_a_hundred_files_and_says_that_there_are_more(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    for number in range(250):
        sandbox.drive.file(DS, f"m{number}", b"", folder)
    q = f"'{folder}' in parents"
    first = drive(DS).files().list(q=q).execute()
    assert first["incompleteSearch"] is False
    assert len(first["files"]) == 100
    assert set(first["files"][0]) == {"kind", "id", "name", "mimeType"}
    assert sorted(all_names(drive(DS), q=q)) == sorted(f"m{number}" for number in range(250))


def test_a_page_that_asks_for_parents_ends_at_460(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    for number in range(500):
        sandbox.drive.file(DS, f"m{number}", b"", folder)
    listing = drive(DS).files()
    asking = {"q": f"'{folder}' in parents", "pageSize": 1000}
    assert len(listing.list(**asking, fields="files(id,parents)").execute()["files"]) == 460
    assert len(listing.list(**asking, fields="files(id)").execute()["files"]) == 500


def test_paging_goes_on_where_it_was_though_files_come_and_go(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    ids = [sandbox.drive.file(DS, f"m{number}", b"", folder) for number in range(6)]
    call = drive(DS).files().list(q=f"'{folder}' in parents", orderBy="name", pageSize=2)
    page = call.execute()
    sandbox.drive.delete(ids[0])
    sandbox.drive.file(DS, "a", b"", folder)
    following = drive(DS).files().list_next(call, page).execute()
    assert [file["name"] for file in following["files"]] == ["m2", "m3"]


@pytest.mark.parametrize(
    ("path", "reason", "location"),
    [
        ("files?pageSize=0", "invalidParameter", "pageSize"),
        ("files?pageSize=1001", "invalidParameter", "pageSize"),
        ("files?pageToken=stale", "invalid", "pageToken"),
        ("files?orderBy=colour", "invalid", "orderBy"),
        ("files?orderBy=name+up", "invalid", "orderBy"),
        ("files?q=name+%3D", "invalid", "q"),
        ("files?fields=files(nonsense)", "invalidParameter", "fields"),
        ("about", "required", "fields"),
        ("about?fields=nonsense", "invalidParameter", "fields"),
        ("changes", "required", "pageToken"),
        ("changes?pageToken=yesterday", "invalid", "pageToken"),
        ("changes?pageToken=1&pageSize=0", "invalidParameter", "pageSize"),
        ("changes?pageToken=1&includeRemoved=perhaps", "invalidParameter", "includeRemoved"),
    ],
)
def test_a_wrong_parameter_is_named(caller: Callable[..., Any], path: str, reason: str, location: str) -> None:
    answer, body = caller(DS)("GET", f"/drive/v3/{path}")
    detail = body["error"]["errors"][0]
    assert (answer.status_code, detail["reason"], detail["location"]) == (400, reason, location)


def test_a_page_token_is_good_only_for_its_own_search(sandbox: Sandbox, drive: Service) -> None:
    for number in range(3):
        sandbox.drive.file(DS, f"m{number}", b"")
    token = drive(DS).files().list(q="trashed=false", pageSize=1).execute()["nextPageToken"]
    assert refused(drive(DS).files().list(q="trashed = false", pageToken=token)) == (400, "invalid")
    assert refused(drive(DO).files().list(q="trashed=false", pageToken=token)) == (400, "invalid")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["a10", "a9", "B", "folder"]),
        ("name desc", ["folder", "B", "a9", "a10"]),
        ("name_natural", ["a9", "a10", "B", "folder"]),
        ("folder,name_natural desc", ["folder", "B", "a10", "a9"]),
        ("createdTime desc", ["folder", "B", "a9", "a10"]),
        ("quotaBytesUsed desc,name", ["B", "a10", "a9", "folder"]),
    ],
)
def test_a_listing_is_ordered_by_several_keys(
    drive: Service, sandbox: Sandbox, order: str, expected: list[str]
) -> None:
    for name, hour, size in (("a10", 1, 1), ("a9", 2, 1), ("B", 3, 5)):
        sandbox.drive.file(DS, name, b"x" * size, created=datetime(2026, 1, 1, hour, tzinfo=UTC))
    sandbox.drive.folder(DS, "folder")
    assert all_names(drive(DS), orderBy=order) == expected


def test_what_others_shared_is_ordered_by_when(sandbox: Sandbox, drive: Service) -> None:
    files = [sandbox.drive.file(DS, name, b"") for name in "abc"]
    for file_id in reversed(files):
        sandbox.drive.share(file_id, DO, "reader")
    sandbox.drive.file(DO, "own", b"")
    assert all_names(drive(DO), orderBy="sharedWithMeTime") == ["own", "c", "b", "a"]
    assert all_names(drive(DO), orderBy="modifiedByMeTime desc")[0] == "own"
    assert all_names(drive(DO), orderBy="viewedByMeTime,starred,recency") == ["a", "b", "c", "own"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("createdTime > '2026-01-02'", "new"),
        ("modifiedTime < '2026-01-02'", "old"),
        ("starred = true", "old"),
        ("fullText contains 'quart'", "old"),  # a text, where the other is a binary
    ],
)
def test_files_are_found_by_time_star_and_words(sandbox: Sandbox, drive: Service, q: str, expected: str) -> None:
    for name, day, kind in (("old", 1, "text/plain"), ("new", 3, "application/octet-stream")):
        created = datetime(2026, 1, day, tzinfo=UTC)
        sandbox.drive.file(DS, name, b"quarterly numbers", mime_type=kind, created=created)
    drive(DS).files().update(fileId=sandbox.drive.find("old")[0], body={"starred": True}).execute()
    assert all_names(drive(DS), q=q) == [expected]


def test_content_laid_ready_by_hand_is_there_for_the_client(sandbox: Sandbox, drive: Service) -> None:
    one, two = sandbox.drive.folder(DS, "one"), sandbox.drive.folder(DS, "two")
    file_id = sandbox.drive.file(DS, "a", b"old", one)
    sandbox.drive.write(file_id, b"new")
    sandbox.drive.move(file_id, two)
    assert drive(DS).files().get_media(fileId=file_id).execute() == b"new"
    assert (sandbox.drive.parent(file_id), sandbox.drive.owner(file_id)) == (two, DS)
    assert (sandbox.drive.find("a", DS), sandbox.drive.find("a", DO)) == ([file_id], [])
    sandbox.drive.delete(file_id)
    with pytest.raises(KeyError):
        sandbox.drive.read(file_id)


def test_only_so_many_searches_are_remembered(
    sandbox: Sandbox, drive: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syft_notify.sandbox.listing.MAX_REMEMBERED", 2)
    for number in range(2):
        sandbox.drive.file(DS, f"m{number}", b"")
    listing = drive(DS).files()
    oldest, *_, latest = (listing.list(pageSize=1).execute()["nextPageToken"] for _ in range(3))
    assert refused(listing.list(pageSize=1, pageToken=oldest)) == (400, "invalid")
    assert len(listing.list(pageSize=1, pageToken=latest).execute()["files"]) == 1


def test_nobody_else_sees_a_file_or_learns_that_it_exists(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    file_id = sandbox.drive.file(DS, "a", b"", folder)
    assert all_names(drive(DO)) == []
    for call in (
        drive(DO).files().get(fileId=file_id),
        drive(DO).files().get_media(fileId=file_id),
        drive(DO).files().update(fileId=file_id, body={"name": "mine"}),
        drive(DO).files().delete(fileId=file_id),
        drive(DO).files().create(body={"name": "b", "parents": [folder]}),
        drive(DO).files().list(q=f"'{folder}' in parents"),
        drive(DO).files().get(fileId="no-such-file"),
    ):
        assert refused(call) == (404, "notFound")
    assert sandbox.drive.children(folder) == {file_id: "a"}


def test_a_deleted_folder_takes_its_owners_files_along_and_leaves_what_others_own(
    sandbox: Sandbox, drive: Service
) -> None:
    folder = sandbox.drive.folder(DS, "f", share={DO: "writer"})
    mine = sandbox.drive.file(DS, "mine", b"", folder)
    foreign = sandbox.drive.file(DO, "foreign", b"", folder)
    assert refused(drive(DO).files().delete(fileId=folder)) == (403, "insufficientFilePermissions")
    drive(DS).files().delete(fileId=folder).execute()
    assert refused(drive(DS).files().get(fileId=mine)) == (404, "notFound")
    assert refused(drive(DS).files().get(fileId=foreign)) == (404, "notFound")
    assert all_names(drive(DO), q="'root' in parents") == ["foreign"]
    assert refused(drive(DS).files().delete(fileId="root")) == (403, "insufficientFilePermissions")


def test_trash_is_inherited_and_only_the_owner_fills_it(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f", share={DO: "writer"})
    file_id = sandbox.drive.file(DS, "a", b"", folder)
    assert refused(drive(DO).files().update(fileId=folder, body={"trashed": True}))[0] == 403
    drive(DS).files().update(fileId=folder, body={"trashed": True}).execute()
    shown = drive(DS).files().get(fileId=file_id, fields="trashed,explicitlyTrashed").execute()
    assert shown == {"trashed": True, "explicitlyTrashed": False}
    assert all_names(drive(DO), q="trashed = false") == []
    sandbox.drive.trash(folder, False)
    assert sorted(all_names(drive(DO), q="trashed = false")) == ["a", "f"]
    sandbox.drive.trash(file_id)
    drive(DS).files().emptyTrash().execute()
    assert all_names(drive(DS)) == ["f"]


def test_the_owner_of_an_inbox_keeps_the_file_that_the_reader_moved_away(sandbox: Sandbox, drive: Service) -> None:
    inbox = sandbox.drive.folder(DS, "inbox", share={DO: "writer"})
    message = sandbox.drive.file(DS, "msgv2", b"x", inbox)
    archive = drive(DO).files().create(body={"name": "archive", "mimeType": FOLDER}).execute()["id"]
    moved = (
        drive(DO)
        .files()
        .update(fileId=message, addParents=archive, removeParents=inbox, fields="id,parents,ownedByMe,owners")
        .execute()
    )
    assert (moved["id"], moved["parents"], moved["ownedByMe"]) == (message, [archive], False)
    assert moved["owners"][0]["emailAddress"] == DS
    assert drive(DO).files().get_media(fileId=message).execute() == b"x"
    assert drive(DS).files().get(fileId=message, fields="name,parents").execute() == {"name": "msgv2"}
    assert all_names(drive(DS), q=f"'{inbox}' in parents") == []
    assert all_names(drive(DO), q=f"'{archive}' in parents") == ["msgv2"]


def test_a_file_has_one_parent_at_most(sandbox: Sandbox, drive: Service) -> None:
    one, two = sandbox.drive.folder(DS, "one"), sandbox.drive.folder(DS, "two")
    inner = sandbox.drive.folder(DS, "inner", one)
    file_id = sandbox.drive.file(DS, "a", b"", one)
    files = drive(DS).files()
    assert refused(files.update(fileId=file_id, addParents=two)) == (403, "cannotAddParent")
    assert refused(files.create(body={"name": "b", "parents": [one, two]})) == (403, "cannotAddParent")
    assert refused(files.update(fileId=file_id, body={"parents": [two]})) == (403, "fieldNotWritable")
    assert refused(files.create(body={"name": "b", "parents": [file_id]})) == (403, "parentNotAFolder")
    move = files.update(fileId=file_id, addParents=sandbox.drive.file(DS, "b", b""), removeParents=one)
    assert refused(move) == (403, "parentNotAFolder")
    into_itself = files.update(fileId=one, addParents=inner, removeParents="root")
    assert refused(into_itself) == (403, "cannotMoveFolderIntoItself")
    assert sandbox.drive.parent(file_id) == one
    files.update(fileId=file_id, addParents=one).execute()
    files.update(fileId=file_id, removeParents=one).execute()
    assert all_names(drive(DS), q="'root' in parents and name = 'a'") == ["a"]


def test_about_tells_the_account(drive: Service) -> None:
    about = drive(DO).about().get(fields="user(emailAddress,me)").execute()
    assert about == {"user": {"emailAddress": DO, "me": True}}


def test_addresses_are_told_apart_without_regard_to_case_and_hidden_when_google_hides_them(
    sandbox: Sandbox, drive: Service
) -> None:
    sandbox.people.register("First.Last@Example.org")
    file_id = sandbox.drive.file("first.last@example.org", "a", b"", share={"DO@example.ORG": "reader"})
    query = "'FIRST.last@example.org' in owners and not 'me' in owners"
    found = drive(DO).files().list(q=query, fields="files(id,owners(emailAddress,me))").execute()["files"]
    assert found == [{"id": file_id, "owners": [{"emailAddress": "First.Last@Example.org", "me": False}]}]
    sandbox.people.hide_address("first.last@example.org")
    shown = drive(DO).files().get(fileId=file_id, fields="owners(emailAddress,displayName)").execute()
    assert shown == {"owners": [{"displayName": "First.Last"}]}
    mine = drive("first.last@example.org").files().get(fileId=file_id, fields="owners/emailAddress").execute()
    assert mine == {"owners": [{"emailAddress": "First.Last@Example.org"}]}


def test_a_query_too_long_for_a_url_comes_as_post(sandbox: Sandbox, drive: Service) -> None:
    sandbox.drive.file(DS, "wanted", b"")
    long_query = " or ".join(["name = 'wanted'", *(f"name = '{number:050}'" for number in range(100))])
    assert all_names(drive(DS), q=long_query) == ["wanted"]
    assert [call.method for call in sandbox.requests.find("drive.files.list")] == ["GET"]


def test_scopes_decide_what_a_token_may_do(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"x")
    metadata, reader = drive(DS, DRIVE_METADATA_READONLY), drive(DS, DRIVE_READONLY)
    assert all_names(metadata) == all_names(reader) == ["a"]
    assert reader.files().get_media(fileId=file_id).execute() == b"x"
    assert refused(metadata.files().get_media(fileId=file_id)) == (403, "insufficientPermissions")
    for service in (metadata, reader):
        assert refused(service.files().delete(fileId=file_id)) == (403, "insufficientPermissions")
        assert refused(service.files().create(body={"name": "b"})) == (403, "insufficientPermissions")
    assert sandbox.drive.find("a") == [file_id]


def test_ids_can_be_fetched_first_and_used_once(drive: Service) -> None:
    files = drive(DS).files()
    wanted = files.generateIds(count=1).execute()["ids"][0]
    assert files.create(body={"id": wanted, "name": "a"}).execute()["id"] == wanted
    assert refused(files.create(body={"id": wanted, "name": "b"})) == (409, "fileIdInUse")
