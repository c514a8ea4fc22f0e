"""What the client object that `login_do()` returned knows of the settings, in every release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syft_notify.domain.errors import UserError


def known_by(client: Any) -> tuple[dict[str, str], Any]:
    """What the owner's client knows of the settings, and the credentials that it lends when it has no token file.

    Raises `UserError` for anything that is no data owner's client.
    """
    if not _is_owner(client):
        raise UserError(
            f"{getattr(client, 'email', 'this object')} is not logged in as a data owner",
            "Pass the client that login_do() returned: only the owner's Drive and folder show what happens",
        )
    connection = _connection(client)
    token_path = getattr(connection, "token_path", None)
    credentials = getattr(connection, "credentials", None)
    if token_path is None and credentials is None:
        raise UserError("The client has neither a token file nor credentials", "Log in with token_path=...")
    known = {"do_email": client.email, "syftbox_root": str(client.syftbox_folder)}
    if token_path is None:
        return known, credentials
    return {**known, "drive_token_path": str(Path(token_path).absolute())}, None


def _is_owner(client: Any) -> bool:
    """`has_do_role` from 0.1.102 on, `is_do` before; read without touching what would sync."""
    for name in ("has_do_role", "is_do"):
        role = getattr(client, name, None)
        if isinstance(role, bool):
            return role
    return False


def _connection(client: Any) -> Any:
    """The client's first connection to Drive.

    It lies on the client itself (0.1.88 - 0.1.117) or on its `sync_engine` (syft-rds), under one of two names.
    """
    for holder in (client, getattr(client, "sync_engine", None)):
        for name in ("_connection_router", "connection_router"):
            connections = getattr(getattr(holder, name, None), "connections", None)
            if connections:
                return connections[0]
    raise UserError("This client has no connection to Drive that we know", "Use a released syft-client or syft-rds")
