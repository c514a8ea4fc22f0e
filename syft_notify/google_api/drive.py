"""Reads a user's Drive: listings paged to the end and batched, downloads bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from googleapiclient.http import BatchHttpRequest

from syft_notify.errors import Fault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.google_api.auth import Token
from syft_notify.google_api.faults import translated
from syft_notify.google_api.session import READ_ATTEMPTS, Session
from syft_notify.model import Listing, RemoteFile

FOLDER = "application/vnd.google-apps.folder"
SYFTBOX = "SyftBox"
PAGE_SIZE = 1000
BATCH_SIZE = 100
_FILE_FIELDS = "id,name,size,owners(emailAddress),ownedByMe,createdTime,modifiedTime,version"


class DriveFiles:
    """`ports.RemoteFiles` over Drive v3."""

    def __init__(self, token: Token, endpoint: str | None = None, **options: Any) -> None:
        """`options` are those of `Session`."""
        self._token = token
        self._session = Session("drive", "v3", token, endpoint, **options)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def account(self) -> str:
        """The address of the account that the token belongs to."""
        answer = self._session.read(lambda drive: drive.about().get(fields="user(emailAddress)").execute())
        return str(answer["user"]["emailAddress"]).lower()

    def folders(self, name_prefix: str) -> Listing:
        """All folders the user can see whose name begins with the prefix.

        Drive's `contains` compares words and can bring others, so the names are compared here.
        """
        query = f"name contains {quoted(name_prefix)} and mimeType = '{FOLDER}' and trashed = false"
        raw, complete = self._list(query, _FILE_FIELDS)
        files = tuple(file for file in map(_remote_file, raw) if file.name.startswith(name_prefix))
        return Listing(files, complete)

    def own_files(self, name: str) -> Listing:
        """The user's own files with exactly this name directly inside an own folder named SyftBox."""
        wanted = f"(name = {quoted(name)} or (name = '{SYFTBOX}' and mimeType = '{FOLDER}'))"
        raw, complete = self._list(f"{wanted} and 'me' in owners and trashed = false", f"{_FILE_FIELDS},parents")
        homes = {entry["id"] for entry in raw if entry["name"] == SYFTBOX}
        found = (entry for entry in raw if entry["name"] == name and homes.intersection(entry.get("parents", ())))
        return Listing(tuple(map(_remote_file, found)), complete)

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        """What lies in each folder: one query a folder, a hundred queries a request, every page.

        One query for many folders would be cheaper, but Drive is known to answer it with gaps.
        """
        unfinished = {folder_id: _Pages() for folder_id in folder_ids}
        done: dict[str, Listing | Fault] = {}
        while unfinished:
            self._next_pages(list(unfinished.items())[:BATCH_SIZE])
            for folder_id, pages in list(unfinished.items())[:BATCH_SIZE]:
                if (result := pages.result()) is not None:
                    done[folder_id] = result
                    del unfinished[folder_id]
        return done

    def download(self, file: RemoteFile, limit: int) -> bytes:
        """The content of a file of at most `limit` bytes. Raises `RejectedFault` for a larger one."""
        if file.size > limit:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes")
        if file.size == 0:
            return b""
        content = self._session.read(lambda drive: _media(drive, file.id, limit))
        if len(content) > limit:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes")
        if len(content) < file.size:
            raise TransientFault(f"Drive sent only a part of {file.name}")
        return content

    def _list(self, query: str, fields: str) -> tuple[list[Mapping[str, Any]], bool]:
        files: list[Mapping[str, Any]] = []
        complete, token = True, None
        while True:
            answer = self._session.read(_page_request(query, fields, token))
            files += answer.get("files", ())
            complete = complete and not answer.get("incompleteSearch", False)
            token = answer.get("nextPageToken")
            if not token:
                return files, complete

    def _next_pages(self, wanted: Sequence[tuple[str, _Pages]]) -> None:
        """One batch request: the next page of each folder."""

        def ask(drive: Any) -> None:
            batch = BatchHttpRequest(batch_uri=self._session.batch_uri())
            for folder_id, pages in wanted:
                query = f"{quoted(folder_id)} in parents and trashed = false"
                request = _list_request(drive, query, _FILE_FIELDS, pages.token)
                batch.add(request, callback=self._take(pages))
            batch.execute()

        self._session.read(ask)
        faults = [pages.passing_fault for _, pages in wanted if pages.passing_fault]
        if faults:
            self._session.wait(1, faults[0])

    def _take(self, pages: _Pages) -> Callable[[str, Any, Exception | None], None]:
        def callback(_: str, answer: Any, error: Exception | None) -> None:
            try:
                with translated("Drive", self._token.name):
                    if error is not None:
                        raise error
                    pages.add(answer)
            except Fault as fault:
                pages.fail(fault)

        return callback


class _Pages:
    """The pages of one folder as they come in over several batches."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.passing_fault: Fault | None = None
        self._files: list[RemoteFile] = []
        self._complete = True
        self._finished = False
        self._fault: Fault | None = None
        self._failures = 0

    def add(self, answer: Mapping[str, Any]) -> None:
        """A page arrived."""
        self.passing_fault = None
        self._files += map(_remote_file, answer.get("files", ()))
        self._complete = self._complete and not answer.get("incompleteSearch", False)
        self.token = answer.get("nextPageToken")
        self._finished = not self.token

    def fail(self, fault: Fault) -> None:
        """A page did not arrive; a passing fault is tried again a few times."""
        self._failures += 1
        passing = isinstance(fault, TransientFault | RateLimitedFault) and self._failures < READ_ATTEMPTS
        self.passing_fault = fault if passing else None
        self._fault = None if passing else fault

    def result(self) -> Listing | Fault | None:
        """The whole listing, the fault that ended it, or None while pages are missing."""
        if self._fault is not None:
            return self._fault
        return Listing(tuple(self._files), self._complete) if self._finished else None


def quoted(text: str) -> str:
    """A string literal of Drive's query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _list_request(drive: Any, query: str, fields: str, token: str | None) -> Any:
    return drive.files().list(
        q=query, pageSize=PAGE_SIZE, pageToken=token, fields=f"nextPageToken,incompleteSearch,files({fields})"
    )


def _page_request(query: str, fields: str, token: str | None) -> Callable[[Any], Mapping[str, Any]]:
    def ask(drive: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = _list_request(drive, query, fields, token).execute()
        return answer

    return ask


def _media(drive: Any, file_id: str, limit: int) -> bytes:
    request = drive.files().get_media(fileId=file_id)
    request.headers["range"] = f"bytes=0-{limit}"
    return bytes(request.execute())


def _remote_file(entry: Mapping[str, Any]) -> RemoteFile:
    """Raises `ValueError` for an answer that lacks what was asked for."""
    try:
        owners = entry.get("owners") or [{}]
        return RemoteFile(
            id=entry["id"],
            name=entry["name"],
            owner=str(owners[0].get("emailAddress", "")).lower(),
            owned_by_me=bool(entry.get("ownedByMe", False)),
            created_at=_moment(entry["createdTime"]),
            modified_at=_moment(entry["modifiedTime"]),
            size=int(entry.get("size", 0)),
            version=str(entry.get("version", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a file without {error}") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
