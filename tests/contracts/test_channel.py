"""What every channel does: the real one over HTTP and the fakes pass the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.channels.gmail import GmailChannel
from syft_notify.domain.errors import (
    AmbiguousFault,
    CredentialFault,
    Fault,
    RateLimitedFault,
    RejectedFault,
    TransientFault,
)
from syft_notify.domain.notifications import Message, ThreadRef
from syft_notify.domain.ports import Channel, Limits
from syft_notify.google.auth import GMAIL_SCOPES, TokenFile
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Injected
from syft_notify.sandbox.tokens import GMAIL_ALL
from syft_notify.testing import MemoryChannel
from tests.pigeons import ADDRESS, Lease, Loft, PigeonChannel

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MESSAGE = Message(
    id="n1",
    to="ds@example.org",
    subject="sales",
    headline="Approved",
    text="Approved.\n",
    html="<p>Approved.</p>\n",
    thread=ThreadRef("do@example.org/sales", "<root@syft-notify.invalid>"),
)
FAULTS = (TransientFault, RateLimitedFault, RejectedFault, CredentialFault, AmbiguousFault)
INJECTED = {
    TransientFault: Injected.PAGE_403,
    RateLimitedFault: Injected.USER_RATE_LIMIT,
    RejectedFault: Injected.BAD_REQUEST,
    CredentialFault: Injected.INSUFFICIENT_PERMISSIONS,
    AmbiguousFault: Injected.LOST,
}


@dataclass
class Tried:
    """A channel, and how its service is made to fail and asked what came of it."""

    channel: Channel
    name: str
    account: str
    fail: Callable[[type[Fault]], None]
    revoke: Callable[[], None]
    delivered: Callable[[], int]


def _memory() -> Tried:
    channel = MemoryChannel(limits=Limits(60, 450), account="do@example.org")

    def revoke() -> None:
        channel.broken = CredentialFault("It was revoked", "Ask again")

    def fail(kind: type[Fault]) -> None:
        channel.faults.append(kind("It failed"))

    return Tried(channel, "memory", "do@example.org", fail, revoke, lambda: len(channel.sent))


def _pigeon() -> Tried:
    loft = Loft(lease=Lease())

    def revoke() -> None:
        loft.locked = CredentialFault("The loft is locked", "Fetch the key")

    def fail(kind: type[Fault]) -> None:
        loft.faults.append(kind("It failed"))

    return Tried(PigeonChannel(loft), "pigeon", ADDRESS, fail, revoke, lambda: len(loft.letters))


@pytest.fixture(params=["gmail", "memory", "pigeon"])
def tried(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Tried]:
    """The channel under test."""
    if request.param != "gmail":
        yield {"memory": _memory, "pigeon": _pigeon}[request.param]()
        return
    path = tmp_path / "gmail_token.json"
    path.touch(mode=0o600)
    path.write_text(sandbox.token_file("do@example.org", (GMAIL_ALL,)))
    token = TokenFile(path, "Gmail", GMAIL_SCOPES, sandbox.token_uri)
    gmail = GmailChannel(token, sandbox.gmail_endpoint, daily_cap=450, timeout=5)

    def fail(kind: type[Fault]) -> None:
        sandbox.faults.add(INJECTED[kind], "gmail.messages.send")

    def revoke() -> None:
        sandbox.tokens.revoke_person("do@example.org")

    yield Tried(gmail, "gmail", "do@example.org", fail, revoke, lambda: len(sandbox.mailbox(MESSAGE.to).received))
    gmail.close()


@pytest.fixture
def channel(tried: Tried) -> Channel:
    return tried.channel


def test_its_name_is_the_one_of_the_config_and_the_store(tried):
    assert tried.channel.name == tried.name


def test_each_message_has_an_id_of_its_own(channel):
    first, second = channel.send(MESSAGE), channel.send(MESSAGE)
    assert first.message_id
    assert first.message_id != second.message_id


def test_the_thread_of_a_receipt_takes_the_next_message(channel):
    first = channel.send(MESSAGE)
    next_one = replace(MESSAGE, thread=replace(MESSAGE.thread, remote_id=first.thread_id, started=True))
    assert channel.send(next_one).thread_id == first.thread_id


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_says_whether_to_try_again_and_the_next_try_can_go_through(tried, kind):
    tried.fail(kind)
    with pytest.raises(kind) as raised:
        tried.channel.send(MESSAGE)
    assert type(raised.value) is kind or kind is CredentialFault
    assert str(raised.value)
    # Only an ambiguous one may have arrived.
    before = tried.delivered()
    assert before == 0 or kind is AmbiguousFault
    assert tried.channel.send(MESSAGE).message_id
    assert tried.delivered() == before + 1


def test_its_limits_are_those_that_it_was_given(channel):
    assert channel.limits == Limits(60, 450)


@pytest.mark.parametrize("full", [False, True])
def test_a_check_says_that_it_may_work_and_whose_account_it_is_and_sends_nothing(tried, full):
    state = tried.channel.check(NOW, full=full)
    assert (state.account, state.good_as_of) == (tried.account, NOW)
    assert tried.delivered() == 0


@pytest.mark.parametrize("full", [False, True])
def test_a_check_says_what_a_person_must_do(tried, full):
    tried.revoke()
    with pytest.raises(CredentialFault) as raised:
        tried.channel.check(NOW, full=full)
    assert raised.value.hint


def test_a_full_check_believes_nothing_that_was_found_before(tried):
    tried.channel.check(NOW)
    tried.revoke()
    with pytest.raises(CredentialFault):
        tried.channel.check(NOW, full=True)


@pytest.mark.parametrize("recipient", ["", "ds", "a@example.org, b@example.org", "a@example.org\nBcc: b@example.org"])
def test_whom_it_does_not_reach_it_does_not_send_to(tried, recipient):
    assert tried.channel.reaches(recipient)
    with pytest.raises(RejectedFault):
        tried.channel.send(replace(MESSAGE, to=recipient))
    assert tried.delivered() == 0


def test_it_reaches_a_usual_address(channel):
    assert channel.reaches(MESSAGE.to) == ""


def test_a_consent_that_ends_by_itself_has_a_name_and_a_fingerprint(channel):
    consent = channel.consent
    assert consent is None or (consent.name and consent.fingerprint)
