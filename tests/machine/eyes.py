"""Says of each poll whether it can have missed anything: the promise of the reconcile, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Eyes:
    """What clouds the sight of our program.

    `fresh`: it started and had no whole look yet, so it owes one. `silent`: the feed hides something now. `blind`: it
    hid something while we looked, perhaps for ever. `expired`: it will refuse our page token once.
    """

    interval: timedelta
    last_act: datetime
    fresh: bool = True
    silent: bool = False
    blind: bool = False
    expired: bool = False

    def acted(self, now: datetime) -> None:
        """Somebody did something."""
        self.last_act = now

    def clock_was_set(self, now: datetime) -> None:
        """A clock that goes back must not put off the next reconcile by more than the interval."""
        self.last_act = min(self.last_act, now)

    def restarted(self) -> None:
        """A new process begins with a reconcile."""
        self.fresh = True

    def looked(self, now: datetime, *, clean: bool, kept: bool) -> bool:
        """After a poll: whether it cannot have missed anything. `clean` if nothing failed or happened meanwhile.

        A first look is over once what it saw was `kept`: of what failed in it the next one looks at no more than that.
        """
        reconciled = self.fresh or now >= self.last_act + self.interval
        whole = clean and (reconciled or not (self.silent or self.blind or self.expired))
        if whole:
            self.fresh = self.blind = False
        else:
            self.blind = self.blind or self.silent
            self.fresh = self.fresh and not kept
        if clean:
            self.expired = False
        return whole
