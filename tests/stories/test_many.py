"""Many peers, many messages: every one is seen, none twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.facts import lacking
from tests.stories.site import DO, Site, submitted
from tests.worlds import bash_job


@pytest.mark.parametrize("count", [150, 1200])
def test_every_peer_is_asked_about_once(site: Site, count):
    peers = [f"ds{number}@example.org" for number in range(count)]
    for peer in peers:
        site.ask(peer)
    assert site.poll(dry_run=True) == []
    asked = Counter(event.facts.ds for event, _ in site.reporter.events)
    assert asked == dict.fromkeys(peers, 1)
    drafted = Counter(message.to for message in site.reporter.drafts)
    assert drafted == {DO: 1, **dict.fromkeys(peers, 1)}
    (digest,) = (message for message in site.reporter.drafts if message.to == DO)
    assert lacking(digest.headline, f"{count:,}") == []
    named = [peer for peer in peers if f" {peer}\n" in digest.text]
    assert len(named) == 100
    assert lacking(digest.text, f"{count - len(named):,} more") == []


def test_every_message_in_a_full_folder_is_seen_once(found):
    site: Site = found(settings={"notify_on_new_job": False})
    site.ask("ds@example.org")
    site.accept("ds@example.org")
    site.poll()
    names = [f"job {number}" for number in range(150)]
    for name in names:
        site.submit(bash_job(name))
    seen = Counter()
    for share in (100, 50):
        assert site.poll() == []
        assert len(site.reporter.events) == share
        seen.update(event.facts.job for event, _ in site.reporter.events)
    assert seen == dict.fromkeys(names, 1)
    site.sync()
    assert site.poll() == []
    assert site.reporter.events == []


def test_jobs_of_peers_beyond_every_page_are_told(site: Site):
    site.poll()
    peers = [f"ds{number}@example.org" for number in range(1200)]
    for peer in peers:
        site.ask(peer)
        site.states[peer] = "accepted"
    site.decide(peers[0], "accepted")
    site.poll(jobs=False, dry_run=True)
    for peer in (peers[0], peers[599], peers[1199]):
        site.submit(bash_job(f"of {peer}"), peer)
    assert site.poll(peers=False) == sorted(
        mail for peer in (peers[0], peers[599], peers[1199]) for mail in submitted(f"of {peer}", peer)
    )
    assert site.poll(peers=False) == []
    assert site.report.sent == 0
    assert site.google.mailbox(DO).received
