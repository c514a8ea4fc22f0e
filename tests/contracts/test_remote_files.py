"""What every Drive does: the real reader over HTTP and the fake in memory pass the same tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from syft_notify.domain.drive import Listing, RemoteFile
from syft_notify.domain.errors import MissingFault, RejectedFault
from syft_notify.domain.ports import RemoteFiles
from syft_notify.google.auth import DRIVE_SCOPES, TokenFile
from syft_notify.google.drive import DriveFiles
from syft_notify.sandbox import Sandbox
from syft_notify.testing import MemoryRemoteFiles

DO, DS = "do@example.org", "ds@example.org"


class World(Protocol):
    """A Drive that can be looked at as the owner (`files`) and changed behind their back."""

    files: RemoteFiles

    def add_folder(self, name: str, owner: str) -> str: ...
    def add_file(self, folder_id: str, name: str, content: bytes, owner: str) -> str: ...
    def add_own_file(self, name: str, content: bytes) -> str: ...
    def move(self, file_id: str, folder_id: str) -> None: ...
    def remove(self, file_id: str) -> None: ...


class InMemory(MemoryRemoteFiles):
    """The fake, which is its own world."""

    @property
    def files(self) -> RemoteFiles:
        return self


class OverHttp:
    """The real one, with a local Google behind it."""

    def __init__(self, sandbox: Sandbox, files: DriveFiles) -> None:
        self.files: RemoteFiles = files
        self._drive = sandbox.drive
        self._box = sandbox.drive.folder(DO, "SyftBox")

    def add_folder(self, name: str, owner: str) -> str:
        return self._drive.folder(owner, name, share={} if owner == DO else {DO: "writer"})

    def add_file(self, folder_id: str, name: str, content: bytes, owner: str) -> str:
        return self._drive.file(owner, name, content, folder_id)

    def add_own_file(self, name: str, content: bytes) -> str:
        return self._drive.file(DO, name, content, self._box)

    def move(self, file_id: str, folder_id: str) -> None:
        self._drive.move(file_id, folder_id)

    def remove(self, file_id: str) -> None:
        self._drive.delete(file_id)


@pytest.fixture(params=["http", "memory"])
def world(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[World]:
    """The Drive under test."""
    if request.param == "memory":
        yield InMemory(DO)
        return
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file(DO))
    files = DriveFiles(TokenFile(path, "Drive", DRIVE_SCOPES, sandbox.token_uri), sandbox.drive_endpoint)
    yield OverHttp(sandbox, files)
    files.close()


def listed(world: World, folder_id: str) -> tuple[RemoteFile, ...]:
    listing = world.files.children([folder_id])[folder_id]
    assert isinstance(listing, Listing)
    assert listing.complete
    return listing.files


def test_folders_are_found_by_the_beginning_of_their_name_and_say_whose_they_are(world):
    mine, theirs = world.add_folder("syft_a", DO), world.add_folder("syft_b", DS)
    world.add_folder("other", DS)
    world.add_file(theirs, "syft_file", b"", DS)
    listing = world.files.overview("syft_", "SYFT_peers.json").folders
    assert listing.complete
    assert {(file.id, file.name, file.owner, file.owned_by_me) for file in listing.files} == {
        (mine, "syft_a", DO, True),
        (theirs, "syft_b", DS, False),
    }


def test_own_files_are_those_in_the_own_syftbox_folder(world):
    wanted = world.add_own_file("SYFT_peers.json", b"{}")
    world.add_own_file("other.json", b"{}")
    assert [file.id for file in world.files.overview("syft_", "SYFT_peers.json").files.files] == [wanted]


def test_children_are_listed_folder_by_folder(world):
    full, empty = world.add_folder("full", DS), world.add_folder("empty", DS)
    message = world.add_file(full, "message", b"content", DS)
    assert [(file.id, file.name, file.size) for file in listed(world, full)] == [(message, "message", 7)]
    assert listed(world, empty) == ()


def test_a_file_that_moved_keeps_its_id(world):
    inbox, archive = world.add_folder("inbox", DS), world.add_folder("archive", DO)
    message = world.add_file(inbox, "message", b"content", DS)
    world.move(message, archive)
    assert listed(world, inbox) == ()
    assert [file.id for file in listed(world, archive)] == [message]


def test_a_new_file_is_never_taken_for_an_old_one(world):
    inbox = world.add_folder("inbox", DS)
    first = world.add_file(inbox, "message", b"one", DS)
    before = listed(world, inbox)[0]
    world.remove(first)
    second = world.add_file(inbox, "message", b"two", DS)
    after = listed(world, inbox)[0]
    assert first != second
    assert (before.id, before.version) != (after.id, after.version)


def test_what_is_not_there_is_missing_and_breaks_nothing(world):
    inbox, gone = world.add_folder("inbox", DS), world.add_folder("gone", DS)
    message = world.add_file(inbox, "message", b"content", DS)
    file = listed(world, inbox)[0]
    world.remove(gone)
    answers = world.files.children([gone, inbox])
    assert isinstance(answers[gone], MissingFault)
    assert isinstance(answers[inbox], Listing)
    world.remove(message)
    with pytest.raises(MissingFault):
        world.files.download(file, 100)


def test_a_download_is_whole_or_refused(world):
    inbox = world.add_folder("inbox", DS)
    world.add_file(inbox, "message", b"content", DS)
    world.add_file(inbox, "nothing", b"", DS)
    files = {file.name: file for file in listed(world, inbox)}
    assert world.files.download(files["message"], 7) == b"content"
    assert world.files.download(files["nothing"], 7) == b""
    with pytest.raises(RejectedFault):
        world.files.download(files["message"], 6)
