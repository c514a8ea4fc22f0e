"""Every kind of request with every kind of fault: once the fault is over, each event was mailed exactly once.

Where Google carried out a send and its answer was lost, a second copy may come: with the same id, and marked ambiguous.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from syft_notify.sandbox import Injected
from syft_notify.sandbox.faults import UNANSWERED
from tests.conftest import Clock
from tests.records import ambiguous_ids, records
from tests.stories.site import Site, Told, decided, requested, submitted, told_by
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
    "500": (Injected.INTERNAL, 0),
    "502 html": (Injected.BAD_GATEWAY, 0),
    "503": (Injected.UNAVAILABLE, 0),
    "429": (Injected.TOO_MANY_REQUESTS, 0),
    "429 retry after": (Injected.TOO_MANY_REQUESTS, 600),
    "403 rate": (Injected.USER_RATE_LIMIT, 0),
    "403 permission": (Injected.INSUFFICIENT_PERMISSIONS, 0),
    "403 quota in details": (Injected.QUOTA_IN_DETAILS, 0),
    "400 no mailbox": (Injected.NO_MAILBOX, 0),
    "401": (Injected.UNAUTHORIZED, 0),
    "400 html": (Injected.PAGE_400, 0),
    "401 html": (Injected.PAGE_401, 0),
    "403 html": (Injected.PAGE_403, 0),
    "404 html": (Injected.PAGE_404, 0),
    "reset": (Injected.RESET, 0),
    "stall": (Injected.STALL, 0),
    "accepted, then reset": (Injected.LOST, 0),
    "accepted, then 500": (Injected.LATE_ERROR, 0),
    "truncated": (Injected.TRUNCATED, 0),
    "wrong JSON": (Injected.WRONG_JSON, 0),
    "no JSON": (Injected.NOT_JSON, 0),
}
DOUBTFUL = {Injected.LOST, Injected.LATE_ERROR, Injected.TRUNCATED, Injected.WRONG_JSON, Injected.NOT_JSON}
# What may also be an answer to a mail that was carried out: nobody knows, so the mail goes again.
UNKNOWN = DOUBTFUL | {Injected.INTERNAL, Injected.BAD_GATEWAY, Injected.UNAVAILABLE, Injected.RESET, Injected.STALL}


@dataclass
class Arrivals:
    """The mails so far."""

    ids: dict[Told, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, site: Site) -> None:
        for person, mail in site.arrived():
            self.ids[told_by(person, mail)].append(mail.header("X-Syft-Event-Id"))
        site.new_mails()


def poll(site: Site, arrivals: Arrivals) -> None:
    """One poll with stale tokens, so that each asks for new ones."""
    for name in ("token_do.json", "gmail_token.json"):
        (site.home / name).write_text(site.google.token_file(site.do, expiry=EXPIRED))
    site.run_once()
    arrivals.take(site)


CASES = [
    (kind, fault)
    for kind in REQUESTS
    for fault, (injected, _) in FAULTS.items()
    # Listings come in batches: a connection breaks for the whole batch.
    if not (kind == "drive.files.list" and injected in UNANSWERED)
]


@pytest.mark.parametrize(("request_kind", "fault"), CASES)
def test_after_the_fault_every_event_was_mailed(site: Site, clock: Clock, request_kind: str, fault: str) -> None:
    injected, retry_after = FAULTS[fault]
    arrivals = Arrivals()
    site.ask("new@example.org")
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    poll(site, arrivals)
    job = site.submit(python_job("sales"))
    rule = site.google.faults.add(injected, request_kind, times=2, retry_after=retry_after, seconds=0.2)
    for _ in range(2):
        poll(site, arrivals)
        clock.ahead += timedelta(hours=1)
    assert rule.hits
    site.google.faults.clear()
    site.sync()
    site.generation.approve(site.root, job, site.tick())
    for _ in range(2):
        poll(site, arrivals)
        clock.ahead += timedelta(hours=2)
    told = requested("new@example.org") + submitted("sales") + decided("approved", "sales")
    assert sorted(arrivals.ids) == sorted(told)
    twice = {told: ids for told, ids in arrivals.ids.items() if len(ids) > 1}
    if request_kind != "gmail.messages.send" or injected not in DOUBTFUL:
        assert twice == {}
    assert all(len(set(ids)) == 1 for ids in twice.values())
    ambiguous = ambiguous_ids(site.home)
    assert all(len(marks) == 1 for marks in records(site.home).values())
    assert {ids[0] for ids in twice.values()} <= ambiguous
    if injected not in UNKNOWN or request_kind != "gmail.messages.send":
        assert ambiguous == set()
    assert site.report is not None
    assert site.report.healthy
