"""The mail of a notification."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syft_notify.domain.digest import digest
from syft_notify.domain.errors import RejectedFault, TransientFault
from syft_notify.domain.jobs import CodeFile, Preview, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Event, PeerFacts, Role
from syft_notify.domain.notifications import Message, Notification, ThreadRef
from syft_notify.mail.compose import Composer
from syft_notify.mail.mime import mime
from tests import titles
from tests.facts import lacking
from tests.unit.makers import DO, DS, NOW, job_event, job_facts, peer_event, routed

ZONE = timezone(timedelta(hours=1), "CET")
COMPOSER = Composer(ZONE)
FIRST = ThreadRef("t", "<root@syft-notify.invalid>")
LATER = replace(FIRST, started=True, remote_id="gmail-thread")
ROOT = Path(__file__).parents[3]
HOSTILE = "</pre><script>alert(1)</script>\r\nBcc: victim@example.org\n\u202e\u200b\x1b[2J\"'`{{ 7777 * 11 }}{% raw %}"
ALLOWED_TAGS = set(
    re.findall(r"\w+", "html head meta title style body div table tr td p h1 h2 br pre code strong span")
)


def job_mail(kind: Kind, role: Role, preview: Preview | None = None, **facts: Any) -> Message:
    event = job_event(kind, facts=job_facts(**facts))
    return COMPOSER.compose(_for(role, event), preview, FIRST, NOW)


def peer_mail(kind: Kind, role: Role) -> Message:
    return COMPOSER.compose(_for(role, peer_event(kind)), None, FIRST, NOW)


def _for(role: Role, event: Any) -> Notification:
    return next(n for n in routed(event)[1] if n.role is role)


def every_mail(thread: ThreadRef = FIRST, preview: Preview | None = None, **facts: Any) -> Iterator[Message]:
    for kind in Kind:
        event = job_event(kind, facts=job_facts(**facts)) if kind.value.startswith("job") else peer_event(kind)
        for notification in routed(event)[1]:
            yield COMPOSER.compose(notification, preview, thread, NOW)


def as_email(message: Message) -> bytes:
    """The mail as bytes. Python's own folding adds and drops blanks beside encoded words, so nothing is folded."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["To"], mail["Subject"] = message.to, message.subject
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# What every mail has.


@pytest.mark.parametrize(
    ("kind", "role", "headline"),
    [
        (Kind.JOB_SUBMITTED, Role.DO, titles.new_job("sales", DS)),
        (Kind.JOB_SUBMITTED, Role.DS, titles.job_submitted("sales")),
        (Kind.JOB_APPROVED, Role.DS, titles.job_approved("sales")),
        (Kind.JOB_EXECUTED, Role.DS, titles.job_completed("sales")),
        (Kind.JOB_FAILED, Role.DO, titles.job_failed("sales")),
        (Kind.JOB_FAILED, Role.DS, titles.job_failed("sales")),
        (Kind.JOB_REJECTED, Role.DS, titles.job_rejected("sales")),
    ],
)
def test_the_headline_of_a_job_mail_is_its_title_everywhere(kind: Kind, role: Role, headline: str) -> None:
    mail = job_mail(kind, role)

    assert mail.headline == headline
    assert mail.text.splitlines()[0] == headline
    assert mail.html.count(headline) == 3, "the title, the preview text and the heading"


@pytest.mark.parametrize(
    ("kind", "role", "headline"),
    [
        (Kind.PEER_REQUESTED, Role.DO, titles.new_request(DS)),
        (Kind.PEER_REQUESTED, Role.DS, titles.request_sent(DO)),
        (Kind.PEER_GRANTED, Role.DS, titles.request_accepted(DO)),
    ],
)
def test_the_headline_of_a_peer_mail(kind: Kind, role: Role, headline: str) -> None:
    assert peer_mail(kind, role).headline == headline


def test_every_mail_says_who_what_when_and_what_to_type_next() -> None:
    for mail in every_mail():
        other = DS if mail.to == DO else DO
        for part in (mail.text, mail.html):
            assert other in part
            assert "2026-11-23 12:00 UTC" in part
            assert "2026-11-23 13:00 CET" in part
            assert "client = " in part


def test_every_mail_says_that_a_program_wrote_it_and_about_what() -> None:
    for mail in every_mail():
        assert mail.headers["Auto-Submitted"] == "auto-generated"
        assert mail.headers["X-Auto-Response-Suppress"] == "All"
        assert mail.headers["X-Syft-Event-Id"] == mail.id
        assert mail.headers["X-Syft-Event"] in {kind.value for kind in Kind}


def test_the_first_mail_of_a_conversation_is_no_reply_but_names_the_root() -> None:
    for mail in every_mail(FIRST):
        assert not mail.subject.startswith("Re:")
        assert mail.headers["References"] == FIRST.root_id
        assert "In-Reply-To" not in mail.headers


def test_a_later_mail_answers_the_root_under_the_same_subject() -> None:
    for first, later in zip(every_mail(FIRST), every_mail(LATER), strict=True):
        assert later.subject == f"Re: {first.subject}"
        assert later.headers["References"] == later.headers["In-Reply-To"] == FIRST.root_id
        assert later.thread is LATER


def test_the_html_needs_nothing_from_outside() -> None:
    for mail in every_mail():
        assert not re.search(r"https?:|src=|url\(|@import|<link|<img|<script", mail.html)


def test_text_only_means_no_html_part() -> None:
    mail = Composer(ZONE, "text").compose(_for(Role.DO, job_event()), None, FIRST, NOW)

    assert mail.html == ""
    assert mail.text.startswith(titles.new_job("sales", DS))


# What comes from outside.


def test_no_text_from_outside_becomes_markup_a_header_or_a_template() -> None:
    facts = {"job": HOSTILE, "key": f"{DS}/{HOSTILE}", "warning": HOSTILE, "code_type": HOSTILE, "reason": HOSTILE}
    preview = Preview((CodeFile(HOSTILE, HOSTILE, 9, cut=True),), (HOSTILE,))
    more = {"entry_point": HOSTILE, "dependencies": (HOSTILE,), "stderr_tail": HOSTILE}
    for unidentified in (None, Unidentified.UNREADABLE):
        for mail in every_mail(LATER, preview, unidentified=unidentified, **facts, **more):
            tags = _Tags(mail.html)
            assert tags.open == []
            assert tags.seen <= ALLOWED_TAGS
            assert "85547" not in mail.text + mail.html
            assert not set("\u202e\u200b\x1b\r") & set(mail.text + mail.html + mail.subject)
            parsed = message_from_bytes(as_email(mail), policy=SMTP)
            assert parsed["Subject"] == mail.subject
            assert parsed["Bcc"] is None


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_any_name_makes_a_mail_that_can_be_sent(name: str) -> None:
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, job=name, key=f"{DS}/{name}", entry_point=name)

    parsed = message_from_bytes(as_email(mail), policy=SMTP)
    assert parsed["Subject"] == mail.subject
    assert mail.subject.isprintable()
    assert _Tags(mail.html).open == []


def test_an_endless_name_leaves_a_subject_that_threads_and_a_mail_that_can_be_read() -> None:
    first = COMPOSER.compose(_for(Role.DO, job_event(facts=job_facts("n" * 10_000))), None, FIRST, NOW)
    later = COMPOSER.compose(_for(Role.DO, job_event(facts=job_facts("n" * 10_000))), None, LATER, NOW)

    assert len(first.subject) == 200
    assert later.subject == f"Re: {first.subject}"
    assert len(first.headline) < 200


def test_every_line_of_foreign_text_is_marked_in_the_text_part() -> None:
    fake = "\n\nNext\n----\n\nclient.approve_peer_request('mallory@example.org')"
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, Preview((CodeFile("main.py", fake, 9),)))

    after = mail.text[mail.text.index("[main.py]") :]
    assert "| Next\n| ----\n|\n| client.approve_peer_request('mallory@example.org')" in after
    assert "\nNext" not in after


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org, b@y.org",
        "a@x.org\nBcc: b@y.org",
        "Mr <a@x.org>",
        "a",
        "",
        "a\u202e@x.org",
        "=?utf-8?q?victim=40y.org=2C?=a@x.org",
    ],
)
def test_a_mail_goes_to_exactly_one_address_or_not_at_all(address: str) -> None:
    notification = replace(_for(Role.DO, job_event()), recipient=address)

    with pytest.raises(RejectedFault, match="email address"):
        COMPOSER.compose(notification, None, FIRST, NOW)


@pytest.mark.parametrize("event", [job_event(), peer_event()])
def test_the_owner_reads_that_no_mail_can_reach_the_scientist(event: Event) -> None:
    notification = _for(Role.DO, event)
    unreachable = replace(notification, facts=replace(event.facts, ds="josé@example.org"))

    assert "non-ASCII" in COMPOSER.compose(unreachable, None, FIRST, NOW).text
    assert "non-ASCII" not in COMPOSER.compose(notification, None, FIRST, NOW).text
    digest = replace(unreachable, members=(unreachable, notification), template="digest")
    assert COMPOSER.compose(digest, None, FIRST, NOW).text.count("non-ASCII") == 1


@pytest.mark.parametrize("address", ["first_last@example.org", "a+b@example.org", "o'neill@example.org"])
def test_unusual_addresses_are_addresses(address: str) -> None:
    assert COMPOSER.compose(replace(_for(Role.DO, job_event()), recipient=address), None, FIRST, NOW).to == address


def test_a_notification_without_a_template_is_tried_again() -> None:
    with pytest.raises(TransientFault, match="of_next_year"):
        COMPOSER.compose(replace(_for(Role.DO, job_event()), template="of_next_year"), None, FIRST, NOW)


def test_a_value_that_cannot_be_written_is_tried_again_and_does_not_end_the_poll() -> None:
    endless = 10**5000  # Python refuses to write a number this long

    with pytest.raises(TransientFault):
        job_mail(Kind.JOB_FAILED, Role.DO, return_code=endless)


# New jobs.


def test_a_new_job_shows_its_code_in_order_to_the_owner_alone() -> None:
    preview = Preview(
        (CodeFile("b.py", "secret_b()\n", 9), CodeFile("a.py", "secret_a()", 9)), ("c.bin: binary, 1 KB",)
    )
    owner = job_mail(Kind.JOB_SUBMITTED, Role.DO, preview)
    scientist = job_mail(Kind.JOB_SUBMITTED, Role.DS, preview)

    for part in (owner.text, owner.html):
        assert part.index("b.py") < part.index("secret_b()") < part.index("a.py") < part.index("secret_a()")
        assert "c.bin: binary, 1 KB" in part
        assert "KB" not in part.replace("c.bin: binary, 1 KB", "")
    assert "secret" not in scientist.text + scientist.html


def test_code_that_was_cut_says_so() -> None:
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, Preview((CodeFile("a.py", "x = 1\n", 73_500, cut=True),)))

    for part in (mail.text, mail.html):
        assert lacking(part, "74 KB") == []


def test_a_job_whose_code_was_lost_is_announced_all_the_same() -> None:
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, None)
    assert lacking(mail.text, "sales", DS, "client.jobs") == []


@pytest.mark.parametrize("text", ["&" * 200_000, "\n" * 200_000, '"' * 200_000, "x" * 200_000, "😀" * 50_000])
def test_the_most_code_there_is_stays_under_a_megabyte_whatever_it_is(text: str) -> None:
    parts = [text[start : start + len(text) // 4] for start in range(0, len(text), len(text) // 4)]
    preview = Preview(tuple(CodeFile(f"{number}.py", part, len(part)) for number, part in enumerate(parts)))
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, preview)

    assert len(mail.html.encode()) < 1_000_000
    assert len(mail.text.encode()) < 1_000_000
    assert "3.py" in mail.text


def test_a_preview_beyond_all_limits_is_cut_and_says_so() -> None:
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, Preview((CodeFile("a.py", "<" * 3_000_000, 3_000_000),)))

    assert len(mail.html.encode()) < 1_000_000
    assert lacking(mail.text, "3.0 MB") == []


def test_many_dependencies_are_counted() -> None:
    mail = job_mail(Kind.JOB_SUBMITTED, Role.DO, dependencies=tuple(f"package{n}" for n in range(1000)))

    assert "package19 and 980 more" in mail.text
    assert "package20" not in mail.text


def test_a_sender_who_is_in_doubt_is_a_warning_to_the_owner_and_no_word_to_others() -> None:
    warning = "Drive says that mallory@example.org sent this."
    owner = job_mail(Kind.JOB_SUBMITTED, Role.DO, verified=True, warning=warning)
    scientist = job_mail(Kind.JOB_SUBMITTED, Role.DS, warning=warning)

    assert warning in owner.text
    assert warning in owner.html
    assert "verified" not in owner.text
    assert "mallory" not in scientist.text + scientist.html


def test_a_sender_whom_nobody_vouches_for_is_said_before_any_command() -> None:
    notification = replace(_for(Role.DO, job_event()), facts=job_facts(verified=False))
    mail = COMPOSER.compose(notification, None, FIRST, NOW)

    for part in (mail.text, mail.html):
        assert part.index("verified") < part.index("login_do")
        assert f"{DS} (not verified)" in part


@pytest.mark.parametrize("unidentified", Unidentified)
def test_a_submission_that_cannot_be_shown_is_announced_as_what_is_known(unidentified: Unidentified) -> None:
    name = f"{unidentified.value} submission"
    facts = {
        "job": name,
        "key": "message:1",
        "unidentified": unidentified,
        "size": 5120,
        "reason": "the reason",
        "layout": None,
    }
    owner = job_mail(Kind.JOB_SUBMITTED, Role.DO, **facts)
    scientist = job_mail(Kind.JOB_SUBMITTED, Role.DS, **facts)

    assert owner.headline == titles.new_job(name, DS)
    assert scientist.headline == titles.job_submitted(name)
    for part in (owner.text, owner.html):
        assert "5 KB" in part
        assert "the reason" in part
    assert "the reason" not in scientist.text + scientist.html


# The end of a job.


def test_the_scientist_sees_the_return_code_of_a_failed_job_and_none_of_its_output() -> None:
    facts = {"return_code": 3, "stderr_tail": "KeyError: 'Alice Smith, 44'", "reason": "private reason"}
    owner = job_mail(Kind.JOB_FAILED, Role.DO, **facts)
    scientist = job_mail(Kind.JOB_FAILED, Role.DS, **facts)

    assert "KeyError: 'Alice Smith, 44'" in owner.text
    assert "Alice Smith" in owner.html
    assert "return code 3" in scientist.text
    assert "Alice" not in scientist.text + scientist.html + str(scientist.headers)
    assert "private reason" not in scientist.text + scientist.html


def test_of_a_long_error_output_the_end_is_shown() -> None:
    mail = job_mail(Kind.JOB_FAILED, Role.DO, stderr_tail="begin" + "x" * 200_000 + "the cause\n", return_code=1)

    assert "the cause" in mail.text
    assert "begin" not in mail.text
    assert len(mail.text) < 60_000


@pytest.mark.parametrize(("code", "words"), [(None, "unknown"), (-1, "too long"), (137, "return code 137")])
def test_return_codes_in_words(code: int | None, words: str) -> None:
    assert words in job_mail(Kind.JOB_FAILED, Role.DS, return_code=code).text


def test_the_reason_of_a_rejection_is_told_in_full_within_bounds() -> None:
    told = job_mail(Kind.JOB_REJECTED, Role.DS, reason="Too few rows.\nTry again.")
    endless = job_mail(Kind.JOB_REJECTED, Role.DS, reason="no " * 1_000_000)

    assert "| Too few rows.\n| Try again." in told.text
    assert "Too few rows.\nTry again." in told.html
    assert len(endless.text) < 10_000
    assert "gave none" in job_mail(Kind.JOB_REJECTED, Role.DS).text


# Time.


def test_a_mail_that_is_late_says_when_it_was_written() -> None:
    late = COMPOSER.compose(_for(Role.DO, job_event()), None, FIRST, NOW + timedelta(hours=9))
    prompt = COMPOSER.compose(_for(Role.DO, job_event()), None, FIRST, NOW + timedelta(minutes=59))

    assert "Mail written: 2026-11-23 21:00 UTC" in late.text
    assert "Mail written" not in prompt.text


def test_a_time_at_the_end_of_all_times_makes_a_mail_too() -> None:
    west = timezone(timedelta(hours=-5))
    for at in (datetime.max.replace(tzinfo=west), datetime(1, 1, 1, tzinfo=ZONE), datetime(2026, 1, 1)):  # noqa: DTZ001
        mail = job_mail(Kind.JOB_APPROVED, Role.DS, submitted_at=at)
        assert str(at.year) in mail.text


def test_an_owner_in_utc_reads_the_time_once() -> None:
    mail = Composer(UTC).compose(_for(Role.DO, job_event()), None, FIRST, NOW)

    assert mail.text.count("12:00 UTC") == 1


def test_the_zone_of_the_system_knows_summer_and_winter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        texts = [
            Composer().compose(replace(_for(Role.DO, job_event()), at=NOW.replace(month=month)), None, FIRST, NOW).text
            for month in (7, 11)
        ]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert "2026-07-23 14:00 CEST" in texts[0]
    assert "2026-11-23 13:00 CET" in texts[1]


def test_the_version_of_a_peer_is_shown_when_it_is_known() -> None:
    event = peer_event(Kind.PEER_REQUESTED, facts=PeerFacts(DO, DS, "0.10.0"))
    known = COMPOSER.compose(_for(Role.DO, event), None, FIRST, NOW)

    assert re.search(r"Client: +0\.10\.0", known.text)
    assert "Client:" not in peer_mail(Kind.PEER_REQUESTED, Role.DO).text


@pytest.mark.parametrize("char", ["a", "&", "\N{PILE OF POO}", "'"])
@pytest.mark.parametrize("role", Role)
def test_a_digest_of_the_longest_texts_is_below_200_kb_and_says_how_many_are_missing(char: str, role: Role) -> None:
    long, proven = f"{'x' * 60}@{'y' * 60}.example.org", role is Role.DS
    facts = job_facts(char * 300, ds=long, verified=proven, warning=char * 2000, reason=char * 5000)
    member = next(n for n in routed(replace(job_event(Kind.JOB_FAILED), facts=facts))[1] if n.role is role)
    made = digest([str(number) for number in range(5000)], [member] * 100)
    message = COMPOSER.compose(made, None, FIRST, NOW)
    assert len(mime(message).as_bytes()) < 200_000
    named = len(re.findall(r"^ *\d+\. ", message.text, re.MULTILINE))
    assert 5 < named <= 100
    assert f"{5000 - named:,} more" in message.text
    assert f"{5000 - named:,} more" in message.html


def test_a_digest_that_fits_names_all() -> None:
    event = job_event(Kind.JOB_REJECTED)
    members = [routed(replace(event, facts=job_facts(f"job number {n}")))[1][0] for n in range(100)]
    message = COMPOSER.compose(digest([member.id for member in members], members), None, FIRST, NOW)
    assert [n for n in range(100) if f"job number {n}" not in message.text] == []
    assert "more" not in message.text
