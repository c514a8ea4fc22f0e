"""What the templates of a mail may show: facts from outside, made safe, counted and cut. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from string import printable
from typing import Any
from urllib.parse import quote

from syft_notify.domain.addresses import why_unreachable
from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.digest import title
from syft_notify.domain.jobs import Preview
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import JobFacts, PeerFacts, Role
from syft_notify.domain.notifications import Notification
from syft_notify.domain.text import plain, plain_lines
from syft_notify.mail.next_steps import next_steps
from syft_notify.syftbox.preview import size_in_words

NAME_LIMIT = 120
REASON_LIMIT = 4_000
STDERR_LIMIT = 50_000
LISTED = 20  # dependencies; those beyond are counted, not named
CODE_BUDGET = 800_000  # bytes of the escaped code, so that a whole part stays under a megabyte
# Bytes of the items of a digest in both parts, as quoted-printable; with the rest that is below 200 KB.
DIGEST_BYTES = 170_000
_ITEM_MARKUP = 900
LATE = timedelta(hours=1)
Reaches = Callable[[str], str]


@dataclass(frozen=True)
class ShownFile:
    """A file of the submitted code, ready to be shown; `note` says what of it is missing."""

    path: str
    text: str
    note: str


def contents(
    notification: Notification,
    preview: Preview | None,
    now: datetime,
    zone: tzinfo | None,
    reaches: Reaches = why_unreachable,
) -> dict[str, Any]:
    """What the templates may show: nothing of it can hurt a text part, and autoescape guards the HTML."""
    facts = notification.facts
    context: dict[str, Any] = {
        "to_owner": notification.role is Role.DO,
        "do": plain(facts.do, NAME_LIMIT),
        "ds": plain(facts.ds, NAME_LIMIT) or "an unknown sender",
        "accent": CATALOGUE[notification.kind].accent,
        "steps": next_steps(notification),
        "rows": [*_who_and_what(notification, reaches), *_times(notification, now, zone)],
    }
    if notification.members:
        context |= _digest_contents(notification, zone, reaches)
        return context
    if notification.role is Role.DO:
        context["verified"] = facts.verified
    if isinstance(facts, JobFacts):
        context |= _job_contents(facts, notification.kind)
        if notification.role is Role.DO:
            context |= _for_the_owner_alone(facts, preview)
    return context


def _digest_contents(digest: Notification, zone: tzinfo | None, reaches: Reaches) -> dict[str, Any]:
    items = [_item(part, reaches) for part in digest.members]
    shown = _fitting(items)
    owner = digest.role is Role.DO
    other = [] if owner else [("Data owner", [plain(digest.facts.do)])]
    return {
        "title": title(digest),
        "asks": owner and digest.kind is Kind.JOB_SUBMITTED,
        "rows": [*other, ("When", _moment(digest.at, zone, "" if owner else " (owner)"))],
        "items": shown,
        "more": len(items) - len(shown) + digest.more,
    }


def _fitting(items: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """The first of the items of a digest, as many as fit into a mail of 200 KB in both of its parts."""
    room = DIGEST_BYTES
    for count, item in enumerate(items):
        room -= _ITEM_MARKUP + 2 * sum(len(quote(escape(text), printable)) for text in item.values())
        if room < 0:
            return items[:count]
    return items


def _times(notification: Notification, now: datetime, zone: tzinfo | None) -> list[tuple[str, list[str]]]:
    """When it happened and, if the mail is late, when it was written; a job's own time is the DS's claim."""
    owner = "" if notification.role is Role.DO else " (owner)"
    rows = [("When", _moment(notification.at, zone, owner))]
    submitted = notification.facts.submitted_at if isinstance(notification.facts, JobFacts) else None
    if submitted and notification.kind is not Kind.JOB_SUBMITTED:
        rows.append(("Submitted", _moment(submitted, zone, owner)))
    if now - notification.at >= LATE:
        rows.append(("Mail written", _moment(now, zone, owner)))
    return rows


def _moment(at: datetime, zone: tzinfo | None, whose: str) -> list[str]:
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    try:
        utc, local = (f"{aware.astimezone(each):%Y-%m-%d %H:%M %Z}" for each in (UTC, zone))
    except OverflowError:  # the first or the last day that there is, as a job may claim
        return [aware.isoformat()]
    return [utc] if local == utc else [utc, local + whose]


def _item(part: Notification, reaches: Reaches) -> dict[str, str]:
    """One event of a digest: its name, who and when, and what else the recipient must know of it."""
    facts, owner = part.facts, part.role is Role.DO
    at = part.at if part.at.tzinfo else part.at.replace(tzinfo=UTC)
    item = {"when": f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", "who": "", "doubt": "", "note": ""}
    if isinstance(facts, PeerFacts):
        return item | {"name": plain(facts.ds if owner else facts.do, NAME_LIMIT), "doubt": _untold(part, reaches)}
    if owner:
        unverified = "" if facts.verified else "The sender could not be verified."
        doubts = (unverified, plain(facts.warning, 400), _untold(part, reaches))
        item |= {"who": _scientist(facts), "doubt": _sentences(*doubts)}
    code = f"Return code {_return_code(facts.return_code)}." if part.kind is Kind.JOB_FAILED else ""
    reason = plain(facts.reason, 400) if owner or part.kind is Kind.JOB_REJECTED else ""
    return item | {"name": plain(facts.job, NAME_LIMIT) or "a job without a name", "note": _sentences(code, reason)}


def _sentences(*given: str) -> str:
    return " ".join(filter(None, given))


def _job_contents(facts: JobFacts, kind: Kind) -> dict[str, Any]:
    return {
        "job": plain(facts.job, NAME_LIMIT) or "a job without a name",
        "unidentified": facts.unidentified.value if facts.unidentified else "",
        "return_code": _return_code(facts.return_code),
        "reason": _beginning(facts.reason, REASON_LIMIT) if kind is Kind.JOB_REJECTED else "",
    }


def _for_the_owner_alone(facts: JobFacts, preview: Preview | None) -> dict[str, Any]:
    """No template of a scientist's mail has these, so none, whoever wrote it, can tell what is private."""
    return {
        "warning": plain(facts.warning, 1000),
        "reason": _beginning(facts.reason, REASON_LIMIT),
        "stderr": _end(facts.stderr_tail, STDERR_LIMIT),
        "files": _shown(preview),
        "left_out": [plain(reason, 400) for reason in _left_out(preview)],
    }


def _who_and_what(notification: Notification, reaches: Reaches) -> list[tuple[str, list[str]]]:
    """What it is about and the other side, as rows of a table; the code is described when the job is new."""
    facts = notification.facts
    other = ("Scientist", _scientist(facts)) if notification.role is Role.DO else ("Data owner", plain(facts.do))
    if isinstance(facts, PeerFacts):
        rows = [other, ("Client", plain(facts.version, 40))]
    else:
        job = ("Job", "" if facts.unidentified else plain(facts.job, 300))
        rows = [job, other, *_details(facts, notification.kind)]
    rows.append(("Not told", _untold(notification, reaches)))
    return [(label, [value]) for label, value in rows if value]


def _untold(notification: Notification, reaches: Reaches) -> str:
    """That no mail can go to the scientist, for the owner, who can reach them in another way."""
    ds = notification.facts.ds
    if notification.role is not Role.DO or not ds or not (problem := reaches(ds)):
        return ""
    return f"{plain(ds)} {problem}. Tell them yourself."


def _scientist(facts: JobFacts | PeerFacts) -> str:
    return (plain(facts.ds) or "unknown") + ("" if facts.verified else " (not verified)")


def _details(facts: JobFacts, kind: Kind) -> list[tuple[str, str]]:
    if kind in (Kind.JOB_SUBMITTED, Kind.JOB_CHANGED):
        return [
            ("Type", plain(facts.code_type, 40)),
            ("Entry point", plain(facts.entry_point)),
            ("Depends on", _listing(facts.dependencies)),
            ("Files", f"{facts.file_count:,}" if facts.file_count else ""),
            ("Size", "" if facts.size is None else size_in_words(facts.size)),
        ]
    if kind in (Kind.JOB_EXECUTED, Kind.JOB_FAILED) and facts.return_code is not None:
        return [("Return code", _return_code(facts.return_code))]
    return []


def _listing(names: tuple[str, ...]) -> str:
    named = ", ".join(plain(name, 80) for name in names[:LISTED])
    return named if len(names) <= LISTED else f"{named} and {len(names) - LISTED} more"


def _return_code(code: int | None) -> str:
    """-1 is what the client's runner writes when it stopped a job that ran too long."""
    if code is None:
        return "unknown"
    return "-1 (stopped: it ran too long)" if code == -1 else str(code)


def _beginning(text: str, limit: int) -> str:
    shown = plain_lines(text[:limit]).strip()
    return shown if len(text) <= limit else f"{shown} …"


def _end(text: str, limit: int) -> str:
    shown = plain_lines(text[-limit:]).rstrip()
    return shown if len(text) <= limit else f"… {shown}"


def _shown(preview: Preview | None) -> list[ShownFile]:
    """The files in order while they fit; of one that does not fit, its beginning."""
    shown, room = [], CODE_BUDGET
    for file in preview.files if preview else ():
        text, cut = plain_lines(file.text[:room]), file.cut or len(file.text) > room
        if (cost := _cost(text)) > room:
            text, cut = text[: room // 5], True  # the longest escape of one character has five
        room -= min(cost, room)
        note = f"Only the beginning; the whole file has {size_in_words(file.size)}." if cut else ""
        shown.append(ShownFile(plain(file.path), text.removesuffix("\n"), note))
    return shown


def _cost(text: str) -> int:
    """Bytes of the text in the part where it takes most: each line has a mark before it in the text part."""
    return max(len(escape(text).encode()), len(text.encode()) + 2 * text.count("\n"))


def _left_out(preview: Preview | None) -> tuple[str, ...]:
    return preview.left_out if preview else ()
