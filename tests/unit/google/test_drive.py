"""Reading a Drive over HTTP: pages, batches, gaps and odd answers."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.domain.drive import Listing, RemoteFile
from syft_notify.domain.errors import MissingFault, RateLimitedFault, RejectedFault, TooLargeFault, TransientFault
from syft_notify.google.auth import DRIVE_SCOPES, TokenFile
from syft_notify.google.batch import quoted
from syft_notify.google.drive import FETCHED_AT_ONCE, DriveFiles
from syft_notify.google.http import Bounds
from syft_notify.google.session import READ_ATTEMPTS
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Injected
from tests.facts import lacking
from tests.unit.google.conftest import DO
from tests.unit.google.servers import answering, packing, response, serving

DS = "ds@example.org"
ODD_ANSWERS = [Injected.WRONG_JSON, Injected.NOT_JSON]


@pytest.fixture
def inboxes(sandbox: Sandbox) -> list[str]:
    """Three shared folders; the last one holds a file."""
    ids = [sandbox.drive.folder(DS, f"inbox {number}", share={DO: "writer"}) for number in range(3)]
    sandbox.drive.file(DS, "message", b"content", ids[-1])
    return ids


@pytest.fixture
def token(sandbox: Sandbox, token_path: Path) -> TokenFile:
    """The owner's, for servers of other kinds."""
    return TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri)


def connected(token: TokenFile, endpoint: str) -> AbstractContextManager[DriveFiles]:
    """A Drive that answers at this endpoint."""
    return closing(DriveFiles(token, f"{endpoint}drive/v3/", timeout=5, sleep=lambda seconds: None))


def batch_of(status: str, content: bytes) -> Callable[[bytes], Iterable[bytes]]:
    """Answers each request of a batch with this content."""

    def answer(request: bytes) -> Iterable[bytes]:
        head = b"Content-Type: application/http\r\nContent-ID: <response-%s>\r\n\r\nHTTP/1.1 %s\r\nA: b\r\n\r\n"
        ids = re.findall(rb"Content-ID: <([^>]+)>", request)
        parts = [b"--B\r\n" + head % (each, status.encode()) + content for each in ids]
        yield response(b"\r\n".join([*parts, b"--B--"]), "Content-Type: multipart/mixed; boundary=B")

    return answer


def a_file(drive, folder_id: str) -> RemoteFile:
    listing = drive.children([folder_id])[folder_id]
    assert isinstance(listing, Listing)
    return listing.files[0]


class TestListings:
    def test_a_file_is_described(self, sandbox, drive, inboxes):
        file = a_file(drive, inboxes[-1])
        assert (file.name, file.owner, file.owned_by_me, file.size) == ("message", DS, False, 7)
        assert file.created_at.tzinfo is UTC
        assert file.version

    def test_names_are_compared_exactly(self, sandbox, drive):
        for name in ("inbox a", "INBOX b", "my inbox", "inbox' c"):
            sandbox.drive.folder(DS, name, share={DO: "writer"})
        sandbox.drive.file(DS, "inbox file", b"", share={DO: "writer"})
        assert sorted(file.name for file in drive.overview("inbox", "x").folders.files) == ["inbox a", "inbox' c"]
        assert [file.name for file in drive.overview("inbox'", "x").folders.files] == ["inbox' c"]

    def test_own_files_lie_in_the_own_syftbox_folder(self, sandbox, drive):
        box, other = sandbox.drive.folder(DO, "SyftBox"), sandbox.drive.folder(DO, "Other")
        foreign = sandbox.drive.folder(DS, "SyftBox", share={DO: "writer"})
        wanted = sandbox.drive.file(DO, "peers.json", b"{}", box)
        sandbox.drive.file(DO, "peers.json", b"{}", other)
        sandbox.drive.file(DO, "peers.json", b"{}")
        sandbox.drive.file(DS, "peers.json", b"{}", foreign)
        assert [file.id for file in drive.overview("x", "peers.json").files.files] == [wanted]

    def test_an_incomplete_search_is_told(self, sandbox, drive, inboxes):
        sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes={"incompleteSearch": True}, times=None)
        assert not drive.overview("inbox", "x").folders.complete
        assert not any(listing.complete for listing in drive.children(inboxes).values())

    @pytest.mark.parametrize("problem", ODD_ANSWERS)
    def test_an_odd_answer_is_asked_for_again(self, sandbox, drive, inboxes, problem):
        sandbox.faults.add(problem, "drive.*", times=1)
        assert len(drive.overview("inbox", "x").folders.files) == 3
        sandbox.faults.add(problem, "drive.*", times=1)
        assert drive.account() == DO

    @pytest.mark.parametrize("files", [7, "none", {"id": "x"}])
    def test_an_answer_that_stays_odd_is_a_passing_fault(self, sandbox, drive, inboxes, files):
        sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes={"files": files}, times=None)
        with pytest.raises(TransientFault, match="understood"):
            drive.overview("inbox", "x")
        assert {type(answer) for answer in drive.children(inboxes).values()} == {TransientFault}

    @pytest.mark.parametrize("token", [["x"], {"x": 1}, 5])
    def test_a_page_without_a_name_is_a_passing_fault(self, sandbox, drive, inboxes, token):
        sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes={"nextPageToken": token}, times=None)
        assert {type(answer) for answer in drive.children(inboxes).values()} == {TransientFault}

    @pytest.mark.parametrize("answer", [b'{"error": null}', b'{"error": {"message": "later"}}', b'{"kind": "x"}'])
    def test_an_answer_that_lists_nothing_does_not_say_that_a_folder_is_empty(self, token, answer):
        with serving(batch_of("200 OK", answer)) as server, connected(token, server.url) as drive:
            assert isinstance(drive.children(["inbox"])["inbox"], TransientFault)

    @pytest.mark.parametrize(
        "entry", [7, None, {"name": "y"}, {"id": "x"}, {"id": 5, "name": "y"}, {"id": "", "name": 5}]
    )
    def test_an_entry_that_is_no_file_is_said_in_words(self, sandbox, drive, inboxes, entry):
        sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes={"files": [entry]}, times=None)
        for listing in (*drive.children(inboxes).values(), drive.overview("inbox", "x").folders):
            assert (listing.files, listing.complete) == ((), True)
            assert "was skipped: a" in listing.odd[0]

    @pytest.mark.parametrize(
        "said",
        [
            {"createdTime": None},
            {"createdTime": 5},
            {"createdTime": "soon"},
            {"createdTime": "0001-01-01T00:00:00.000Z"},
            {"createdTime": "99999-01-01T00:00:00.000Z"},
            {"createdTime": "9999-12-31T23:59:59-23:00"},
        ],
    )
    def test_a_time_that_cannot_be_is_later_than_every_other_one(self, sandbox, drive, inboxes, said):
        message = sandbox.drive.file(DS, "odd", b"odd", inboxes[-1])
        sandbox.drive.describe(message, **said)
        files = {file.name: file for file in drive.children(inboxes)[inboxes[-1]].files}
        assert files["odd"].created_at > datetime(9999, 1, 1, tzinfo=UTC)
        assert files["message"].created_at < datetime(3000, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        "said",
        [
            {"owners": None},
            {"owners": []},
            {"owners": "me"},
            {"owners": [None]},
            {"owners": [{"emailAddress": 5, "permissionId": ["x"]}]},
            {"owners": [{"emailAddress": "x" * 30_000, "permissionId": "x" * 30_000}]},
        ],
    )
    def test_a_file_without_an_owner_that_can_be_told_belongs_to_nobody(self, sandbox, drive, inboxes, said):
        sandbox.drive.describe(inboxes[0], ownedByMe="false", **said)
        folder = next(f for f in drive.overview("inbox", "x").folders.files if f.id == inboxes[0])
        assert (folder.owner, folder.owner_id, folder.owned_by_me) == ("", "", False)

    @pytest.mark.parametrize("size", ["many", "-5", "1e9", "9" * 5000, [], True])
    def test_a_size_that_is_no_number_hides_one_file(self, sandbox, drive, inboxes, size):
        odd = sandbox.drive.file(DS, "odd", b"odd", inboxes[-1])
        sandbox.drive.describe(odd, size=size)
        listing = drive.children(inboxes)[inboxes[-1]]
        assert [file.name for file in listing.files] == ["message"]
        (text,) = listing.odd
        assert lacking(text, f"'{odd}'", "size") == []

    def test_a_huge_name_is_cut(self, sandbox, drive, inboxes):
        sandbox.drive.file(DS, "m" * 30_000, b"odd", inboxes[0])
        assert a_file(drive, inboxes[0]).name == "m" * 1000

    def test_one_person_has_one_id_on_all_files(self, sandbox, drive, inboxes):
        sandbox.people.hide_address(DS)
        file, (folder, *_) = a_file(drive, inboxes[-1]), drive.overview("inbox", "x").folders.files
        assert file.owner == folder.owner == ""
        assert file.owner_id == folder.owner_id != ""

    def test_what_has_no_content_is_told_from_a_file(self, sandbox, drive, inboxes):
        sandbox.drive.folder(DS, "folder", inboxes[0])
        for kind in ("shortcut", "document", "unknown"):
            sandbox.drive.file(DS, kind, b"", inboxes[0], mime_type=f"application/vnd.google-apps.{kind}")
        sandbox.drive.file(DS, "file", b"x", inboxes[0], mime_type="a kind that nobody knows")
        assert [file.name for file in drive.children(inboxes)[inboxes[0]].files if file.plain] == ["file"]

    def test_pages_that_lead_in_a_circle_end(self, sandbox, drive, session, inboxes):
        for number in range(1001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        first = session.read(
            lambda service: (
                service.files().list(pageSize=1000, q=f"'{inboxes[0]}' in parents and trashed = false").execute()
            )
        )
        circle = {"nextPageToken": first["nextPageToken"]}
        sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes=circle, times=None)
        answer = drive.children([inboxes[0]])[inboxes[0]]
        assert isinstance(answer, TransientFault)
        assert "twice" in answer.title

    def test_pages_that_lead_in_a_wider_circle_end_too(self, sandbox, drive, session, inboxes):
        for number in range(2001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        query = f"'{inboxes[0]}' in parents and trashed = false"
        tokens = [""]
        for _ in range(2):
            listing = session.read(
                lambda service: service.files().list(pageSize=1000, q=query, pageToken=tokens[-1] or None).execute()
            )
            tokens.append(listing["nextPageToken"])
        for token in tokens[1:] * 20:
            sandbox.faults.add(Injected.ALTERED, "drive.files.list", changes={"nextPageToken": token})
        sandbox.requests.clear()
        answer = drive.children([inboxes[0]])[inboxes[0]]
        assert isinstance(answer, TransientFault)
        assert "twice" in answer.title
        assert sandbox.requests.count("drive.files.list", batched=True) == 2 + READ_ATTEMPTS

    def test_pages_without_end_are_given_up(self, sandbox, drive, inboxes, monkeypatch):
        monkeypatch.setattr("syft_notify.google.batch.MOST_PAGES", 2)
        for number in range(2001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        answers = drive.children(inboxes)
        assert "more than 2 pages" in answers[inboxes[0]].title
        assert len(answers[inboxes[2]].files) == 1

    def test_names_of_any_length_are_read_in_smaller_answers(self, sandbox, drive, inboxes, monkeypatch):
        monkeypatch.setattr("syft_notify.google.batch.BATCHES", Bounds(400_000, 30.0))
        for number in range(40):
            sandbox.drive.file(DS, f"{number} {'x' * 26_000}", b"", inboxes[0])
        answers = drive.children(inboxes)
        assert [len(answers[folder_id].files) for folder_id in inboxes] == [40, 0, 1]
        assert len({file.name for file in answers[inboxes[0]].files}) == 40

    def test_four_hundred_folders_with_very_long_names_are_read_packed(self, sandbox, token_path):
        """They are 11 MB, and packed a hundredth of it."""
        for number in range(400):
            sandbox.drive.folder(DS, f"syft_{number}_{'x' * 27_000}", share={DO: "writer"})
        token = TokenFile(token_path, "Drive", DRIVE_SCOPES, sandbox.token_uri)
        with serving(packing(sandbox.drive_endpoint)) as front:
            with closing(DriveFiles(token, f"{front.url}drive/v3/", timeout=30)) as drive:
                assert len(drive.overview("syft_", "x").folders.files) == 400
            assert len(front.got) == 1

    def test_what_is_too_large_in_any_portion_is_given_up_alone(self, sandbox, drive, inboxes, monkeypatch):
        monkeypatch.setattr("syft_notify.google.batch.BATCHES", Bounds(100_000, 30.0))
        for number in range(10):
            sandbox.drive.file(DS, f"{number} {'x' * 26_000}", b"", inboxes[0])
        answers = drive.children(inboxes)
        assert isinstance(answers[inboxes[0]], TooLargeFault)
        assert len(answers[inboxes[2]].files) == 1


class TestBatches:
    def test_a_hundred_folders_are_one_request(self, sandbox, drive):
        ids = [sandbox.drive.folder(DS, f"f {number}", share={DO: "writer"}) for number in range(101)]
        sandbox.requests.clear()
        listings = drive.children(ids)
        assert list(map(str, listings)) == ids
        assert all(isinstance(listing, Listing) for listing in listings.values())
        assert sandbox.requests.count(batched=False) == 2

    def test_a_folder_that_is_gone_breaks_no_other(self, sandbox, drive, inboxes):
        sandbox.drive.delete(inboxes[1])
        answers = drive.children(inboxes)
        assert isinstance(answers[inboxes[1]], MissingFault)
        assert len(answers[inboxes[2]].files) == 1

    @pytest.mark.parametrize("problem", [*ODD_ANSWERS, Injected.INTERNAL, Injected.RATE_LIMIT])
    def test_one_bad_answer_is_asked_for_again_and_the_others_are_not(self, sandbox, drive, inboxes, pauses, problem):
        sandbox.faults.add(problem, "drive.files.list", times=1)
        answers = drive.children(inboxes)
        assert [len(answers[folder_id].files) for folder_id in inboxes] == [0, 0, 1]
        assert sandbox.requests.count("drive.files.list", batched=True) == 4
        assert len(pauses) == 1

    def test_a_folder_that_always_fails_is_given_up_alone(self, sandbox, drive, inboxes, pauses):
        rule = sandbox.faults.add(Injected.INTERNAL, "drive.files.list", skip=2, times=None)
        answers = drive.children(inboxes)
        assert [type(answers[folder_id]) for folder_id in inboxes] == [Listing, Listing, TransientFault]
        assert (rule.hits, len(pauses)) == (READ_ATTEMPTS, READ_ATTEMPTS - 1)

    @pytest.mark.parametrize("problem", [Injected.PAGE_403, Injected.PAGE_404])
    def test_the_page_of_a_proxy_does_not_say_that_a_folder_is_gone(self, sandbox, drive, inboxes, problem):
        sandbox.faults.add(problem, "drive.files.list", skip=2, times=None)
        answers = drive.children(inboxes)
        assert [type(answers[folder_id]) for folder_id in inboxes] == [Listing, Listing, TransientFault]

    def test_a_long_limit_ends_what_is_missing_and_keeps_what_came(self, sandbox, drive, inboxes, pauses):
        sandbox.faults.add(Injected.RATE_LIMIT, "drive.files.list", skip=2, times=None, retry_after=600)
        ids = [*inboxes, *(sandbox.drive.folder(DS, f"f {number}", share={DO: "writer"}) for number in range(200))]
        sandbox.requests.clear()
        answers = drive.children(ids)
        assert set(answers) == set(ids)
        assert [type(answers[folder_id]) for folder_id in ids[:3]] == [Listing, Listing, RateLimitedFault]
        assert isinstance(answers[ids[-1]], RateLimitedFault)
        assert (sandbox.requests.count(batched=False), pauses) == (1, [])

    @pytest.mark.parametrize("problem", [*ODD_ANSWERS, Injected.TRUNCATED, Injected.BAD_GATEWAY])
    def test_a_batch_that_fails_as_a_whole_counts_nothing_twice(self, sandbox, drive, inboxes, problem):
        for number in range(1001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        sandbox.faults.add(problem, "batch*", skip=1, times=READ_ATTEMPTS - 1)
        answers = drive.children(inboxes)
        assert [len(answers[folder_id].files) for folder_id in inboxes] == [1001, 0, 1]

    @pytest.mark.parametrize("message", ["5", "{}", "[1]"])
    def test_a_refusal_whose_message_is_no_text_passes(self, token, message):
        refusal = f'{{"error": {{"message": {message}}}}}'.encode()
        refusing = serving(batch_of("403 No", refusal))
        cannot = pytest.raises(TransientFault, match="understood")
        with refusing as server, connected(token, server.url) as drive, cannot:
            drive.children(["inbox"])

    def test_an_answer_to_no_request_passes(self, token):
        answer = response(
            b"--B\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n{}\r\n--B--", "Content-Type: multipart/mixed; boundary=B"
        )
        cannot = pytest.raises(TransientFault, match="understood")
        with answering(answer) as (endpoint, _), connected(token, endpoint) as drive, cannot:
            drive.children(["inbox"])


class TestTheFeed:
    def test_it_tells_what_happened_since(self, sandbox, drive, inboxes):
        cursor = drive.feed_start()
        assert drive.changes(cursor).changes == ()
        moved = a_file(drive, inboxes[-1]).id
        sandbox.drive.move(moved, inboxes[0])
        folder = sandbox.drive.folder(DS, "new", share={DO: "writer"})
        news = drive.changes(cursor)
        told = {change.file_id: (change.is_folder, change.parents) for change in news.changes}
        assert told[moved] == (False, frozenset({inboxes[0]}))
        assert told[folder][0]
        assert drive.changes(news.cursor).changes == ()

    def test_what_is_gone_is_named(self, sandbox, drive, inboxes):
        cursor = drive.feed_start()
        sandbox.drive.delete(inboxes[0])
        sandbox.drive.trash(inboxes[1])
        changes = {change.file_id: change.file for change in drive.changes(cursor).changes}
        assert {inboxes[0]: None, inboxes[1]: None}.items() <= changes.items()

    def test_it_is_read_to_its_last_page(self, sandbox, drive, inboxes):
        cursor = drive.feed_start()
        ids = {sandbox.drive.file(DS, f"message {number}", b"", inboxes[0]) for number in range(1001)}
        sandbox.requests.clear()
        assert ids <= {change.file_id for change in drive.changes(cursor).changes}
        assert sandbox.requests.count() == 2

    def test_too_much_of_it_is_refused(self, sandbox, drive, inboxes, monkeypatch):
        monkeypatch.setattr("syft_notify.google.drive.MOST_CHANGE_PAGES", 1)
        cursor = drive.feed_start()
        for number in range(1001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        with pytest.raises(RejectedFault, match="too many changes"):
            drive.changes(cursor)

    def test_one_that_leads_in_a_circle_ends(self, sandbox, drive, inboxes):
        cursor = drive.feed_start()
        for number in range(1001):
            sandbox.drive.file(DS, f"message {number}", b"", inboxes[0])
        rule = sandbox.faults.add(
            Injected.ALTERED, "drive.changes.list", skip=1, changes={"nextPageToken": cursor}, times=None
        )
        with pytest.raises(RejectedFault, match="too many changes"):
            drive.changes(cursor)
        assert rule.hits == 1

    def test_a_cursor_that_is_no_longer_good(self, drive):
        with pytest.raises(RejectedFault):
            drive.changes("expired")

    @pytest.mark.parametrize("changes", [{"changes": 7}, {"changes": [7]}, {"newStartPageToken": None}])
    def test_an_answer_that_stays_odd_is_a_passing_fault(self, sandbox, drive, inboxes, changes):
        cursor = drive.feed_start()
        sandbox.faults.add(Injected.ALTERED, "drive.changes.list", changes=changes, times=None)
        with pytest.raises(TransientFault, match="understood"):
            drive.changes(cursor)


class TestDownloads:
    def test_many_come_at_once_over_connections_that_stay(self, sandbox, drive, inboxes, monkeypatch):
        for number in range(30):
            sandbox.drive.file(DS, f"message {number}", f"{number}".encode(), inboxes[0])
        files = drive.children([inboxes[0]])[inboxes[0]].files
        sandbox.faults.slow(0.05, "drive.files.media")
        connect, connected = socket.socket.connect, []

        def counted(self, address):
            connected.append(address)
            connect(self, address)

        monkeypatch.setattr(socket.socket, "connect", counted)
        fetched = {file.name: content for file, content in drive.downloads(files, 100)}
        assert fetched == {f"message {number}": f"{number}".encode() for number in range(30)}
        assert 1 < len(connected) <= FETCHED_AT_ONCE
        connected.clear()
        assert len([*drive.downloads(files, 100)]) == 30
        assert connected == []

    def test_one_that_fails_is_no_fault_of_the_others(self, sandbox, drive, inboxes):
        gone = sandbox.drive.file(DS, "gone", b"gone", inboxes[-1])
        files = drive.children([inboxes[-1]])[inboxes[-1]].files
        sandbox.drive.delete(gone)
        fetched = {file.name: content for file, content in drive.downloads(files, 100)}
        assert fetched["message"] == b"content"
        assert isinstance(fetched["gone"], MissingFault)

    def test_who_stops_listening_disturbs_nobody(self, sandbox, drive, inboxes):
        for number in range(10):
            sandbox.drive.file(DS, f"message {number}", b"x", inboxes[0])
        files = drive.children([inboxes[0]])[inboxes[0]].files
        for _ in drive.downloads(files, 100):
            break
        message = a_file(drive, inboxes[-1])
        assert [*drive.downloads([message], 100)] == [(message, b"content")]

    def test_the_content(self, drive, inboxes):
        assert drive.download(a_file(drive, inboxes[-1]), 7) == b"content"

    def test_a_larger_file_is_refused_before_and_after(self, sandbox, drive, inboxes):
        file = a_file(drive, inboxes[-1])
        with pytest.raises(RejectedFault, match="larger than 6"):
            drive.download(file, 6)
        sandbox.drive.write(file.id, b"a" * 5000)
        with pytest.raises(RejectedFault, match="larger than 20"):
            drive.download(file, 20)

    def test_an_empty_file_needs_no_request(self, sandbox, drive, inboxes):
        file = replace(a_file(drive, inboxes[-1]), size=0)
        sandbox.requests.clear()
        assert drive.download(file, 7) == b""
        assert sandbox.requests.count() == 0

    def test_a_part_is_not_the_whole(self, sandbox, drive, inboxes):
        file = a_file(drive, inboxes[-1])
        sandbox.drive.write(file.id, b"con")
        with pytest.raises(TransientFault, match="part"):
            drive.download(file, 100)

    @pytest.mark.parametrize(
        "problem",
        [Injected.PAGE_400, Injected.PAGE_403, Injected.PAGE_404, Injected.DOWNLOAD_QUOTA, Injected.ABUSIVE_FILE],
    )
    def test_one_that_is_blocked_may_come_later(self, sandbox, drive, inboxes, problem):
        file = a_file(drive, inboxes[-1])
        sandbox.faults.add(problem, "drive.files.media", times=None)
        with pytest.raises(TransientFault, match="answered 40"):
            drive.download(file, 100)

    def test_a_page_that_comes_in_its_place_is_not_the_content(self, sandbox, drive, inboxes):
        file = a_file(drive, inboxes[-1])
        sandbox.faults.add(Injected.NOT_JSON, "drive.files.media", times=None)
        with pytest.raises(TransientFault, match="7 bytes"):
            drive.download(file, 10_000)

    def test_an_answer_without_content_is_not_the_content(self, sandbox, drive, token, inboxes):
        file = a_file(drive, inboxes[-1])
        empty, part = response(b"", status="204 No Content"), pytest.raises(TransientFault, match="part")
        with answering(empty) as (endpoint, _), connected(token, endpoint) as other, part:
            other.download(file, 100)

    def test_a_file_that_is_gone(self, sandbox, drive, inboxes):
        file = a_file(drive, inboxes[-1])
        sandbox.drive.delete(file.id)
        with pytest.raises(MissingFault):
            drive.download(file, 7)


def test_what_is_quoted_stays_one_literal():
    assert quoted("it's a \\ test") == "'it\\'s a \\\\ test'"


def test_times_are_in_utc(drive, inboxes):
    file = a_file(drive, inboxes[-1])
    assert abs((datetime.now(UTC) - file.created_at).total_seconds()) < 60
