"""One run of the machine: a site, its Google, our program in it, and what must hold after every poll."""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.faults import Rule
from tests.machine.model import Model, facts
from tests.machine.notifier import Notifier
from tests.machine.things import Hours
from tests.machine.tracked_site import TrackedSite
from tests.machine.visibility import Visibility
from tests.worlds import GENERATIONS, ReviewGeneration

RECONCILE = timedelta(minutes=15)
OLD = "old@example.org"
# Longer than any pause after a mail that failed, and so often that all failures are over.
A_WHILE, OFTEN = timedelta(hours=2), 12


class Day(RuleBasedStateMachine):
    """Without rules: `begin` it, let things happen, `look`; its end is `teardown`."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = ExitStack()
        self.home = Path(self.ending.enter_context(tempfile.TemporaryDirectory())) / "home"
        self.patches = self.ending.enter_context(pytest.MonkeyPatch.context())
        self.hours = Hours(datetime.now(UTC).replace(microsecond=0))
        self.google = self.ending.enter_context(Sandbox(self.hours.people))
        self.visibility = Visibility(RECONCILE, self.hours.computer())
        self.model = Model()
        self.pending = 0  # mails that wait for another try

    def begin(self, release: str, *, file_gets_lost: bool, coarse_disk: bool) -> None:
        """An old peer with a finished job, which our program sees in its first look: the past."""
        self.patches.setattr("syft_notify.engine.app.utc_now", self.hours.computer)
        self.patches.setattr("syft_notify.google.session.FIRST_PAUSE_SECONDS", 0.0)
        options = {"reconcile_interval": int(RECONCILE.total_seconds())}
        generation = GENERATIONS[release]
        self.site = TrackedSite(self.google, self.home, generation, settings=options, hours=self.hours)
        if coarse_disk and isinstance(generation, ReviewGeneration):  # the others' only times are those of the disk
            self.site.grain = timedelta(seconds=2)
        # Without the file only folders say that a peer was accepted: one of the two is always there.
        self.file_gets_lost = file_gets_lost and bool(generation.reverse_folders(self.site.do, OLD))
        self.site.ask(OLD)
        self.site.accept(OLD)
        past = self.site.post("past", self.site.inboxes[0])
        self.site.sync()
        self.site.work(past, "approve")
        self.site.work(past, "finish")
        self.model.begin(facts(self.site))
        self.notifier = Notifier(self.site, self.patches)
        self.ending.callback(self.notifier.close)
        self.look()

    def happened(self) -> None:
        self.model.happened(facts(self.site))
        self.visibility.acted(self.hours.computer())

    def look_amid(self, injected: Rule) -> None:
        """One poll while Drive does not do as it should."""
        self.look(injected=injected)
        self.google.faults.remove(injected)

    def look(
        self,
        at: int = 0,
        happening: Callable[[], None] | None = None,
        *,
        during: AbstractContextManager[None] | None = None,
        injected: Rule | None = None,
        disk: bool = True,
        keeps: bool = True,
    ) -> None:
        """One poll and what it must bring; `happening` comes before its request number `at`."""
        self.site.tick()
        with during or nullcontext():
            report = self.notifier.poll(at, happening)
        undisturbed = report is not None and happening is None and keeps
        clean = undisturbed and not (injected and injected.hits)
        whole = self.visibility.looked(self.hours.computer(), clean=clean, kept=report is not None and keeps)
        if happening is not None:
            self.visibility.acted(self.hours.computer())
        self.model.look(facts(self.site, disk=disk), whole=whole, disk=undisturbed)
        self._compare()
        if report is not None:
            assert report.dead == 0
            assert not [problem for problem in report.problems if re.search(r"\([A-Z]\w*Error\)", problem)]
            assert self.google.crashes == []
            self.pending = report.pending
            if self.pending == 0 and keeps:
                self._nothing_is_missing()

    def _compare(self) -> None:
        """No mail came twice, and none without a reason: nobody is written to who has no part in it."""
        mails = self.notifier.mails()
        twice = [mail_id for mail_id, count in Counter(mail_id for mail_id, _ in mails).items() if count > 1]
        assert not twice, [told for mail_id, told in mails if mail_id in twice]
        unfounded = self.model.unfounded(told for _, told in mails)
        assert not unfounded, f"told without reason: {unfounded}"

    def _nothing_is_missing(self) -> None:
        missing = self.model.missing(told for _, told in self.notifier.mails())
        assert not missing, f"never told: {missing}"

    def teardown(self) -> None:
        with self.ending:
            if sys.exc_info()[0] is None:  # else a rule failed, or was given up
                self._all_faults_end()

    def _all_faults_end(self) -> None:
        """But for the feed, which may keep its silence."""
        self.google.faults.clear()
        self.site.wait(RECONCILE)
        self.look()
        for _ in range(OFTEN):
            if self.pending:
                self.site.wait(A_WHILE)
                self.look()
        assert self.pending == 0
        self._nothing_is_missing()
