"""Whatever happens in whatever order, and whatever the change feed keeps to itself: everything is told, and once.

People, Drive, the disk and our program's fault are driven at random. After every poll the mails are compared with a
model; at the end all faults end, and nothing may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from syft_notify.sandbox import Injected
from tests.machine.day import RECONCILE, Day
from tests.machine.notifier import Death
from tests.machine.things import Folder
from tests.machine.tracked_site import PEERS_FILE

NEW, ODD = "new@example.org", "first_last+tag@example.org"
# More of a kind in one poll would become a digest, which other tests look at.
MOST_AT_ONCE = 10
RELEASES = ["syft-rds-0.6.1", "0.1.117", "0.1.109", "0.1.105", "0.1.97"]
# What one poll asks of Drive, and how often at most; and so often it fails: a read is tried four times in place.
DRIVE_KINDS = {"drive.*": 9, "drive.files.list": 9, "drive.files.media": 2, "drive.changes.*": 2}
failures = st.sampled_from([4, 1, 8, 30])
GAPS = {"incompleteSearch": True, "files": []}

# Stands for one of things of which there are never more.
some = st.integers(0, 11)
news = st.tuples(st.sampled_from(["submit", "submit", "sync", "work", "answer", "lose"]), some)
names = st.sampled_from(["sales", "costs"])
problems = st.sampled_from([Injected.UNAVAILABLE, Injected.TOO_MANY_REQUESTS, Injected.RESET])
Choice = TypeVar("Choice")
News = tuple[str, int]


def chosen(things: Sequence[Choice], number: int) -> Choice:
    """The thing that a number stands for."""
    return things[number % len(things)]


class Detection(Day):
    """The rules: all that may happen."""

    @initialize(
        release=st.sampled_from(RELEASES),
        file_gets_lost=st.booleans(),
        feed_speaks=st.booleans(),
        coarse_disk=st.booleans(),
    )
    def a_settled_site(self, release: str, file_gets_lost: bool, feed_speaks: bool, coarse_disk: bool) -> None:
        self.begin(release, file_gets_lost=file_gets_lost, coarse_disk=coarse_disk)
        if not feed_speaks:
            self.feed_falls_silent()

    # Peers.

    @rule(ds=st.sampled_from([NEW, ODD]))
    def ask(self, ds: str) -> None:
        """Who asked already asks with another version of the client, which makes one more inbox."""
        if any(folder.ds == ds and folder.lost != "deleted" for folder in self.site.inboxes):
            self.site.ask_with_another_version(ds)
        else:
            self.site.ask(ds)
        self.happened()

    @precondition(lambda self: self._undecided())
    @rule(number=some, accepts=st.booleans())
    def answer(self, number: int, accepts: bool) -> None:
        ds = chosen(self._undecided(), number)
        if accepts:
            self.site.accept(ds)
        else:
            self.site.decide(ds, "rejected")
        self.happened()

    def _undecided(self) -> list[str]:
        return sorted({folder.ds for folder in self.site.inboxes if not folder.lost} - self.site.accepted)

    @precondition(lambda self: self.file_gets_lost and self.site.in_file)
    @rule(way=st.sampled_from(["emptied", "deleted", "replaced"]))
    def lose_peers_file(self, way: str) -> None:
        self.site.lose_peers_file(way)
        self.happened()

    # Jobs.

    @rule(number=some, name=names)
    def submit(self, number: int, name: str) -> None:
        places = [folder for folder in self._writable() if not self.site.has_live(folder.ds, name)]
        if places:
            self._post(name, chosen(places, number))

    def _post(self, name: str, inbox: Folder) -> None:
        live = [sub for sub in self.site.submissions if not sub.deleted]
        unsettled = [sub for sub in self.site.submissions if sub.key not in self.model.must]
        if max(len(live), len(unsettled)) < MOST_AT_ONCE:
            self.site.post(name, inbox)
            self.happened()

    def _writable(self) -> list[Folder]:
        return [folder for folder in self.site.inboxes if folder.lost not in ("trashed", "deleted")]

    @rule()
    def sync(self) -> None:
        self.site.sync()
        self.happened()

    @rule(number=some, name=names, steps=st.lists(some, max_size=3))
    def submit_to_a_quick_owner(self, number: int, name: str, steps: list[int]) -> None:
        """The owner's client has the job, and the owner may be done with it, before we look."""
        self.submit(number, name)
        self.sync()
        if self.site.on_disk():
            self.work(0, steps)

    @precondition(lambda self: self.site.on_disk())
    @rule(number=some, steps=st.lists(some, min_size=1, max_size=3))
    def work(self, number: int, steps: list[int]) -> None:
        """The owner goes on with a job; the latest one is number 0."""
        sub = chosen(self.site.on_disk()[::-1], number)
        for step in steps:
            self.site.work(sub, chosen(self.site.steps(sub), step))
            self.happened()

    @precondition(lambda self: self.site.on_disk())
    @rule(number=some, again=st.booleans())
    def delete_job(self, number: int, again: bool) -> None:
        """The owner deletes a job, whose scientist may submit it again under the same name."""
        sub = chosen(self.site.on_disk(), number)
        self.site.delete_job(sub)
        self.happened()
        inboxes = [folder for folder in self._writable() if folder.ds == sub.job.ds]
        if again and inboxes:
            self._post(sub.job.name, inboxes[0])

    # Things that go out of sight.

    @rule(number=some, way=some)
    def lose(self, number: int, way: int) -> None:
        things = [thing for thing in self.site.things() if not (self.file_gets_lost and thing in self.site.inboxes)]
        if things:
            thing = chosen(things, number)
            ways = ["trashed", "renamed", *(["unshared"] if thing in self.site.inboxes else [])]
            self.site.lose(thing, chosen([*ways, *ways, "deleted"], way))
            self.happened()

    @precondition(lambda self: self.site.recoverable())
    @rule(number=some)
    def bring_back(self, number: int) -> None:
        self.site.bring_back(chosen(self.site.recoverable(), number))
        self.happened()

    # The feed, the services, the clock, the process.

    @rule()
    def feed_falls_silent(self) -> None:
        self.google.drive.hide_from_changes()
        self.visibility.silent = True

    @rule(number=some)
    def feed_hides(self, number: int) -> None:
        hidden = [thing.id for thing in self.site.things()] + self.google.drive.find(PEERS_FILE, self.site.do)
        if hidden:
            self.google.drive.hide_from_changes(chosen(hidden, number))
            self.visibility.silent = True

    @precondition(lambda self: self.visibility.silent)
    @rule()
    def feed_speaks_again(self) -> None:
        self.google.drive.show_changes()
        self.visibility.silent = False

    @rule(status=st.sampled_from([400, 410]))
    def page_token_expires(self, status: int) -> None:
        self.google.drive.expire_change_tokens(status)
        self.visibility.expired = True

    @rule(injected=problems, times=st.integers(1, 6))
    def gmail_will_fail(self, injected: Injected, times: int) -> None:
        self.google.faults.add(injected, "gmail.messages.send", times=times)

    @rule(behind=st.sampled_from([timedelta(), timedelta(hours=1), timedelta(days=1)]))
    def clock_is_set(self, behind: timedelta) -> None:
        self.hours.behind = behind
        self.visibility.clock_was_set(self.hours.computer())

    @rule(hours=st.sampled_from([1, 25]))
    def time_passes(self, hours: int) -> None:
        self.site.wait(timedelta(hours=hours))

    @rule()
    def restart(self) -> None:
        self.notifier.restart()
        self.visibility.restarted()

    # Our program looks.

    @rule()
    def poll(self) -> None:
        self.look()

    @rule()
    def poll_when_reconcile_is_due(self) -> None:
        self.site.wait(RECONCILE)
        self.look()

    @rule(fault=st.sampled_from(["it dies", "its disk is full", "the SyftBox folder is away"]), request=some, news=news)
    def poll_with_a_fault(self, fault: str, request: int, news: News) -> None:
        self._act(news)
        if fault == "it dies":
            self.look(request + 1, _die)
            self.visibility.restarted()
        elif fault == "its disk is full":
            self.look(during=self.notifier.full_disk(), keeps=False)
        else:
            self.look(during=self.notifier.unmounted(), disk=False)

    @rule(kind=st.sampled_from(sorted(DRIVE_KINDS)), injected=problems, skip=some, times=failures, news=news)
    def poll_while_drive_fails(self, kind: str, injected: Injected, skip: int, times: int, news: News) -> None:
        self._act(news)
        self.look_amid(self.google.faults.add(injected, kind, skip=skip % DRIVE_KINDS[kind], times=times))

    @rule(skip=some, times=st.integers(1, 3), news=news)
    def poll_while_listings_have_gaps(self, skip: int, times: int, news: News) -> None:
        kind = "drive.files.list"
        self._act(news)
        self.look_amid(self.google.faults.add(Injected.ALTERED, kind, skip=skip, times=times, changes=GAPS))

    @rule(request=st.integers(1, 8), news=news)
    def poll_while_something_happens(self, request: int, news: News) -> None:
        self.look(request, lambda: self._act(news))

    def _act(self, news: News) -> None:
        """Something happens: faults say little when there is nothing new to see."""
        act, number = news
        if act == "submit":
            self.submit(number, "sales" if number % 2 else "costs")
        elif act == "sync":
            self.sync()
        elif act == "work" and self.site.on_disk():
            self.work(0, [number])
        elif act == "answer" and self._undecided():
            self.answer(0, number < 8)
        elif act == "lose":
            self.lose(number, number)


def _die() -> None:
    raise Death


TestDetection = Detection.TestCase
# A run is long and costs as much as many examples of other tests; the quick ones are the same each time.
TestDetection.settings = settings(
    max_examples=settings.default.max_examples // 16,
    stateful_step_count=80,
    derandomize=settings.default.max_examples <= 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
