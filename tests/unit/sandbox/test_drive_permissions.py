"""Sharing on the local Drive: who sees what, with which role, through folders too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syft_notify.sandbox import Sandbox
from tests.unit.sandbox.test_drive_files import DO, DS, DS2, all_names, refused

Service = Callable[..., Any]


def roles(service: Any, file_id: str) -> dict[str, str]:
    """Everybody's role as this person reads it."""
    listing = service.permissions().list(fileId=file_id, fields="permissions(emailAddress,role,type)").execute()
    return {entry.get("emailAddress", entry["type"]): entry["role"] for entry in listing["permissions"]}


def test_sharing_a_folder_shows_what_is_in_it_now_and_later(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    inner = sandbox.drive.folder(DS, "inner", folder)
    sandbox.drive.file(DS, "early", b"", inner)
    body = {"type": "user", "role": "writer", "emailAddress": "DO@example.org"}
    made = drive(DS).permissions().create(fileId=folder, body=body, sendNotificationEmail=True).execute()
    assert set(made) == {"kind", "id", "type", "role"}
    late = sandbox.drive.file(DS, "late", b"", inner)
    assert sorted(all_names(drive(DO))) == ["early", "f", "inner", "late"]
    assert all_names(drive(DO), q="sharedWithMe") == ["f"]
    assert all_names(drive(DO), q="'me' in writers and name = 'late'") == ["late"]
    assert roles(drive(DO), late) == {DS: "owner", DO: "writer"}
    assert all_names(drive(DS2)) == []
    drive(DS).permissions().delete(fileId=folder, permissionId=made["id"]).execute()
    assert all_names(drive(DO)) == []
    assert refused(drive(DO).files().get(fileId=late)) == (404, "notFound")


def test_a_file_of_a_guest_belongs_to_the_guest_and_is_open_to_the_host(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f", share={DO: "writer", DS2: "reader"})
    made = drive(DO).files().create(body={"name": "a", "parents": [folder]}, fields="id,owners,shared").execute()
    assert (made["owners"][0]["emailAddress"], made["shared"]) == (DO, True)
    assert roles(drive(DS), made["id"]) == {DO: "owner", DS: "writer", DS2: "reader"}
    assert refused(drive(DS).files().delete(fileId=made["id"])) == (403, "insufficientFilePermissions")


def test_a_reader_reads_and_does_nothing_else(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f", share={DO: "reader"})
    file_id = sandbox.drive.file(DS, "a", b"x", folder)
    reader = drive(DO)
    own = sandbox.drive.folder(DO, "own")
    assert reader.files().get_media(fileId=file_id).execute() == b"x"
    body = {"type": "user", "role": "writer", "emailAddress": DS2}
    for call in (
        reader.files().update(fileId=file_id, body={"name": "b"}),
        reader.files().update(fileId=file_id, addParents=own, removeParents=folder),
        reader.files().create(body={"name": "b", "parents": [folder]}),
        reader.files().delete(fileId=file_id),
        reader.permissions().create(fileId=file_id, body=body),
        reader.permissions().list(fileId=file_id),
    ):
        assert refused(call) == (403, "insufficientFilePermissions")
    assert "permissions" not in reader.files().get(fileId=file_id, fields="permissions,name").execute()
    assert sandbox.drive.children(folder) == {file_id: "a"}


def test_a_role_is_changed_and_a_person_has_one_permission_id_everywhere(sandbox: Sandbox, drive: Service) -> None:
    one, two = (sandbox.drive.file(DS, name, b"", share={DO: "reader"}) for name in "ab")
    permissions = drive(DS).permissions()
    ids = [
        entry["id"]
        for file_id in (one, two)
        for entry in permissions.list(fileId=file_id).execute()["permissions"]
        if entry["role"] == "reader"
    ]
    assert ids[0] == ids[1]
    permissions.update(fileId=one, permissionId=ids[0], body={"role": "writer"}).execute()
    shown = permissions.get(fileId=one, permissionId=ids[0], fields="emailAddress,role").execute()
    assert shown == {"emailAddress": DO, "role": "writer"}
    assert roles(drive(DS), two) == {DS: "owner", DO: "reader"}
    again = permissions.create(fileId=one, body={"type": "user", "role": "reader", "emailAddress": DO}).execute()
    assert (again["id"], again["role"]) == (ids[0], "reader")


def test_the_owner_stays_unless_ownership_is_handed_over_on_purpose(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"", share={DO: "writer"})
    permissions = drive(DS).permissions()
    mine = drive(DS).about().get(fields="user/permissionId").execute()["user"]["permissionId"]
    to_owner = {"type": "user", "role": "owner", "emailAddress": DO}
    assert refused(permissions.delete(fileId=file_id, permissionId=mine))[0] == 403
    assert refused(permissions.update(fileId=file_id, permissionId=mine, body={"role": "reader"}))[0] == 403
    theirs = drive(DO).about().get(fields="user/permissionId").execute()["user"]["permissionId"]
    assert refused(permissions.update(fileId=file_id, permissionId=theirs, body={"role": "owner"}))[0] == 403
    assert refused(permissions.create(fileId=file_id, body=to_owner)) == (403, "forbidden")
    same = permissions.create(fileId=file_id, body={"type": "user", "role": "reader", "emailAddress": DS}).execute()
    assert same["role"] == "owner"
    permissions.create(fileId=file_id, body=to_owner, transferOwnership=True).execute()
    assert roles(drive(DS), file_id) == {DO: "owner", DS: "writer"}


def test_a_guest_may_leave_but_not_undo_what_a_folder_grants(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f", share={DO: "reader"})
    file_id = sandbox.drive.file(DS, "a", b"", folder)
    me = drive(DO).about().get(fields="user/permissionId").execute()["user"]["permissionId"]
    inherited = drive(DO).permissions().delete(fileId=file_id, permissionId=me)
    assert refused(inherited) == (403, "cannotDeleteInheritedPermission")
    drive(DO).permissions().delete(fileId=folder, permissionId=me).execute()
    assert all_names(drive(DO)) == []
    assert refused(drive(DS).permissions().get(fileId=folder, permissionId=me)) == (404, "notFound")


def test_anyone_with_the_link_opens_it_but_does_not_find_it(sandbox: Sandbox, drive: Service) -> None:
    folder = sandbox.drive.folder(DS, "f")
    file_id = sandbox.drive.file(DS, "a", b"x", folder)
    made = drive(DS).permissions().create(fileId=folder, body={"type": "anyone", "role": "reader"}).execute()
    assert made["id"] == "anyoneWithLink"
    assert roles(drive(DS), folder) == {DS: "owner", "anyone": "reader"}
    assert all_names(drive(DO)) == []
    assert drive(DO).files().get_media(fileId=file_id).execute() == b"x"
    assert all_names(drive(DO), q=f"'{folder}' in parents") == ["a"]
    drive(DS).permissions().delete(fileId=folder, permissionId="anyoneWithLink").execute()
    assert refused(drive(DO).files().get_media(fileId=file_id)) == (404, "notFound")


def test_many_permissions_come_in_pages(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"", share={f"p{number}@example.org": "reader" for number in range(4)})
    permissions, found = drive(DS).permissions(), []
    call = permissions.list(fileId=file_id, pageSize=2)
    while call is not None:
        page = call.execute()
        found += [entry["id"] for entry in page["permissions"]]
        call = permissions.list_next(call, page)
    assert len(found) == len(set(found)) == 5
    assert sandbox.requests.count("drive.permissions.list") == 3


def test_a_half_said_permission_is_refused(sandbox: Sandbox, drive: Service) -> None:
    file_id = sandbox.drive.file(DS, "a", b"")
    for body, status_and_reason in (
        ({"type": "user", "emailAddress": DO}, (400, "required")),
        ({"role": "king", "type": "user", "emailAddress": DO}, (400, "invalid")),
        ({"role": "reader", "emailAddress": DO}, (400, "required")),
        ({"role": "reader", "type": "planet"}, (400, "invalid")),
        ({"role": "reader", "type": "user"}, (400, "invalidSharingRequest")),
        ({"role": "reader", "type": "user", "emailAddress": "nobody"}, (400, "invalidSharingRequest")),
    ):
        assert refused(drive(DS).permissions().create(fileId=file_id, body=body)) == status_and_reason
    assert roles(drive(DS), file_id) == {DS: "owner"}
