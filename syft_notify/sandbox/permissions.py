"""Drive v3 over HTTP: who may do what with a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import request

from syft_notify.sandbox.file_view import PERMISSION_FIELDS, FileView
from syft_notify.sandbox.items import ANYONE, Item, Role
from syft_notify.sandbox.people import permission_id
from syft_notify.sandbox.refusals import Refusal, forbidden_file
from syft_notify.sandbox.tokens import DRIVE_LISTERS, DRIVE_WRITERS
from syft_notify.sandbox.web import Route, World, flag, json_body, number, wanted_fields

_DEFAULT = "id,type,kind,role"
PERMISSIONS_KNOWN = {"kind": None, "nextPageToken": None, "permissions": PERMISSION_FIELDS}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Permissions:
    """The views of permissions; each gets the caller's key first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> Sequence[Route]:
        many, one = "/drive/v3/files/<file_id>/permissions", "/drive/v3/files/<file_id>/permissions/<permission>"
        return (
            Route("drive.permissions.list", "GET", many, self.list, DRIVE_LISTERS),
            Route("drive.permissions.create", "POST", many, self.create, DRIVE_WRITERS),
            Route("drive.permissions.get", "GET", one, self.get, DRIVE_LISTERS),
            Route("drive.permissions.update", "PATCH", one, self.update, DRIVE_WRITERS),
            Route("drive.permissions.delete", "DELETE", one, self.delete, DRIVE_WRITERS),
        )

    def list(self, me: str, file_id: str) -> Any:
        item = self._store.writable(file_id, me)
        found = FileView(self._world.people, me).permissions(item)
        size, start = number("pageSize", 100, 1, 100), number("pageToken", 0, 0, len(found))
        document: dict[str, Any] = {"kind": "drive#permissionList", "permissions": found[start : start + size]}
        if start + size < len(found):
            document["nextPageToken"] = str(start + size)
        return wanted_fields(f"kind,nextPageToken,permissions({_DEFAULT})", PERMISSIONS_KNOWN).applied(document)

    def create(self, me: str, file_id: str) -> Any:
        wanted_fields(_DEFAULT, PERMISSION_FIELDS)
        item = self._store.writable(file_id, me)
        body = json_body(request)
        role, person = _role(body), _grantee(body)
        if role is Role.OWNER:
            self._check_transfer(me, item)
        if person == item.owner:
            return self._written(me, person, Role.OWNER)
        self._store.grant(item, person, role, me)
        return self._written(me, person, role)

    def get(self, me: str, file_id: str, permission: str) -> Any:
        item = self._store.get(file_id, me)
        person = self._person(item, permission)
        return self._written(me, person, item.roles()[person])

    def update(self, me: str, file_id: str, permission: str) -> Any:
        wanted_fields(_DEFAULT, PERMISSION_FIELDS)
        item = self._store.writable(file_id, me)
        person, role = self._person(item, permission), _role(json_body(request))
        if role is Role.OWNER:
            self._check_transfer(me, item)
        elif person == item.owner:
            raise forbidden_file()
        self._store.grant(item, person, role, me)
        return self._written(me, person, role)

    def delete(self, me: str, file_id: str, permission: str) -> None:
        item = self._store.get(file_id, me)
        person = self._person(item, permission)
        role = item.role_of(me)
        if person == item.owner or (person != me and (role is None or role < Role.WRITER)):
            raise forbidden_file()
        if person not in item.grants:
            raise Refusal(403, "cannotDeleteInheritedPermission", "Cannot delete an inherited permission.")
        self._store.revoke(item, person)

    def _written(self, me: str, person: str, role: Role) -> Any:
        return wanted_fields(_DEFAULT, PERMISSION_FIELDS).applied(
            FileView(self._world.people, me).permission(person, role)
        )

    def _person(self, item: Item, permission: str) -> str:
        for person in item.roles():
            if permission == (person if person == ANYONE else permission_id(person)):
                return person
        raise Refusal(404, "notFound", f"Permission not found: {permission}.", location="permissionId")

    def _check_transfer(self, me: str, item: Item) -> None:
        if item.owner != me or not flag("transferOwnership"):
            message = "The transferOwnership parameter must be enabled when the permission role is 'owner'."
            raise Refusal(403, "forbidden", message, location="transferOwnership")


def _role(body: dict[str, Any]) -> Role:
    word = str(body.get("role", ""))
    if not word:
        raise Refusal(400, "required", "The permission role field is required.")
    if word.upper() not in Role.__members__:
        raise Refusal(400, "invalid", "The specified role is invalid.", location="permission.role")
    return Role[word.upper()]


def _grantee(body: dict[str, Any]) -> str:
    kind = body.get("type")
    if kind == "anyone":
        return ANYONE
    if kind not in ("user", "group"):
        reason, word = ("invalid", "invalid") if kind else ("required", "required")
        raise Refusal(400, reason, f"The permission type field is {word}.", location="permission.type")
    address = str(body.get("emailAddress", ""))
    if not _ADDRESS.fullmatch(address):
        raise Refusal(400, "invalidSharingRequest", "Bad Request. User message: the address is not valid.")
    return address.lower()
