"""Many peers, many messages: every one is seen, none twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.facts import lacking
from tests.stories.site import DO, Village, submitted
from tests.worlds import bash_job


@pytest.mark.parametrize("count", [150, 1200])
def test_every_peer_is_asked_about_once(village: Village, count):
    peers = [f"ds{number}@example.org" for number in range(count)]
    for peer in peers:
        village.ask(peer)
    assert village.poll(dry_run=True) == []
    asked = Counter(event.facts.ds for event, _ in village.narrator.events)
    assert asked == dict.fromkeys(peers, 1)
    drafted = Counter(message.to for message in village.narrator.drafts)
    assert drafted == {DO: 1, **dict.fromkeys(peers, 1)}
    (digest,) = (message for message in village.narrator.drafts if message.to == DO)
    assert lacking(digest.headline, count) == []
    assert all(f" {peer}\n" in digest.text for peer in peers)


def test_every_message_in_a_full_folder_is_seen_once(found):
    village: Village = found(settings={"notify_on_new_job": False})
    village.ask("ds@example.org")
    village.accept("ds@example.org")
    village.poll()
    names = [f"job {number}" for number in range(150)]
    for name in names:
        village.submit(bash_job(name))
    seen = Counter()
    for share in (100, 50):
        assert village.poll() == []
        assert len(village.narrator.events) == share
        seen.update(event.facts.job for event, _ in village.narrator.events)
    assert seen == dict.fromkeys(names, 1)
    village.sync()
    assert village.poll() == []
    assert village.narrator.events == []


def test_jobs_of_peers_beyond_every_page_are_told(village: Village):
    village.poll()
    peers = [f"ds{number}@example.org" for number in range(1200)]
    for peer in peers:
        village.ask(peer)
        village.states[peer] = "accepted"
    village.decide(peers[0], "accepted")
    village.poll(jobs=False, dry_run=True)
    for peer in (peers[0], peers[599], peers[1199]):
        village.submit(bash_job(f"of {peer}"), peer)
    assert village.poll(peers=False) == sorted(
        mail for peer in (peers[0], peers[599], peers[1199]) for mail in submitted(f"of {peer}", peer)
    )
    assert village.poll(peers=False) == []
    assert village.report.sent == 0
    assert village.google.mailbox(DO).received
