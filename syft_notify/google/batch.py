"""Asks Drive much at once: a hundred queries a request, each on to its last page, whatever becomes of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from googleapiclient.http import BatchHttpRequest

from syft_notify.domain.errors import Fault, RateLimitedFault, RejectedFault, TooLargeFault, TransientFault
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.google.errors import Named, translated
from syft_notify.google.http import BATCHES
from syft_notify.google.session import READ_ATTEMPTS, Session

PAGE_SIZE = 1000
# Ten entries have less than any bound, however long their names are.
SMALLEST_PAGE = 10
MOST_PAGES = 1000
BATCH_SIZE = 100
_MAX_NAMED_ID = 50
_ASKED = ("files", "nextPageToken", "incompleteSearch")
Entry = TypeVar("Entry")


class Query(Generic[Entry]):
    """One query and what came of it so far; a passing fault is tried again a few times.

    `odd` says in words which entries could not be understood.
    """

    def __init__(self, text: str, fields: str, read: Callable[[Mapping[str, Any]], Entry]) -> None:
        """`read` makes an entry of ours of one of Drive's, or raises `ValueError`."""
        self.entries: list[Entry] = []
        self.odd: list[str] = []
        self.complete = True
        self.finished = False
        self.fault: Fault | None = None
        self.passing_fault: Fault | None = None
        self.failures = 0
        self._text = text
        self._fields = f"nextPageToken,incompleteSearch,files({fields})"
        self._read = read
        self._size = PAGE_SIZE
        self._page: str | None = None
        self._pages: set[str] = set()

    def request(self, files: Any) -> Any:
        """The request for the next page, whose answer stays raw: one that is no JSON must not break the batch."""
        request = files.list(q=self._text, pageSize=self._size, pageToken=self._page, fields=self._fields)
        request.postproc = lambda _, content: content
        return request

    def take(self, content: bytes, error: Exception | None, token: Named) -> None:
        """The answer to the request."""
        try:
            with translated("Drive", token):
                if error is not None:
                    raise error
                self._add(json.loads(content))
            self.passing_fault = None
        except Fault as fault:
            self.failures += 1
            passing = isinstance(fault, TransientFault | RateLimitedFault) and self.failures < READ_ATTEMPTS
            self.passing_fault = fault if passing else None
            self.end(None if passing else fault)

    def end(self, fault: Fault | None) -> None:
        """Go no further because of this fault, if it is one."""
        self.fault = fault
        self.finished = self.finished or fault is not None

    def shrink(self, fault: TooLargeFault) -> None:
        """Begin again with smaller pages, because one is larger than we read."""
        if self._size <= SMALLEST_PAGE:
            self.end(fault)
            return
        self._size //= 10
        self._page, self._pages = None, set()
        self.entries, self.odd, self.complete = [], [], True

    def _add(self, answer: Any) -> None:
        try:
            entries, following = answer.get("files", []), answer.get("nextPageToken") or None
            complete = not answer.get("incompleteSearch", False)
        except AttributeError as error:
            raise ValueError("an answer that is no list of files") from error
        # One that holds other things only, like an error with the status 200, does not say that a folder is empty.
        is_list = not answer or not answer.keys().isdisjoint(_ASKED)
        if not (is_list and isinstance(entries, list) and isinstance(following, str | None)):
            raise ValueError("an answer that is no list of files")
        if following in self._pages:
            raise TransientFault("Drive gave the same page twice")
        if len(self._pages) >= MOST_PAGES:
            raise RejectedFault(f"Drive has more than {MOST_PAGES} pages of one listing")
        for entry in entries:
            self._add_entry(entry)
        self.complete = self.complete and complete
        self._page = following
        self.finished = following is None
        if following is not None:
            self._pages.add(following)

    def _add_entry(self, entry: Any) -> None:
        """One entry that cannot be understood hides no other."""
        file_id = str(entry.get("id"))[:_MAX_NAMED_ID] if isinstance(entry, dict) else "nothing"
        what = f"an entry of Drive ({file_id!r}) was skipped"
        with ItemGuard(what, self.odd):
            try:
                self.entries.append(self._read(entry))
            except ValueError as error:
                self.odd.append(f"{what}: {error}")


def quoted(text: str) -> str:
    """A string literal of Drive's query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def answer_all(session: Session, token: Named, queries: Sequence[Query[Any]]) -> None:
    """Bring all queries to their end; what Drive says to one of them is no fault of the others.

    Raises a `Fault` when Drive does not answer at all.
    """
    while unfinished := [query for query in queries if not query.finished]:
        _next_pages(session, token, unfinished[:BATCH_SIZE])
        limit = _pause(session, unfinished[:BATCH_SIZE])
        for query in unfinished if limit is not None else ():
            if not query.finished:
                query.end(limit)


def _next_pages(session: Session, token: Named, queries: Sequence[Query[Any]]) -> None:
    """An answer that is too large is asked for in halves; one listing, in smaller pages."""
    try:
        answers = session.read(lambda drive: _batch(drive, session.batch_uri(), queries), BATCHES)
    except TooLargeFault as fault:
        if len(queries) == 1:
            queries[0].shrink(fault)
            return
        middle = len(queries) // 2
        _next_pages(session, token, queries[:middle])
        _next_pages(session, token, queries[middle:])
        return
    for query, (content, error) in zip(queries, answers, strict=True):
        query.take(content, error, token)


def _pause(session: Session, queries: Sequence[Query[Any]]) -> Fault | None:
    """Wait as long as the answers ask for; the limit, when Drive wants to be left alone for longer."""
    faults = [query.passing_fault for query in queries if query.passing_fault]
    limits = [fault for fault in faults if isinstance(fault, RateLimitedFault)]
    try:
        if faults:
            session.wait(max(query.failures for query in queries), (limits or faults)[0])
    except RateLimitedFault as limit:
        return limit
    return None


def _batch(drive: Any, uri: str, queries: Sequence[Query[Any]]) -> Sequence[tuple[bytes, Exception | None]]:
    """What Drive answers to each, in one request. Raises `ValueError` when it cannot be taken apart."""
    answers: list[tuple[bytes, Exception | None]] = []
    # It calls back in the order of the requests, once it has all the answers.
    batch = BatchHttpRequest(callback=lambda _, content, error: answers.append((content, error)), batch_uri=uri)
    files = drive.files()  # the library builds it anew at each call, which takes longer than the request
    for query in queries:
        batch.add(query.request(files))
    try:
        batch.execute()
    except (LookupError, TypeError, AttributeError) as error:
        # Of the library: an answer is missing, or has no id, or is a refusal whose message is no text.
        raise ValueError("a batch that cannot be taken apart") from error
    return answers
