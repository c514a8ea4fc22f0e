"""How Google says no: the error bodies of its APIs."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that Google would not carry out.

    `reason` is the word clients decide by, `location` the parameter or header that is wrong, `rpc` the
    name of the gRPC status, which Gmail always sends and Drive only for credentials. `info` is the reason of an
    `ErrorInfo` in `details`; newer parts of Google send it without the older `reason`, which is empty then.
    """

    def __init__(
        self, status: int, reason: str, message: str, *, location: str = "", rpc: str = "", info: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location
        self.rpc = rpc
        self.info = info
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The JSON document that goes with the status."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            detail["location"] = self.location
            detail["locationType"] = "header" if self.location == "Authorization" else "parameter"
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if self.reason:
            error["errors"] = [detail]
        if self.rpc:
            error["status"] = self.rpc
        if self.info:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": self.info, "domain": "googleapis.com"}]
        return {"error": error}


def invalid_value(location: str, message: str = "Invalid Value") -> Refusal:
    """A parameter that Drive cannot read."""
    return Refusal(400, "invalid", message, location=location)


def expired_page(status: int) -> Refusal:
    """A page token of the change feed that is too old; clients have met both statuses."""
    if status == 410:
        return Refusal(410, "pageTokenExpired", "The page token is no longer valid.", location="pageToken")
    return invalid_value("pageToken")


def missing_file(file_id: str) -> Refusal:
    """Drive does not tell a file that is not there from one that the caller may not see."""
    return Refusal(404, "notFound", f"File not found: {file_id}.", location="fileId")


def forbidden_file() -> Refusal:
    """The caller sees the file but may not do this to it."""
    message = "The user does not have sufficient permissions for this file."
    return Refusal(403, "insufficientFilePermissions", message)


def invalid_credentials() -> Refusal:
    """A token that is unknown, expired or revoked."""
    refusal = Refusal(401, "authError", "Invalid Credentials", location="Authorization", rpc="UNAUTHENTICATED")
    refusal.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return refusal


def login_required() -> Refusal:
    """No token at all."""
    return Refusal(401, "required", "Login Required.", location="Authorization", rpc="UNAUTHENTICATED")


def insufficient_scopes(scopes: str) -> Refusal:
    """A living token without any of the scopes that the method accepts."""
    message = "Request had insufficient authentication scopes."
    refusal = Refusal(403, "insufficientPermissions", message, rpc="PERMISSION_DENIED")
    challenge = f'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{scopes}"'
    refusal.headers["WWW-Authenticate"] = challenge
    return refusal
