"""Every kind of request with every kind of fault: once the fault is over, each event was mailed exactly once.

Where Google carried out a send and its answer was lost, a second copy may come: with the same id, and marked ambiguous.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.sandbox import Trouble
from syft_notify.sandbox.faults import UNANSWERED
from tests.conftest import Clock
from tests.faults.records import ambiguous_ids, records
from tests.stories.site import Told, Village, decided, requested, submitted, told_by
from tests.worlds import python_job

EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)
REQUESTS = (
    "oauth.token",
    "drive.about.get",
    "drive.changes.getStartPageToken",
    "drive.files.list",
    "drive.batch",
    "drive.files.media",
    "gmail.messages.send",
)
FAULTS = {
    "500": (Trouble.INTERNAL, 0),
    "502 html": (Trouble.BAD_GATEWAY, 0),
    "503": (Trouble.UNAVAILABLE, 0),
    "429": (Trouble.TOO_MANY_REQUESTS, 0),
    "429 retry after": (Trouble.TOO_MANY_REQUESTS, 600),
    "403 rate": (Trouble.USER_RATE_LIMIT, 0),
    "403 permission": (Trouble.INSUFFICIENT_PERMISSIONS, 0),
    "403 quota in details": (Trouble.QUOTA_IN_DETAILS, 0),
    "400 no mailbox": (Trouble.NO_MAILBOX, 0),
    "401": (Trouble.UNAUTHORIZED, 0),
    "400 html": (Trouble.PAGE_400, 0),
    "401 html": (Trouble.PAGE_401, 0),
    "403 html": (Trouble.PAGE_403, 0),
    "404 html": (Trouble.PAGE_404, 0),
    "reset": (Trouble.RESET, 0),
    "stall": (Trouble.STALL, 0),
    "accepted, then reset": (Trouble.LOST, 0),
    "accepted, then 500": (Trouble.LATE_ERROR, 0),
    "truncated": (Trouble.TRUNCATED, 0),
    "wrong JSON": (Trouble.WRONG_JSON, 0),
    "no JSON": (Trouble.NOT_JSON, 0),
}
DOUBTFUL = {Trouble.LOST, Trouble.LATE_ERROR, Trouble.TRUNCATED, Trouble.WRONG_JSON, Trouble.NOT_JSON}
# What may also be an answer to a mail that was carried out: nobody knows, so the mail goes again.
UNKNOWN = DOUBTFUL | {Trouble.INTERNAL, Trouble.BAD_GATEWAY, Trouble.UNAVAILABLE, Trouble.RESET, Trouble.STALL}


@dataclass
class Arrivals:
    """The mails so far."""

    ids: dict[Told, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, village: Village) -> None:
        for person, mail in village.arrived():
            self.ids[told_by(person, mail)].append(mail.header("X-Syft-Event-Id"))
        village.new_mails()


def poll(village: Village, arrivals: Arrivals) -> None:
    """One poll with stale tokens, so that each asks for new ones."""
    for name in ("token_do.json", "gmail_token.json"):
        (village.home / name).write_text(village.google.token_file(village.do, expiry=EXPIRED))
    village.run_once()
    arrivals.take(village)


CASES = [
    (kind, fault)
    for kind in REQUESTS
    for fault, (trouble, _) in FAULTS.items()
    # Listings come in batches: a connection breaks for the whole batch.
    if not (kind == "drive.files.list" and trouble in UNANSWERED)
]


@pytest.mark.parametrize(("request_kind", "fault"), CASES)
def test_after_the_fault_every_event_was_mailed(village: Village, clock: Clock, request_kind: str, fault: str) -> None:
    trouble, retry_after = FAULTS[fault]
    arrivals = Arrivals()
    village.ask("new@example.org")
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    poll(village, arrivals)
    job = village.submit(python_job("sales"))
    rule = village.google.faults.add(trouble, request_kind, times=2, retry_after=retry_after, seconds=0.2)
    for _ in range(2):
        poll(village, arrivals)
        clock.ahead += timedelta(hours=1)
    assert rule.hits
    village.google.faults.clear()
    village.sync()
    village.generation.approve(village.root, job, village.tick())
    for _ in range(2):
        poll(village, arrivals)
        clock.ahead += timedelta(hours=2)
    told = requested("new@example.org") + submitted("sales") + decided("approved", "sales")
    assert sorted(arrivals.ids) == sorted(told)
    twice = {told: ids for told, ids in arrivals.ids.items() if len(ids) > 1}
    if request_kind != "gmail.messages.send" or trouble not in DOUBTFUL:
        assert twice == {}
    assert all(len(set(ids)) == 1 for ids in twice.values())
    ambiguous = ambiguous_ids(village.home)
    assert all(len(marks) == 1 for marks in records(village.home).values())
    assert {ids[0] for ids in twice.values()} <= ambiguous
    if trouble not in UNKNOWN or request_kind != "gmail.messages.send":
        assert ambiguous == set()
    assert village.report is not None
    assert village.report.healthy
