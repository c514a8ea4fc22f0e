"""Identities are equal only if all parts are, and so are their texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syft_notify.domain.ids import (
    ConversationId,
    EventId,
    Identity,
    JobId,
    MessageId,
    PeerId,
    SubmissionId,
    digest_of,
    text_of,
)
from syft_notify.domain.kinds import Kind

texts = (
    st.sampled_from(["", "a", "b", "a,b", '"', '","', "a:b", "[", "]", "\\", "\x00", "ü", "\ud800", "true", "1"])
    | st.text()
)
jobs = st.builds(JobId, texts, texts)
subjects = st.one_of(
    st.builds(SubmissionId, jobs, texts, texts), st.builds(MessageId, texts), st.builds(PeerId, texts, st.booleans())
)
identities: st.SearchStrategy[Identity] = st.one_of(
    subjects,
    st.builds(EventId, subjects, st.sampled_from(Kind), texts),
    st.builds(ConversationId, texts, subjects),
)


@given(identities, identities)
def test_two_have_the_same_text_only_if_they_are_equal(one: Identity, other: Identity) -> None:
    assert (text_of(one) == text_of(other)) == (one == other)


@given(identities, st.lists(texts), identities, st.lists(texts))
def test_a_digest_stands_for_all_its_texts(one: Identity, more: list[str], other: Identity, others: list[str]) -> None:
    assert (digest_of(one, *more) == digest_of(other, *others)) == ((one, more) == (other, others))


def test_a_name_that_looks_like_an_event_of_another_job_is_its_own() -> None:
    plain = SubmissionId(JobId("", "x"), "2026-01-01T00:00:00Z")
    crafted = SubmissionId(JobId("", "x:2026-01-01T00:00:00Z:executed:z"), "2026-01-01T00:00:00Z")
    ran = EventId(plain, Kind.JOB_EXECUTED, "z")
    assert text_of(ran) != text_of(EventId(crafted, Kind.JOB_SUBMITTED))


def test_what_one_sends_is_never_what_another_sends() -> None:
    job = JobId("victor@example.org", "sales")
    assert SubmissionId(job, "1", "mallory@example.org") != SubmissionId(job, "1", "victor@example.org")
