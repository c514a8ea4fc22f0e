"""Says of each poll whether it can have missed anything: the promise of the reconcile, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Visibility:
    """What clouds the sight of our program.

    `fresh`: it started and owes a look at everything. `tried`: it had that look, perhaps amid faults. `silent`: the
    feed hides something now. `blind`: it hid something while we looked, perhaps for ever. `expired`: it will refuse our
    page token once.
    """

    interval: timedelta
    last_act: datetime
    fresh: bool = True
    tried: bool = False
    silent: bool = False
    blind: bool = False
    expired: bool = False

    def acted(self, now: datetime) -> None:
        """Somebody did something. What comes after a look at everything need not be found before the next one."""
        self.last_act = now
        self.fresh = self.fresh and not self.tried

    def clock_was_set(self, now: datetime) -> None:
        """A clock that goes back must not put off the next reconcile by more than the interval."""
        self.last_act = min(self.last_act, now)

    def restarted(self) -> None:
        """A new process begins with a reconcile."""
        self.fresh, self.tried = True, False

    def looked(self, now: datetime, *, clean: bool, kept: bool) -> bool:
        """After a poll: whether it cannot have missed anything. `clean` if nothing failed or happened meanwhile.

        `kept` if what it saw is on disk: if not, it owes a look at everything again.
        """
        reconciled = self.fresh or now >= self.last_act + self.interval
        whole = clean and (reconciled or not (self.silent or self.blind or self.expired))
        if whole:
            self.fresh = self.blind = False
        elif self.silent:
            self.blind = True
        self.tried = self.tried or kept
        self.expired = self.expired and not clean
        return whole
