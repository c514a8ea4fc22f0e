"""Reads a user's Drive: listings paged to the end and batched, downloads bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, TypeVar

from googleapiclient.http import BatchHttpRequest

from syft_notify.errors import CredentialFault, Fault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.google_api.auth import Token
from syft_notify.google_api.faults import translated
from syft_notify.google_api.session import READ_ATTEMPTS, Session
from syft_notify.model import Listing, RemoteFile

FOLDER = "application/vnd.google-apps.folder"
SYFTBOX = "SyftBox"
PAGE_SIZE = 1000
BATCH_SIZE = 100
_NO_TOKEN = object()
Entry = TypeVar("Entry")

_FILE_FIELDS = "id,name,size,owners(emailAddress),ownedByMe,createdTime,modifiedTime,version"


class DriveFiles:
    """`ports.RemoteFiles` over Drive v3."""

    def __init__(self, token: Token, endpoint: str | None = None, *, owner: str = "", **options: Any) -> None:
        """`owner` is whose account the token must be of, if that matters; `options` are those of `Session`."""
        self._token = token
        self._owner = owner
        self._checked: object = _NO_TOKEN
        self._session = Session("drive", "v3", token, endpoint, **options)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def check_token(self) -> None:
        """As `Session.check_token`."""
        self._session.check_token()

    def account(self) -> str:
        """The address of the account that the token belongs to."""
        return self._session.read(lambda drive: _address(drive.about().get(fields="user(emailAddress)").execute()))

    def check_owner(self) -> None:
        """Make sure, once for each token, that it is of the right account. Raises `CredentialFault`, other faults."""
        token = self._token.credentials().refresh_token
        if self._owner and token != self._checked:
            account = self.account().lower()
            if account != self._owner:
                raise CredentialFault(
                    f"{self._token.name} is of {account}, but do_email is {self._owner}",
                    f"{self._token.cure}, or correct do_email",
                )
            self._checked = token

    def folders(self, name_prefix: str) -> Listing:
        """All folders the user can see whose name begins with the prefix.

        Drive's `contains` compares words and can bring others, so the names are compared here.
        """
        self.check_owner()
        query = f"name contains {quoted(name_prefix)} and mimeType = '{FOLDER}' and trashed = false"
        found, complete = self._list(query, _FILE_FIELDS, _remote_file)
        return Listing(tuple(file for file in found if file.name.startswith(name_prefix)), complete)

    def own_files(self, name: str) -> Listing:
        """The user's own files with exactly this name directly inside an own folder named SyftBox."""
        wanted = f"(name = {quoted(name)} or (name = '{SYFTBOX}' and mimeType = '{FOLDER}'))"
        query = f"{wanted} and 'me' in owners and trashed = false"
        found, complete = self._list(query, f"{_FILE_FIELDS},parents", _file_and_parents)
        homes = {file.id for file, _ in found if file.name == SYFTBOX}
        return Listing(tuple(file for file, parents in found if file.name == name and homes & parents), complete)

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        """What lies in each folder: one query a folder, a hundred queries a request, every page.

        One query for many folders would be cheaper, but Drive is known to answer it with gaps.
        """
        unfinished = {folder_id: _Folder(folder_id) for folder_id in folder_ids}
        done: dict[str, Listing | Fault] = {}
        while unfinished:
            limit = self._next_pages(list(unfinished.values())[:BATCH_SIZE])
            for folder_id, folder in list(unfinished.items()):
                result = limit if folder.result() is None else folder.result()
                if result is not None:
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

    def _list(self, query: str, fields: str, read: Callable[[Mapping[str, Any]], Entry]) -> tuple[list[Entry], bool]:
        """All entries, and whether Drive says that they are all."""
        pages: _Pages[Entry] = _Pages()
        while not pages.finished:
            pages.add(
                self._session.read(
                    lambda drive: _page(_list_request(drive.files(), query, fields, pages.token).execute(), read)
                )
            )
        return pages.entries, pages.complete

    def _next_pages(self, wanted: Sequence[_Folder]) -> RateLimitedFault | None:
        """One batch request: the next page of each folder. Returns the limit when Drive wants to be left alone."""
        answers = self._session.read(lambda drive: _batch(drive, self._session.batch_uri(), wanted))
        for folder, (content, error) in zip(wanted, answers, strict=True):
            folder.take(content, error, self._token)
        faults = [folder.passing_fault for folder in wanted if folder.passing_fault]
        limits = [fault for fault in faults if isinstance(fault, RateLimitedFault)]
        try:
            if faults:
                self._session.wait(max(folder.failures for folder in wanted), (limits or faults)[0])
        except RateLimitedFault as limit:
            return limit
        return None


@dataclass(frozen=True)
class _Page(Generic[Entry]):
    """One answer of `files.list`."""

    entries: tuple[Entry, ...]
    complete: bool
    next_token: str | None


class _Pages(Generic[Entry]):
    """The pages of one listing as they come in."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.complete = True
        self.token: str | None = None
        self.finished = False

    def add(self, page: _Page[Entry]) -> None:
        """A page arrived. Raises `TransientFault` when it leads in a circle."""
        if page.next_token is not None and page.next_token == self.token:
            raise TransientFault("Drive gave the same page twice")
        self.entries += page.entries
        self.complete = self.complete and page.complete
        self.token = page.next_token
        self.finished = page.next_token is None


class _Folder:
    """The listing of one folder, over several batches."""

    def __init__(self, folder_id: str) -> None:
        self.id = folder_id
        self.passing_fault: Fault | None = None
        self.failures = 0
        self._pages: _Pages[RemoteFile] = _Pages()
        self._fault: Fault | None = None

    def request(self, files: Any) -> Any:
        """The request for the next page, whose answer stays raw: one that is no JSON shall not spoil the batch."""
        query = f"{quoted(self.id)} in parents and trashed = false"
        request = _list_request(files, query, _FILE_FIELDS, self._pages.token)
        request.postproc = lambda _, content: content
        return request

    def take(self, content: bytes, error: Exception | None, token: Token) -> None:
        """The answer to the request; a passing fault is tried again a few times."""
        try:
            with translated("Drive", token):
                if error is not None:
                    raise error
                self._pages.add(_page(json.loads(content), _remote_file))
            self.passing_fault = None
        except Fault as fault:
            self.failures += 1
            passing = isinstance(fault, TransientFault | RateLimitedFault) and self.failures < READ_ATTEMPTS
            self.passing_fault = fault if passing else None
            self._fault = None if passing else fault

    def result(self) -> Listing | Fault | None:
        """The whole listing, the fault that ended it, or None while pages are missing."""
        if self._fault is not None:
            return self._fault
        return Listing(tuple(self._pages.entries), self._pages.complete) if self._pages.finished else None


def quoted(text: str) -> str:
    """A string literal of Drive's query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _list_request(files: Any, query: str, fields: str, token: str | None) -> Any:
    return files.list(
        q=query, pageSize=PAGE_SIZE, pageToken=token, fields=f"nextPageToken,incompleteSearch,files({fields})"
    )


def _batch(drive: Any, uri: str, wanted: Sequence[_Folder]) -> Sequence[tuple[bytes, Exception | None]]:
    """What Drive answers for each folder, in one request. Raises `ValueError` when an answer is missing."""
    answers: list[tuple[bytes, Exception | None]] = []
    # It calls back in the order of the requests, once it has all the answers.
    batch = BatchHttpRequest(callback=lambda _, content, error: answers.append((content, error)), batch_uri=uri)
    files = drive.files()  # the library builds it anew at each call, which takes longer than the request
    for folder in wanted:
        batch.add(folder.request(files))
    try:
        batch.execute()
    except LookupError as error:
        raise ValueError("a batch with a missing answer") from error
    return answers


def _page(answer: Any, read: Callable[[Mapping[str, Any]], Entry]) -> _Page[Entry]:
    """Raises `ValueError` for an answer that is not what was asked for."""
    try:
        entries = tuple(map(read, answer.get("files", ())))
        return _Page(entries, not answer.get("incompleteSearch", False), answer.get("nextPageToken") or None)
    except (AttributeError, TypeError) as error:
        raise ValueError("an answer that is no list of files") from error


def _address(answer: Any) -> str:
    """Raises `ValueError` for an answer that names nobody."""
    try:
        return str(answer["user"]["emailAddress"]).lower()
    except (LookupError, TypeError) as error:
        raise ValueError("an answer that names no user") from error


def _media(drive: Any, file_id: str, limit: int) -> bytes:
    request = drive.files().get_media(fileId=file_id)
    request.headers["range"] = f"bytes=0-{limit}"
    return bytes(request.execute())


def _remote_file(entry: Mapping[str, Any]) -> RemoteFile:
    """Raises `ValueError` for an answer that lacks what was asked for."""
    try:
        owners = entry.get("owners") or [{}]
        return RemoteFile(
            id=str(entry["id"]),
            name=str(entry["name"]),
            owner=str(owners[0].get("emailAddress", "")).lower(),
            owned_by_me=bool(entry.get("ownedByMe", False)),
            created_at=_moment(entry["createdTime"]),
            modified_at=_moment(entry["modifiedTime"]),
            size=int(entry.get("size", 0)),
            version=str(entry.get("version", "")),
        )
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("a file that is not described as it was asked for") from error


def _file_and_parents(entry: Mapping[str, Any]) -> tuple[RemoteFile, frozenset[str]]:
    return _remote_file(entry), frozenset(entry.get("parents") or ())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
