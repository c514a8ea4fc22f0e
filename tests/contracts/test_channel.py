"""What every channel does: the real one over HTTP and the fake in memory pass the same tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.channels.gmail import GmailChannel
from syft_notify.domain.model import Message, ThreadRef
from syft_notify.domain.ports import Channel
from syft_notify.google.auth import GMAIL_SCOPES, TokenFile
from syft_notify.sandbox import Sandbox
from syft_notify.testing import MemoryChannel

MESSAGE = Message(
    id="n1",
    to="ds@example.org",
    subject="sales",
    headline="Approved",
    text="Approved.\n",
    html="<p>Approved.</p>\n",
    thread=ThreadRef("do@example.org/sales", "<root@syft-notify.invalid>"),
)


@pytest.fixture(params=["gmail", "memory"])
def channel(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Channel]:
    """The channel under test."""
    if request.param == "memory":
        yield MemoryChannel()
        return
    path = tmp_path / "gmail_token.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file("do@example.org"))
    gmail = GmailChannel(TokenFile(path, "Gmail", GMAIL_SCOPES, sandbox.token_uri), sandbox.gmail_endpoint)
    yield gmail
    gmail.close()


def test_its_name_is_the_one_of_the_ledger(channel):
    assert channel.name == "gmail"


def test_each_message_has_an_id_of_its_own(channel):
    first, second = channel.send(MESSAGE), channel.send(MESSAGE)
    assert first.message_id
    assert first.message_id != second.message_id


def test_the_thread_of_a_receipt_takes_the_next_message(channel):
    first = channel.send(MESSAGE)
    assert first.thread_id
    next_one = replace(MESSAGE, thread=replace(MESSAGE.thread, remote_id=first.thread_id, started=True))
    assert channel.send(next_one).thread_id == first.thread_id
