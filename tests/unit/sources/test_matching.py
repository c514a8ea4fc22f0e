"""The rule of who is believed to have sent a job on disk, and which messages may have brought it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.domain.ids import MessageId
from syft_notify.domain.jobs import JobLayout, Submission
from syft_notify.domain.ports import UnidentifiedRecord
from syft_notify.sources.matching import Evidence, UnidentifiedSubmissions, believed, chosen, fits, fitting

VICTOR, MALLORY, EVE = "victor@example.org", "mallory@example.org", "eve@example.org"
WRITTEN = datetime(2026, 11, 23, 11, tzinfo=UTC)
WAIT, NOBODY = None, ""

# (the rule, the evidence about a job under Victor's name, who is believed)
RULES = [
    ("nobody without anything", Evidence(VICTOR, accepted=False), NOBODY),
    ("nobody where the path names nobody", Evidence("", accepted=False), NOBODY),
    ("the candidate whom the path names", Evidence(VICTOR, {VICTOR}), VICTOR),
    ("of several the one whom the path names", Evidence(VICTOR, {MALLORY, VICTOR, ""}), VICTOR),
    ("else the only one", Evidence(VICTOR, {MALLORY}, accepted=True), MALLORY),
    ("else nobody", Evidence(VICTOR, {MALLORY, EVE}, accepted=True), NOBODY),
    ("nobody where the only one is hidden", Evidence(VICTOR, {""}, accepted=True), NOBODY),
    ("nobody where one of two is hidden", Evidence(VICTOR, {MALLORY, ""}, accepted=True), NOBODY),
    ("the one whom the path names, while others are sought", Evidence(VICTOR, {VICTOR}, searching=True), VICTOR),
    ("not the only one while others are sought", Evidence(VICTOR, {MALLORY}, searching=True), WAIT),
    ("nobody yet while messages are sought", Evidence(VICTOR, searching=True, accepted=True), WAIT),
    ("nobody yet after a look that was not whole", Evidence(VICTOR, incomplete=True, accepted=True), WAIT),
    ("who is known, also after a look that was not whole", Evidence(VICTOR, {MALLORY}, incomplete=True), MALLORY),
    ("the peer whose own message cannot be read", Evidence(VICTOR, unreadable=True, accepted=False), VICTOR),
    ("the peer whose own message cannot be read, while nobody says whom the owner accepted",
     Evidence(VICTOR, unreadable=True), VICTOR),
    ("the sender of a readable message, not of one that cannot be read", Evidence(VICTOR, {MALLORY}, unreadable=True),
     MALLORY),
    ("nobody beside a message of another that cannot be had", Evidence(VICTOR, withheld=True, accepted=True), NOBODY),
    ("nobody yet while nobody says whom the owner accepted", Evidence(VICTOR), WAIT),
    ("an accepted peer", Evidence(VICTOR, accepted=True), VICTOR),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "evidence", "expected"), RULES, ids=[row[0] for row in RULES])
def test_believed_is(rule, evidence, expected):
    assert believed(evidence) == expected


@given(st.sampled_from([VICTOR, MALLORY, ""]), st.frozensets(st.sampled_from([VICTOR, MALLORY, EVE, ""])))
def test_whoever_sends_messages_is_chosen_for_the_path_of_somebody_else_only_as_the_only_one(path, candidates):
    sender = chosen(path, candidates)
    assert (sender is None) == (not candidates)
    assert sender in (None, "", path) or candidates == {sender}


def job(at: datetime | None = WRITTEN, ds: str = VICTOR) -> Submission:
    return Submission(f"{ds}/sales", "sales", ds, JobLayout.J3, "mark", at)


SECONDS = [(-6, False), (-5, True), (0, True), (600, True), (601, False)]


@pytest.mark.parametrize(("after", "expected"), SECONDS)
def test_a_message_fits_that_was_sent_right_after_the_job_was_written(after, expected):
    assert fits(WRITTEN + timedelta(seconds=after), job()) == expected


@given(st.lists(st.datetimes(timezones=st.just(UTC))), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_those_that_fit_are_found_among_many_whatever_times_they_name(times, written):
    sent = sorted((time, number) for number, time in enumerate(times))
    assert sent[fitting(job(written), sent)] == [one for one in sent if fits(one[0], job(written))]


class TestUnidentified:
    def record(self, sender: str = VICTOR, after: int = 1) -> UnidentifiedRecord:
        return UnidentifiedRecord(MessageId(f"{sender} {after}"), sender, WRITTEN + timedelta(seconds=after))

    def test_the_nearest_of_the_peer_is_taken_once(self):
        near, far = self.record(after=1), self.record(after=60)
        records = UnidentifiedSubmissions([far, near, self.record(MALLORY, 0)])
        assert [records.take(job()) for _ in range(3)] == [near, far, None]

    @pytest.mark.parametrize("sender", [MALLORY, ""])
    def test_that_of_somebody_else_is_not_taken(self, sender):
        assert UnidentifiedSubmissions([self.record(sender)]).take(job()) is None

    def test_nobodys_is_not_taken_for_a_job_that_names_nobody(self):
        assert UnidentifiedSubmissions([self.record("")]).take(job(ds="")) is None

    def test_a_job_without_a_time_takes_none(self):
        assert UnidentifiedSubmissions([self.record()]).take(job(at=None)) is None
