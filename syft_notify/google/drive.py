"""Reads a user's Drive: the changes feed, listings to their last page, bounded downloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.drive import Changes, Listing, Overview, RemoteChange, RemoteFile
from syft_notify.domain.errors import CredentialFault, Fault, RejectedFault, TooLargeFault, TransientFault
from syft_notify.google.auth import Token
from syft_notify.google.batch import PAGE_SIZE, Query, answer_all, quoted
from syft_notify.google.entries import (
    CHANGE_FIELDS,
    FILE_FIELDS,
    FOLDER,
    PLACED_FILE_FIELDS,
    address,
    changes_page,
    placed_file,
    remote_file,
    text_in,
)
from syft_notify.google.http import LISTS, TOKENS, Bounds
from syft_notify.google.session import Session
from syft_notify.google.workers import Workers

SYFTBOX = "SyftBox"
# More changes than that are not read one by one: looking at everything is cheaper.
MOST_CHANGE_PAGES = 20
# Several messages are fetched at once, but no more than this of them is in memory at once.
FETCHED_AT_ONCE = 8
LARGEST_LOAD_BYTES = 20_000_000
# With it the largest message takes less than the watchdog of the service waits for.
SLOWEST_BYTES_A_SECOND = 100_000
_NO_TOKEN = object()


class DriveFiles:
    """`ports.RemoteFiles` over Drive v3."""

    def __init__(self, token: Token, endpoint: str | None = None, *, owner: str = "", **options: Any) -> None:
        """`owner` is whose account the token must be of, if that matters; `options` are those of `Session`."""
        self._token = token
        self._owner = owner
        self._checked: object = _NO_TOKEN
        self._session = Session("drive", "v3", token, endpoint, **options)
        self._workers = Workers(self._fetched, _weight, count=FETCHED_AT_ONCE, load=LARGEST_LOAD_BYTES)

    def close(self) -> None:
        """Close the connections."""
        self._workers.close()
        self._session.close()

    def account(self) -> str:
        """The address of the account that the token belongs to."""
        return self._session.read(lambda drive: address(drive.about().get(fields="user(emailAddress)").execute()))

    def check_owner(self) -> None:
        """Make sure, once for each token, that it is of the right account. Raises `CredentialFault`, other faults."""
        token = self._token.credentials().refresh_token
        if self._owner and token != self._checked:
            account = self.account()
            if not is_same_account(account, self._owner):
                raise CredentialFault(
                    f"{self._token.name} is of {account}, but do_email is {self._owner}",
                    f"{self._token.fix}, or correct do_email",
                )
            self._checked = token

    def overview(self, folder_prefix: str, file_name: str) -> Overview:
        """All SyftBox folders and the user's own files of that name, in as few requests as there are pages.

        Own and shared folders are asked for apart, so that their pages come together. Drive's `contains` compares
        words and can bring others, so the names are compared here.
        """
        self.check_owner()
        named = f"name contains {quoted(folder_prefix)} and mimeType = '{FOLDER}' and trashed = false"
        folders = [Query(f"{named} and {whose}", FILE_FIELDS, remote_file) for whose in _WHOSE]
        wanted = f"(name = {quoted(file_name)} or (name = '{SYFTBOX}' and mimeType = '{FOLDER}'))"
        files = Query(f"{wanted} and 'me' in owners and trashed = false", PLACED_FILE_FIELDS, placed_file)
        answer_all(self._session, self._token, [*folders, files])
        for fault in (files.fault, *(query.fault for query in folders)):
            if fault is not None:
                raise fault
        found = [file for query in folders for file in query.entries if file.name.startswith(folder_prefix)]
        homes = {file.id for file, _ in files.entries if file.name == SYFTBOX}
        own = tuple(file for file, parents in files.entries if _is_plain(file, file_name) and homes & parents)
        odd = tuple(text for listed in (*(query.odd for query in folders), files.odd) for text in listed)
        complete = all(query.complete for query in folders)
        return Overview(Listing(tuple(found), complete, odd), Listing(own, files.complete))

    def children(self, folder_ids: Sequence[str]) -> Mapping[str, Listing | Fault]:
        """What lies in each folder: one query a folder, a hundred queries a request, every page.

        One query for many folders would be cheaper, but Drive is known to answer it with gaps.
        """
        queries = {
            folder_id: Query(f"{quoted(folder_id)} in parents and trashed = false", FILE_FIELDS, remote_file)
            for folder_id in folder_ids
        }
        answer_all(self._session, self._token, [*queries.values()])
        return {
            folder_id: query.fault or Listing(tuple(query.entries), query.complete, tuple(query.odd))
            for folder_id, query in queries.items()
        }

    def feed_start(self) -> str:
        """The cursor of now."""
        self.check_owner()
        return self._session.read(
            lambda drive: text_in(drive.changes().getStartPageToken().execute(), "startPageToken")
        )

    def changes(self, cursor: str) -> Changes:
        """All changes since, of what others shared with the user too."""
        self.check_owner()
        found: list[RemoteChange] = []
        asked: set[str] = set()
        while len(asked) < MOST_CHANGE_PAGES and cursor not in asked:
            asked.add(cursor)
            page, more = self._session.read(partial(_changes_page, cursor=cursor))
            found += page.changes
            cursor = page.cursor
            if not more:
                return Changes(cursor, tuple(found))
        raise RejectedFault("Drive has too many changes to be read one by one")

    def download(self, file: RemoteFile, limit: int) -> bytes:
        """The content of a file of at most `limit` bytes. Raises `RejectedFault` for a larger one.

        What has not the size that Drive told did not arrive whole, or is the page of a proxy: a `TransientFault`.
        """
        if file.size > limit:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes")
        if file.size == 0:
            return b""
        try:
            content = self._session.read(lambda drive: _media(drive, file.id, limit), _bounds(file.size, limit))
        except TooLargeFault as fault:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes") from fault
        if len(content) > limit:
            raise RejectedFault(f"{file.name} is larger than {limit} bytes")
        if len(content) < file.size:
            raise TransientFault(f"Drive sent only a part of {file.name}")
        if len(content) > file.size:
            raise TransientFault(f"Drive sent more than the {file.size} bytes of {file.name}")
        return content

    def downloads(self, files: Sequence[RemoteFile], limit: int) -> Iterator[tuple[RemoteFile, bytes | Fault]]:
        """Each with its content or its fault; several are fetched at once, each over a connection of its own."""
        for (file, _), content in self._workers.results([(file, limit) for file in files]):
            yield file, content

    def _fetched(self, task: tuple[RemoteFile, int]) -> bytes | Fault:
        try:
            return self.download(*task)
        except Fault as fault:
            return fault


def _changes_page(drive: Any, cursor: str) -> tuple[Changes, bool]:
    """One page of the feed, and whether there are more."""
    fields = f"nextPageToken,newStartPageToken,changes({CHANGE_FIELDS})"
    request = drive.changes().list(pageToken=cursor, pageSize=PAGE_SIZE, restrictToMyDrive=False, fields=fields)
    return changes_page(request.execute())


def _media(drive: Any, file_id: str, limit: int) -> bytes:
    request = drive.files().get_media(fileId=file_id)
    request.headers["range"] = f"bytes=0-{limit}"
    return bytes(request.execute() or b"")  # a text without characters where there is no content (204)


def _bounds(size: int, limit: int) -> Bounds:
    """What the download of a file may cost. It may have grown, and a refusal may be larger than a small file."""
    return Bounds(limit + TOKENS.size, LISTS.seconds + size / SLOWEST_BYTES_A_SECOND)


def _is_plain(file: RemoteFile, name: str) -> bool:
    return file.plain and file.name == name


_WHOSE = ("'me' in owners", "not 'me' in owners")


def _weight(task: tuple[RemoteFile, int]) -> int:
    file, limit = task
    return min(file.size, limit)
